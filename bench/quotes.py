"""Whether quoted starts come true over real logs: python bench/quotes.py.

Each job is told p50 and p90 when it is submitted, from waits of jobs that have started before it;
those that start at once are not counted. QIANHANG_DATA names the folder of the logs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from compute import PHILLY, RICC, RICC_QUANTILE, clusters, one_pool, philly, traces
from qianhang.compute.job import Job
from qianhang.compute.network import Network
from qianhang.compute.policy import Params, Predictor, Start
from qianhang.compute.policy.waits import Interval, case
from qianhang.compute.quote import Starts, Told
from qianhang.compute.simulate import Slice, Traced, cut, replay
from timing import table

HEAD = ("log", "told", "started by p50", "started by p90", "median p90 / wait", "CPU s")
_NONE = Interval(0.0, 0.0, 0.0)


class Score:
    """What was told to each job that waits, and the waits that came true."""

    def __init__(self, network: Network) -> None:
        self.starts, self.whole = Starts(), sum(pool.chips for pool in network.pools)
        self.chips = {pool.id: pool.chips for pool in network.pools}
        self.work: dict[str, float] = {}
        self.open: dict[str, tuple[str, float, float, Told]] = {}
        self.true: list[tuple[Told, float]] = []

    def meet(self, job: Job, klass, estimate: float) -> None:
        """The job is told, from what waits where it may run."""
        where = klass.options[0].rack.pool.id if klass.pinned else ""
        crowd, area = self.work.get(where, 0.0), estimate * klass.total
        seen = case(klass, estimate, waiting_chip_s=crowd, chips=self.chips.get(where, self.whole))
        told = self.starts.told(where, seen, room=False, queue=_NONE)
        self.work[where] = crowd + area
        self.open[job.id] = (where, area, job.submitted, told)

    def hear(self, now: float, decision) -> None:
        """A job starts: its wait is known from here on."""
        if not isinstance(decision, Start) or decision.job not in self.open:
            return
        where, area, submitted, told = self.open.pop(decision.job)
        self.work[where] -= area
        if now > submitted:
            self.starts.learn(where, told, now - submitted)
            if told.basis == "history":
                self.true.append((told, now - submitted))


def line(
    name: str, log: list[Traced], network: Network, params: Params, predictor: Predictor | None
) -> list[str]:
    score, began = Score(network), time.process_time()
    replay(log, network, params=params, predictor=predictor, listen=score.hear, arrive=score.meet)
    count = len(score.true)
    half = sum(wait <= told.p50 for told, wait in score.true) / count
    most = sum(wait <= told.p90 for told, wait in score.true) / count
    wide = sorted(told.p90 / wait for told, wait in score.true)[count // 2]
    cpu_s = time.process_time() - began
    return [name, f"{count:,}", f"{half:.3f}", f"{most:.3f}", f"{wide:,.0f}", f"{cpu_s:.1f}"]


def lines() -> Iterator[list[str]]:
    """Philly's two months, and the whole log of RICC."""
    network, ricc = clusters(4), one_pool()
    yield line("Philly-11 100%", philly(network, 1.0), network, PHILLY, None)
    yield line("Philly-11 25%", philly(network, 0.25), network, PHILLY, None)
    log = cut(traces() / "ricc_2010_swf.parquet", ricc, asked=Slice())
    yield line("RICC", log, ricc, RICC, Predictor(quantile=RICC_QUANTILE))


if __name__ == "__main__":
    print(table(HEAD, lines()))
