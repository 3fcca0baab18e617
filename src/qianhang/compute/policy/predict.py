"""Run times to expect, learnt from jobs that ended: running quantiles of those alike."""

from __future__ import annotations

from collections import deque

from qianhang.compute.job import Job

__all__ = ["Kind", "Predictor"]


class Kind:
    """The last run times of jobs alike; the quantile is worked out when it is next asked for.

    value : the quantile, 0 where values came since
    alike : of the same organisation and project, as shares of the estimates
    """

    __slots__ = ("alike", "last", "value")

    def __init__(self, keep: int, alike: Kind | None = None) -> None:
        self.last: deque[float] = deque(maxlen=keep)
        self.value = 0.0
        self.alike = alike or self

    def note(self, run_s: float, estimate_s: float) -> None:
        """One more job of this kind ended after so long, s."""
        self.last.append(run_s)
        share = self.alike
        share.last.append(run_s / estimate_s)
        self.value = share.value = 0.0

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
        self.alike: dict[object, Kind] = {}
        self.shares: dict[object, Kind] = {}

    def kind(self, job: Job) -> Kind:
        """What is known of jobs alike, for `foretell` and `note`."""
        want = job.want
        key = (job.org, job.project, job.name, want.chips, want.replicas, job.estimate_s)
        found = self.alike.get(key)
        if found is None:
            whose = (job.org, job.project)
            share = self.shares.get(whose)
            if share is None:
                share = self.shares[whose] = Kind(self.keep)
            found = self.alike[key] = Kind(self.keep, share)
        return found

    def foretell(self, kind: Kind, limit: float) -> float:
        """Predicted run time of a job of this kind, s, at most the job's own estimate."""
        least = self.least
        if len(kind.last) >= least:
            value = kind.value or kind.quantile(self.quantile)
            return value if value < limit else limit
        share = kind.alike
        if len(share.last) >= least:
            return min(limit, max(1.0, limit * share.quantile(self.quantile)))
        return limit

    def estimate(self, job: Job) -> float:
        """Predicted run time, s, at most the job's own estimate."""
        return self.foretell(self.kind(job), job.estimate_s)

    def learn(self, job: Job, run_s: float) -> None:
        """One more job ended after so long, s."""
        self.kind(job).note(run_s, job.estimate_s)
