"""Whether told intervals of waits come true: scored over a replay, each told at submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qianhang.compute.job import Job
from qianhang.compute.network import Network
from qianhang.compute.policy.decision import Decision, Start
from qianhang.compute.policy.entry import Klass
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.predict import Predictor
from qianhang.compute.policy.waits import Case, Interval, Waits, case
from qianhang.compute.simulate.replay import replay
from qianhang.compute.simulate.trace import Traced

__all__ = ["Coverage", "coverage"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Intervals told to jobs that could not start at once, and how many held.

    told : jobs that were told an interval; covered : share whose wait lay in it
    width_s : median width, s
    """

    told: int
    covered: float
    width_s: float


class _Score:
    """The waiting work by pool, what was told to each job, and whether it held."""

    def __init__(self, waits: Waits, network: Network) -> None:
        self.waits = waits
        self.chips = {pool.id: pool.chips for pool in network.pools}
        self.work: dict[str, float] = {}
        self.open: dict[str, tuple[str, float, float, Case, Interval | None]] = {}
        self.widths: list[float] = []
        self.held = 0

    def meet(self, job: Job, klass: Klass, estimate: float) -> None:
        """The job is told its interval, from what waits where it may run."""
        where = klass.options[0].rack.pool.id if klass.pinned else ""
        chips = self.chips[where] if where else sum(self.chips.values())
        crowd = self.work.get(where, 0.0)
        one = case(klass, estimate, waiting_chip_s=crowd, chips=chips)
        area = estimate * klass.total
        self.work[where] = crowd + area
        self.open[job.id] = (where, area, job.submitted, one, self.waits.interval(one))

    def hear(self, now: float, decision: Decision) -> None:
        """A job starts: its wait is known from here on."""
        if not isinstance(decision, Start) or decision.job not in self.open:
            return
        where, area, submitted, one, told = self.open.pop(decision.job)
        self.work[where] -= area
        wait = now - submitted
        if wait <= 0.0:
            return
        self.waits.learn(one, wait, told)
        if told is not None:
            self.widths.append(told.high - told.low)
            self.held += told.low <= wait <= told.high


def coverage(
    traced: Sequence[Traced],
    network: Network,
    *,
    params: Params,
    predictor: Predictor | None = None,
    waits: Waits | None = None,
) -> Coverage:
    """How often the interval told at submission holds, over a whole log.

    A job is told one when it has to wait; the model learns a wait when the job starts, and never
    before. The crowd that a job meets is the work that waits where it waits, over the chips there.
    """
    score = _Score(waits or Waits(), network)
    replay(
        traced, network, params=params, predictor=predictor,
        listen=score.hear, arrive=score.meet,
    )  # fmt: skip
    widths = sorted(score.widths)
    return Coverage(
        len(widths), score.held / max(len(widths), 1), widths[len(widths) // 2] if widths else 0.0
    )
