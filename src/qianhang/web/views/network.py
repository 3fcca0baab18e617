"""The compute network on the overview: cards in use, jobs that wait, pools that do not answer."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.compute.door import census, plant
from qianhang.compute.door.plant import Held
from qianhang.web.asked import Asked

__all__ = ["Load", "load"]


@dataclass(frozen=True, slots=True)
class Load:
    """The network as the overview counts it.

    cards, busy : of all pools; waiting, running : jobs of the reader's organisations
    away : pools that are open and do not answer
    """

    pools: int
    cards: int
    busy: float
    waiting: int
    running: int
    away: tuple[Held, ...]


def load(ask: Asked) -> Load:
    """The network now; nothing but noughts where no pool has joined."""
    held = plant.pools(ask.store)
    if not held:
        return Load(0, 0, 0.0, 0, 0, ())
    jobs = census.open_jobs(ask.store, ask.who.covers)
    return Load(
        pools=len(held), cards=sum(one.pool.chips for one in held),
        busy=sum(census.busy(ask.store).values()), waiting=jobs["queued"],
        running=jobs["running"], away=tuple(one for one in held if one.health != "up"),
    )  # fmt: skip
