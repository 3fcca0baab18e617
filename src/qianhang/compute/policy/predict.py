"""Run times to expect, learnt from jobs that ended: running quantiles of those alike."""

from __future__ import annotations

from collections import deque

from qianhang.compute.job import Job

__all__ = ["Predictor"]


class _Kept:
    """The last values of one kind; their quantile is worked out when it is next asked for.

    value : the quantile, 0 where values came since
    alike : of the same organisation and project
    """

    __slots__ = ("alike", "last", "value")

    def __init__(self, keep: int, alike: _Kept | None = None) -> None:
        self.last: deque[float] = deque(maxlen=keep)
        self.value = 0.0
        self.alike = alike or self

    def quantile(self, share: float) -> float:
        """The value below which that share of the last ones lies."""
        found = self.value
        if not found:
            ranked = sorted(self.last)
            found = self.value = ranked[int(share * len(ranked))]
        return found


class Predictor:
    """Quantiles of the last run times of jobs alike; the asker's estimate where there are few.

    Alike are, first, jobs of the same organisation, project, name, shape and estimate; else of the
    same organisation and project, by the share of their estimates that they took. An asker's
    estimate is a limit: no prediction is above it.

    quantile : share of jobs alike that end within the prediction
    keep, least : last run times that count, and how many there must be
    """

    __slots__ = ("alike", "keep", "least", "quantile", "shares")

    def __init__(self, *, quantile: float = 0.9, keep: int = 100, least: int = 2) -> None:
        self.quantile, self.keep, self.least = quantile, keep, least
        self.alike: dict[object, _Kept] = {}
        self.shares: dict[object, _Kept] = {}

    def estimate(self, job: Job) -> float:
        """Predicted run time, s, at most the job's own estimate."""
        limit, want = job.estimate_s, job.want
        key = (job.org, job.project, job.name, want.chips, want.replicas, limit)
        found = self.alike.get(key)
        if found is not None and len(found.last) >= self.least:
            value = found.value or found.quantile(self.quantile)
            return value if value < limit else limit
        share = found.alike if found else self.shares.get((job.org, job.project))
        if share is not None and len(share.last) >= self.least:
            return min(limit, max(1.0, limit * share.quantile(self.quantile)))
        return limit

    def learn(self, job: Job, run_s: float) -> None:
        """One more job ended after so long, s."""
        limit, want = job.estimate_s, job.want
        key = (job.org, job.project, job.name, want.chips, want.replicas, limit)
        found = self.alike.get(key)
        if found is None:
            whose = (job.org, job.project)
            share = self.shares.get(whose)
            if share is None:
                share = self.shares[whose] = _Kept(self.keep)
            found = self.alike[key] = _Kept(self.keep, share)
        found.last.append(run_s)
        found.value = 0.0
        share = found.alike
        share.last.append(run_s / limit)
        share.value = 0.0
