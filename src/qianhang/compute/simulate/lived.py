"""The jobs of a live door's journal as a log: what they asked for and how long they really ran."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from qianhang.compute.flavour import flavours
from qianhang.compute.job import Job
from qianhang.compute.policy.desk import Step
from qianhang.compute.simulate.trace import Traced
from qianhang.core import schema
from qianhang.core.errors import UsageError

__all__ = ["traced"]


@dataclass(slots=True)
class _Period:
    """What is known so far.

    chips : (pool, index of the stock) -> its flavour
    begun : job -> when it began, s, and how fast its chips are; run_s : of each, all stays together
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    chips: dict[tuple[str, int], str] = field(default_factory=dict)
    begun: dict[str, tuple[float, float]] = field(default_factory=dict)
    run_s: dict[str, float] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """One more step."""
        name = step[0]
        if name == "job":
            job = schema.read(Job, step[1], where="job", error=UsageError, code="QH533")
            self.jobs[job.id] = job
        elif name == "begin":
            self.chips = {
                (pool["id"], at): stock["flavour"]
                for pool in step[2]["pools"]
                for at, stock in enumerate(pool["stock"])
            }
        elif name == "resume":
            self._begin(step[1], (step[2], step[3]), step[5])
        elif name == "decide":
            for one in step[3]:
                if one[0] == "start":
                    self._begin(one[1], (one[2], one[3]), step[1])
        elif name == "end" and step[1] in self.begun:
            since, speed = self.begun.pop(step[1])
            stay = max(step[2] - since, 1.0) * speed
            self.run_s[step[1]] = self.run_s.get(step[1], 0.0) + stay

    def _begin(self, job: str, rack: tuple[Any, ...], now: float) -> None:
        flavour = flavours().get(self.chips.get((rack[0], rack[1]), ""))
        kind = self.jobs[job].task_kind if job in self.jobs else ""
        self.begun[job] = (now, flavour.speed_for(kind) if flavour else 1.0)


def traced(steps: Iterable[Step]) -> list[Traced]:
    """The jobs that ended within the journal, on chips of speed 1, in the order of their ids.

    A stay is as long as the room was held, the moving of data and the door's own looks included.
    """
    found = _Period()
    try:
        for step in steps:
            found.take(step)
    except (TypeError, ValueError, KeyError, IndexError) as cause:
        raise UsageError("QH533", f"the journal cannot be read: {cause!r}") from None
    return [Traced(found.jobs[n], s) for n, s in sorted(found.run_s.items()) if n in found.jobs]
