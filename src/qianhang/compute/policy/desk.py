"""The policy's ledgers as a door keeps them, and every step that they take, told in plain values.

The same steps from the same beginning lead to the same decisions: a journal of them is replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from qianhang.compute.job import Job
from qianhang.compute.network import Network
from qianhang.compute.policy.decide import settle
from qianhang.compute.policy.decision import Decision, Refuse, Start
from qianhang.compute.policy.option import Option, Prices
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.view import View

__all__ = ["Desk", "Step", "plain"]

Step = tuple[Any, ...]


class Desk:
    """The two ledgers and the only steps by which a door changes them.

    hear : told each step, its name first, in order; ids stand for jobs
    """

    def __init__(
        self, network: Network, params: Params, *, prices: Prices | None = None, now: float = 0.0,
        hear: Callable[[Step], object] | None = None,
    ) -> None:  # fmt: skip
        self.params, self._hear = params, hear
        self.view = View(network, params, prices=prices, now=now)
        self.queue = Queue(params)
        if hear:
            hear(("begin", now, asdict(network), _rates(prices), _knobs(params)))

    def turn(self, pool: str, *, up: bool) -> None:
        """The pool takes jobs from now on, or none."""
        self.view.health(pool, "up" if up else "suspect", self.queue)
        self._tell("turn", pool, up)

    def admit(
        self, job: Job, *, estimate: float, pools: tuple[str, ...] | None = None
    ) -> Refuse | None:
        """None where the job waits from now on; else why no pool takes it.

        pools : those that are left of the ones that it names; None: all that it names
        """
        asked = job if pools is None else replace(job, pools=pools)
        found = self.view.admit(asked, self.queue, estimate=estimate)
        refused = [[one.pool, one.reason] for one in found.refusals] if found else None
        self._tell("admit", job.id, estimate, pools, refused)
        return found

    def resume(
        self, job: Job, pool: str, rack: int, *, estimate: float, since: float, leaving: float
    ) -> None:
        """The job runs there already; leaving : when it has to be gone, s, 0 where it may stay."""
        there = self.view.rack.get((pool, rack))
        if there is None:
            return
        klass = self.view.klass(job, self.queue)
        option = next((way for way in klass.options if way.rack is there), None)
        if option is None:  # what the pool may take has changed since
            lent = bool(there.owners) and job.org not in there.owners
            option = Option(there, lent, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
        self.queue.add(job, klass, estimate)
        start = Start(job.id, option, estimate / option.speed, 0.0, job.want)
        self.view.start(start, self.queue, since).leaving = leaving
        self._tell("resume", job.id, pool, rack, estimate, since, leaving)

    def end(self, job: str, now: float) -> bool:
        """Whether the job ran; it does not from now on."""
        run = self.view.running.get((job, 0))
        if run is None:
            return False
        self.view.end(run, self.queue, now)
        self._tell("end", job, now)
        return True

    def cancel(self, job: str) -> bool:
        """Whether the job waited; it does not from now on."""
        if job not in self.queue.entries:
            return False
        self.view.cancel(job, self.queue)
        self._tell("cancel", job)
        return True

    def decide(self, now: float, *, most: int) -> list[Decision]:
        """What is decided at this moment and carried out in the ledgers, `most` at once."""
        queue = self.queue
        due = queue.wake <= now or any(
            line and line[0][0] <= now for line in (queue.turns, queue.dues)
        )
        if not (due or queue.touched or queue.review):
            return []
        found = list(islice(settle(self.view, queue, now, self.params), most))
        if self._hear:
            self._hear(("decide", now, most, [plain(one) for one in found]))
        return found

    def _tell(self, *step: Any) -> None:
        if self._hear:
            self._hear(step)


def plain(decision: Decision) -> list[Any]:
    """A decision as plain values, its kind first; of a start the terms of its cost last, fen."""
    if isinstance(decision, Start):
        rack = decision.option.rack
        return [
            "start", decision.job, rack.pool.id, rack.index, decision.part, decision.run_s,
            decision.waiting_fen_s, list(decision.cost),
        ]  # fmt: skip
    return [type(decision).__name__.lower(), *decision]


def _rates(prices: Prices | None) -> dict[str, list[Any]]:
    """Tables keyed by pairs, as rows."""
    told = prices or Prices({}, {})
    return {
        name: [[*key, value] for key, value in getattr(told, name).items()]
        for name in Prices.__slots__
    }


def _knobs(params: Params) -> dict[str, Any]:
    """The knobs that somebody may turn; infinity as text, for JSON has no such number."""
    return {
        name: str(value) if value == float("inf") else value
        for name, value in asdict(params).items()
        if name != "rates"
    }
