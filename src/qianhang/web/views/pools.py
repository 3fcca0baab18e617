"""Pools as pages show them: stock, use, queue, state; and the map of their cities by load."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qianhang.access import ROOT
from qianhang.charts import Field, Table
from qianhang.compute.door import census, plant
from qianhang.compute.door.plant import Held
from qianhang.compute.flavour import flavours
from qianhang.compute.network import PueReading
from qianhang.core.manifest import Words
from qianhang.plan import atlas
from qianhang.plan.atlas import Place, Province
from qianhang.web import words
from qianhang.web.asked import Asked

__all__ = [
    "Land",
    "Line",
    "Row",
    "Shelf",
    "Tile",
    "lines",
    "map_of",
    "one",
    "require",
    "runs",
    "table",
]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Chips of one kind in a pool; busy : held by attempts that have not ended; up : it answers."""

    flavour: str
    name: Words
    nodes: int
    chips: int
    busy: float
    price_fen: int
    up: bool = True

    @property
    def free(self) -> float:
        """Chips that nothing holds, none where the pool does not answer."""
        return max(0.0, self.chips - self.busy) if self.up else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A pool; queue : waiting jobs that could go there; mine : whether the reader runs it."""

    held: Held
    name: Words
    operator: Words
    shelves: tuple[Shelf, ...]
    queue: int
    mine: bool

    @property
    def chips(self) -> int:
        """Chips of all kinds."""
        return sum(s.chips for s in self.shelves)

    @property
    def busy(self) -> float:
        """Chips in use."""
        return sum(s.busy for s in self.shelves)

    @property
    def free(self) -> float:
        """Chips that nothing holds."""
        return sum(s.free for s in self.shelves)

    @property
    def load(self) -> float:
        """The share of the chips that is in use."""
        return min(1.0, self.busy / self.chips)

    @property
    def row(self) -> Row:
        """What the table of all pools shows of it."""
        pool, shelves = self.held.pool, tuple((s.name, s.chips) for s in self.shelves)
        return Row(
            pool.id, self.name, self.operator, pool.city, shelves, self.chips, self.busy,
            self.free, self.queue, pool.pue, self.held.state, self.held.health, self.tone,
            self.held.seen, self.mine,
        )  # fmt: skip

    @property
    def tone(self) -> str:
        """How its state looks: good, warn, bad or none."""
        if self.held.state == "left":
            return "none"
        if self.held.health == "lost":
            return "bad"
        return "warn" if self.held.health == "suspect" or self.held.state == "draining" else "good"


class Row(NamedTuple):  # looked up by value for each page
    """A pool as the table of all shows it."""

    id: str
    name: Words
    operator: Words
    city: str
    shelves: tuple[tuple[Words, int], ...]
    chips: int
    busy: float
    free: float
    queue: int
    pue: PueReading
    state: str
    health: str
    tone: str
    seen: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A place on the grid with its pools' chips; away : pools that do not answer."""

    name: str
    full: str
    en: str
    column: int
    row: int
    pools: int
    chips: int
    busy: float
    away: int

    @property
    def load(self) -> float | None:
        """The share of the chips that is in use, None where there are none."""
        return self.busy / self.chips if self.chips else None

    @property
    def step(self) -> int:
        """Which of the colours 1 to 5, 0 where there is no pool."""
        return 0 if self.load is None else min(int(self.load * 5) + 1, 5)


@dataclass(frozen=True, slots=True)
class Land:
    """The country's tiles, and those of one province where it is chosen.

    elsewhere : pools whose city is on no tile
    """

    provinces: tuple[Tile, ...]
    chosen: Province | None
    cities: tuple[Tile, ...]
    elsewhere: int


def lines(ask: Asked) -> tuple[Line, ...]:
    """Every pool that has not left, by id."""
    held = plant.pools(ask.store)
    return _lines(ask, held) if held else ()


def one(ask: Asked, pool: str) -> Line:
    """The pool of this id.

    Raises UsageError where there is none.
    """
    return _lines(ask, (plant.held(ask.store, pool),))[0]


def runs(ask: Asked, found: Held) -> bool:
    """Whether the reader runs the pool: an operator of pools for its operator, or for all."""
    return any(ask.who.may("pool_operator", org) for org in (found.pool.operator, ROOT))


