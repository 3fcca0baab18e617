"""Which chips there were when: read from the log of pools that joined, changed and left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from qianhang.compute.door import plant
from qianhang.compute.green.consolidation import Site

if TYPE_CHECKING:
    from qianhang.compute.green.pue import Rolling
    from qianhang.store import Store

__all__ = ["chip_seconds", "sites"]


def chip_seconds(store: Store, start: datetime, end: datetime) -> Mapping[str, float]:
    """Pool -> chips x seconds that it had between two moments, 0 where it had none by then.

    A pool that takes nothing new still has its chips; one that has left has none.
    """
    chips: dict[str, int] = {}
    gone: dict[str, bool] = {}
    since: dict[str, datetime] = {}
    found: dict[str, float] = {}

    def until(pool: str, at: datetime) -> None:
        begin, stop = max(since.get(pool, at), start), min(at, end)
        there = 0 if gone.get(pool) else chips.get(pool, 0)
        span = max(0.0, (stop - begin).total_seconds())
        found[pool] = found.get(pool, 0.0) + there * span
        since[pool] = at

    for entry in store.entries(kind="compute.pool"):
        at = datetime.fromisoformat(entry.at)
        if at >= end:
            break
        until(entry.subject, at)
        told = entry.payload
        if "spec" in told:
            stock = json.loads(told["spec"])["stock"]
            chips[entry.subject] = sum(s["nodes"] * s["chips_per_node"] for s in stock)
        gone[entry.subject] = told.get("state", "open") == "left"
    for pool in list(found):
        until(pool, end)
    return found


def sites(store: Store, found: Mapping[str, Rolling]) -> tuple[Site, ...]:
    """Each site that has meters, with its mean load and what its pools' chips draw at most.

    Where pools of a site name several grids or prices, the first pool's count.
    """
    from qianhang.compute.flavour import find

    made: dict[str, Site] = {}
    for one in plant.pools(store):
        pool, meters = one.pool, found.get(one.pool.place)
        if meters is None:
            continue
        kw = sum(s.chips * find(s.flavour).busy_w.value for s in pool.stock) / 1000.0
        old = made.get(pool.place)
        made[pool.place] = Site(
            pool.place, meters.value, meters.it_kwh / meters.hours,
            kw + (old.rated_kw if old else 0.0), (old or pool).grid_g_kwh,
            (old or pool).power_fen_kwh,
        )  # fmt: skip
    return tuple(made.values())
