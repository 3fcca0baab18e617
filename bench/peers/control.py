"""Episodes in a child process beside the bare loop: what the safety costs."""

from __future__ import annotations

from typing import Any

from qianhang.engines import control
from timing import Pair

_WHY = "one forked process (fixed), and a record of every step"


class Tank:
    """A leaky tank, some arithmetic a step; `slow` stands for what a real simulator computes."""

    def __init__(self, steps: int, slow: int) -> None:
        self.steps, self.slow = steps, slow

    def reset(self, seed: int) -> None:
        self.level, self.step = float(seed), 0

    def observe(self) -> dict[str, float]:
        return {"level": self.level}

    def act(self, action: Any) -> None:
        for _ in range(self.slow):
            self.level += (float(action) - 0.1 * self.level) / self.slow
        self.step += 1

    @property
    def done(self) -> bool:
        return self.step >= self.steps

    def score(self) -> dict[str, float]:
        return {"level": self.level}


def _policy(seen: Any) -> float:
    return 1.0 - 0.05 * float(seen["level"])


def pairs(size: float = 1.0) -> list[Pair]:
    """Steps of 35 microseconds, of 1 millisecond, and one short episode: the fixed cost."""
    return [
        _pair("episodes, 8 x 1,000 steps of 35 us", max(int(1000 * size), 5), 8, 300),
        _pair("episodes, 8 x 100 steps of 1 ms", max(int(100 * size), 5), 8, 9000),
        _pair("episodes, 1 x 10 steps", 10, 1, 300),
    ]


def _pair(name: str, steps: int, count: int, slow: int) -> Pair:
    jobs = [control.Job(str(k), lambda: Tank(steps, slow), lambda: _policy) for k in range(count)]

    def theirs() -> Any:
        totals = []
        for _ in jobs:
            tank = Tank(steps, slow)
            tank.reset(0)
            while not tank.done:
                tank.act(_policy(tank.observe()))
            totals.append(tank.level)
        return totals

    return Pair("control", name, "a bare loop in this process",
                lambda: [e.totals["level"] for e in control.episodes(jobs, seed=0)], theirs,
                repeats=6, wraps=False, why=_WHY
                )  # fmt: skip