def require(ask: Asked, found: Held) -> None:
    """Nothing, where the reader runs the pool.

    Raises AccessRefused otherwise.
    """
    if not runs(ask, found):
        ask.who.require("pool_operator", found.pool.operator)


def _lines(ask: Asked, held: Sequence[Held]) -> tuple[Line, ...]:
    busy, queues = census.busy(ask.store), census.queues(ask.store, held)
    operators = {o.id: o.name for o in plant.operators(ask.store)}
    known = {name: f.name for name, f in flavours().items()}
    return tuple(
        Line(
            held=h,
            name=h.pool.name or Words(h.pool.id, h.pool.id),
            operator=operators.get(h.pool.operator, Words(h.pool.operator, h.pool.operator)),
            shelves=tuple(_shelves(h, busy, known)),
            queue=queues[h.pool.id],
            mine=runs(ask, h),
        )
        for h in held
    )


def _shelves(
    held: Held, busy: Mapping[tuple[str, str], float], known: Mapping[str, Words]
) -> Iterable[Shelf]:
    """The pool's stock by kind of chip: racks of the same kind as one."""
    for name in dict.fromkeys(s.flavour for s in held.pool.stock):
        racks = [s for s in held.pool.stock if s.flavour == name]
        yield Shelf(
            name, known.get(name, Words(name, name)), sum(s.nodes for s in racks),
            sum(s.chips for s in racks), busy.get((held.pool.id, name), 0.0),
            min(s.price_fen for s in racks), held.health == "up",
        )  # fmt: skip


def map_of(found: Sequence[Line], *, province: str) -> Land:
    """The map of the pools' cities by load, opened at the province that is named or is alone."""
    provinces: dict[str, list[Line]] = defaultdict(list)
    cities: dict[Place, list[Line]] = defaultdict(list)
    elsewhere = 0
    for line in found:
        place = atlas.place_of(line.held.pool.city)
        if place is None:
            elsewhere += 1
        else:
            provinces[place.province].append(line)
            cities[place].append(line)
    alone = next(iter(provinces)) if len(provinces) == 1 else ""
    chosen = atlas.find_province(province or alone)
    country = tuple(
        _tile((p.short, p.name, p.en), (p.column, p.row), provinces.get(p.short, ()))
        for p in atlas.provinces()
    )
    near = (
        tuple(
            _tile(
                (c.name, c.name, c.en),
                (c.column, c.row),
                cities.get(Place(chosen.short, c.name), ()),
            )
            for c in chosen.cities
        )
        if chosen
        else ()
    )
    return Land(country, chosen, near, elsewhere)


def _tile(names: tuple[str, str, str], at: tuple[int, int], found: Sequence[Line]) -> Tile:
    if not found:
        return _bare(names, at)
    away = sum(line.held.health != "up" for line in found)
    return Tile(
        *names, *at, pools=len(found), chips=sum(line.chips for line in found),
        busy=sum(line.busy for line in found), away=away,
    )  # fmt: skip


@functools.cache
def _bare(names: tuple[str, str, str], at: tuple[int, int]) -> Tile:
    """A place without a pool; there are as many as the map has."""
    return Tile(*names, *at, pools=0, chips=0, busy=0, away=0)


def table(found: Iterable[Line]) -> Table:
    """The pools as a table of numbers."""
    texts = ("pool", "operator", "city", "flavours", "state", "health")
    numbers = ("total", "busy", "free", "queue", "pue")
    fields = (
        *(Field(_named(f"pools.{key}"), kind="text") for key in texts),
        *(Field(_named(f"pools.{key}")) for key in numbers),
        Field(_named("pools.pue_source"), kind="text"),
        Field(_named("pools.seen"), kind="text"),
    )
    rows = tuple(_row(line) for line in found)
    return Table(fields, rows, len(rows))


def _row(line: Line) -> tuple[Words | str | float | None, ...]:
    held, pool = line.held, line.held.pool
    chips = "; ".join(f"{s.flavour} x {s.chips}" for s in line.shelves)
    return (
        line.name, line.operator, pool.city, chips, _named(f"compute.pool.{held.state}"),
        _named(f"compute.health.{held.health}"), line.chips, line.busy, line.free, line.queue,
        pool.pue.value, pool.pue.source, held.seen,
    )  # fmt: skip


def _named(key: str) -> Words:
    """The text in both languages."""
    return Words(words.say(key, lang="zh"), words.say(key, lang="en"))
