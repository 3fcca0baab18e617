"""The compute network on the overview: cards in use, jobs that wait, pools with an alarm."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.compute.door import census, plant
from qianhang.compute.door.plant import Held
from qianhang.compute.green.pue import LIMIT
from qianhang.web.asked import Asked

__all__ = ["Load", "load"]


@dataclass(frozen=True, slots=True)
class Load:
    """The network as the overview counts it.

    cards, busy : of all pools; waiting, running : jobs of the reader's organisations
    away : pools that are open and do not answer
    above : pools whose meters tell a PUE above the limit
    """

    pools: int
    cards: int
    busy: float
    waiting: int
    running: int
    away: tuple[Held, ...]
    above: tuple[Held, ...]


def load(ask: Asked) -> Load:
    """The network now; nothing but noughts where no pool has joined."""
    held = plant.pools(ask.store)
    if not held:
        return Load(0, 0, 0.0, 0, 0, (), ())
    jobs = census.open_jobs(ask.store, ask.who.covers)
    return Load(
        pools=len(held), cards=sum(one.pool.chips for one in held),
        busy=sum(census.busy(ask.store).values()), waiting=jobs["queued"],
        running=jobs["running"], away=tuple(one for one in held if one.health != "up"),
        above=tuple(one for one in held if _above(one)),
    )  # fmt: skip


def _above(one: Held) -> bool:
    read = one.pool.pue
    return read.kind == "metered" and read.value > LIMIT
