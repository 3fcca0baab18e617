"""Lines between pools as probes found them, judged by what plans ask of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute.door import plant
from qianhang.compute.door.moments import stamp
from qianhang.compute.green import tables
from qianhang.compute.network import Link

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["GBPS", "MS", "Judged", "Measured", "history", "judged", "keep", "newest", "share"]

# Jiangxi's plan to 2030 asks of lines between the pools of its cities 100G and more and a delay of
# "milliseconds", which is taken as less than ten.
GBPS = 100.0
MS = 10.0
_TABLE = tables.line


@dataclass(frozen=True, slots=True)
class Measured:
    """A probe of the line between two pools, a before b.

    gbps : what arrived, Gbit/s; ms : median round trip; method : how both were found
    """

    a: str
    b: str
    at: str
    gbps: float
    ms: float
    method: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair of pools with its newest probe, None where it was never probed.

    wide, near : whether it carries and answers as asked; False where never probed
    """

    a: str
    b: str
    measured: Measured | None
    wide: bool
    near: bool

    @property
    def ok(self) -> bool:
        """Both."""
        return self.wide and self.near


def keep(store: Store, found: Measured, *, by: str, at: datetime) -> None:
    """The probe kept; placing goes by it from now on.

    Raises ValueError for a bandwidth or a delay that no line has.
    """
    if not (math.isfinite(found.gbps) and math.isfinite(found.ms)):
        raise ValueError(f"{found.gbps} Gbps, {found.ms} ms")
    Link(found.a, found.b, found.gbps, found.ms)
    row = {
        "a": found.a, "b": found.b, "at": found.at, "gbps": found.gbps, "ms": found.ms,
        "method": found.method, "body": json.dumps(dict(found.body), sort_keys=True), "by": by,
    }  # fmt: skip
    with store.write() as tx:
        tx.take_turns()
        tx.execute(sa.insert(_TABLE).values(row))
        links = [Link(one.a, one.b, one.gbps, one.ms) for one in _newest(_read(tx.connection))]
        plant.set_lines(tx, links, by=by, at=at)
        tx.append("compute.line", f"{found.a} {found.b}", payload=row, at=at)


def measured(
    pools: Sequence[str], told: Mapping[str, Any], *, method: str, at: datetime
) -> Measured:
    """A probe between two pools from what its sender told."""
    a, b = sorted(pools)
    return Measured(a, b, stamp(at), float(told["gbps"]), float(told["ms"]), method, told)


def history(store: Store, a: str = "", b: str = "") -> tuple[Measured, ...]:
    """Every probe, of one pair where given, in the order of time."""
    with store.read() as connection:
        found = _read(connection)
    return tuple(one for one in found if not a or {one.a, one.b} == {a, b})


def newest(store: Store) -> tuple[Measured, ...]:
    """The newest probe of each pair that was ever probed."""
    return _newest(history(store))


def _newest(found: Iterable[Measured]) -> tuple[Measured, ...]:
    last = {(one.a, one.b): one for one in found}
    return tuple(last[pair] for pair in sorted(last))


def _read(connection: sa.Connection) -> tuple[Measured, ...]:
    query = sa.select(_TABLE).order_by(_TABLE.c.at, _TABLE.c.a, _TABLE.c.b)
    return tuple(
        Measured(r.a, r.b, r.at, r.gbps, r.ms, r.method, json.loads(r.body))
        for r in connection.execute(query)
    )


def judged(
    pools: Iterable[str], found: Iterable[Measured], *, gbps: float = GBPS, ms: float = MS
) -> tuple[Judged, ...]:
    """Every pair of these pools, probed or not."""
    last = {(one.a, one.b): one for one in _newest(found)}
    told = []
    for a, b in combinations(sorted(pools), 2):
        one = last.get((a, b))
        told.append(Judged(a, b, one, bool(one and one.gbps >= gbps), bool(one and one.ms < ms)))
    return tuple(told)


def share(found: Sequence[Judged]) -> float | None:
    """Pairs that are as asked over all pairs; None where there is no pair."""
    return sum(one.ok for one in found) / len(found) if found else None
