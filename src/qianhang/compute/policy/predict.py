"""Run times to expect, learnt from jobs that ended: running quantiles of those alike."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from qianhang.compute.job import Job

__all__ = ["Predictor"]


_Kept = tuple[list[float], deque[float]]


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
        limit = job.estimate_s
        found = self.alike.get(_alike(job))
        if found and len(found[0]) >= self.least:
            return min(limit, found[0][int(self.quantile * len(found[0]))])
        share = self.shares.get((job.org, job.project))
        if share and len(share[0]) >= self.least:
            return min(limit, max(1.0, limit * share[0][int(self.quantile * len(share[0]))]))
        return limit

    def learn(self, job: Job, run_s: float) -> None:
        """One more job ended after so long, s."""
        self._add(self.alike, _alike(job), run_s)
        self._add(self.shares, (job.org, job.project), run_s / job.estimate_s)

    def _add(self, table: dict[object, _Kept], key: object, value: float) -> None:
        found = table.get(key)
        if found is None:
            found = table[key] = ([], deque())
        ranked, order = found
        insort(ranked, value)
        order.append(value)
        if len(order) > self.keep:
            del ranked[bisect_left(ranked, order.popleft())]


def _alike(job: Job) -> tuple[object, ...]:
    want = job.want
    return (job.org, job.project, job.name, want.chips, want.replicas, job.estimate_s)
