"""The map of tiles: provinces, and the cities of the one that is chosen, with what they reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qianhang.access import organisations
from qianhang.charts import Field, Table
from qianhang.charts.chart import Cell
from qianhang.core.manifest import Words
from qianhang.core.words import Lang
from qianhang.plan import atlas
from qianhang.plan.atlas import Place, Province
from qianhang.plan.items import Plan
from qianhang.plan.standing import Standing
from qianhang.runs import showcase
from qianhang.web import words
from qianhang.web.asked import Asked

__all__ = [
    "MEASURES",
    "Map",
    "Region",
    "Tally",
    "Tile",
    "elsewhere",
    "map_of",
    "only_province",
    "regions",
    "table",
    "tallies",
]

MEASURES = ("targets", "scenarios")
_COUNTS = (1, 2, 4, 8, 16)


@dataclass(slots=True)
class _Sum:
    plans: int = 0
    targets: int = 0
    met: int = 0
    scenarios: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of a place: plans, confirmed targets and those met, scenarios in use."""

    plans: int = 0
    targets: int = 0
    met: int = 0
    scenarios: int = 0

    @property
    def share(self) -> float | None:
        """The share of the targets that are met, None where there are none."""
        return self.met / self.targets if self.targets else None

    def step(self, measure: str) -> int:
        """Which of the colours 1 to 5, 0 where there is nothing to show."""
        if measure == "scenarios":
            return sum(self.scenarios >= most for most in _COUNTS)
        return 0 if self.share is None else min(int(self.share * 5) + 1, 5)


@dataclass(frozen=True, slots=True)
class Tile:
    """A place on the grid."""

    name: str
    full: str
    en: str
    column: int
    row: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Map:
    """The tiles of the country, and of one province where it is chosen."""

    measure: str
    provinces: tuple[Tile, ...]
    chosen: Province | None
    cities: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """What a region of the operator's map shows; province : the short name of the one it opens."""

    said: str
    province: str
    share: float | None
    scenarios: int


def tallies(
    ask: Asked, stood: Iterable[tuple[Plan, Sequence[Standing]]]
) -> Mapping[Place | str, Tally]:
    """Place -> what is known of it; a province counts what its cities reached as well.

    What lies nowhere on the map stands under its name.
    """
    sums: dict[Place | str, _Sum] = {}
    for plan, found in stood:
        for place in _with_province(plan.region) or (plan.region or plan.title,):
            one = sums.setdefault(place, _Sum())
            one.plans += 1
            one.targets += len(found)
            one.met += sum(s.state == "met" for s in found)
    for org, ids in _used(ask).items():
        for place in _with_province(org) or (org,):
            sums.setdefault(place, _Sum()).scenarios.update(ids)
    return {p: Tally(s.plans, s.targets, s.met, len(s.scenarios)) for p, s in sums.items()}


def elsewhere(known: Mapping[Place | str, Tally]) -> tuple[tuple[str, Tally], ...]:
    """What lies nowhere on the map, by name: a county, a zone, a company, an invented place."""
    return tuple(sorted((n, tally) for n, tally in known.items() if isinstance(n, str)))


def only_province(known: Mapping[Place | str, Tally]) -> str:
    """The short name of the province in which everything lies, "" where there is not one alone."""
    found = {place.province for place in known if isinstance(place, Place)}
    return found.pop() if len(found) == 1 else ""


def map_of(known: Mapping[Place | str, Tally], *, measure: str, province: str) -> Map:
    """The map coloured by a measure, opened at a province where one is named."""
    chosen = atlas.find_province(province)
    none = Tally()
    country = tuple(
        Tile(p.short, p.name, p.en, p.column, p.row, known.get(Place(p.short), none))
        for p in atlas.provinces()
    )
    cities = _cities(chosen, known) if chosen else ()
    return Map(measure if measure in MEASURES else MEASURES[0], country, chosen, cities)


def table(tiles: Iterable[Tile]) -> Table:
    """The tiles as a table of numbers, the share in per cent."""
    counts = ("menu.plans", "overview.targets", "office.state.met")
    fields = (
        Field(_named("overview.region"), kind="text"),
        *(Field(_named(key)) for key in counts),
        Field(_named("overview.share"), "%"),
        Field(_named("overview.measure_scenarios")),
    )
    rows = tuple(_row(tile) for tile in tiles)
    return Table(fields, rows, len(rows))


def _row(tile: Tile) -> tuple[Cell, ...]:
    tally = tile.tally
    share = None if tally.share is None else round(100 * tally.share, 1)
    name = Words(tile.full, tile.en)
    return (name, tally.plans, tally.targets, tally.met, share, tally.scenarios)


def _named(key: str) -> Words:
    return Words(*(words.say(key, lang=lang) for lang in ("zh", "en")))


def _cities(province: Province, known: Mapping[Place | str, Tally]) -> tuple[Tile, ...]:
    return tuple(
        Tile(
            c.name, c.name, c.en, c.column, c.row,
            known.get(Place(province.short, c.name), Tally()),
        )
        for c in province.cities
    )  # fmt: skip


def regions(
    known: Mapping[Place | str, Tally], names: Iterable[str], *, lang: Lang
) -> dict[str, Region]:
    """Name of a region on the operator's map -> what it shows, and the province that it opens."""
    found: dict[str, Region] = {}
    for name in names:
        place = atlas.place_of(name)
        one = atlas.find_province(place.province) if place else None
        if place and one:
            tally = known.get(place, Tally())
            said = one.en if lang == "en" and not place.city else name
            found[name] = Region(said, one.short, tally.share, tally.scenarios)
    return found


def _with_province(name: str) -> tuple[Place, ...]:
    place = atlas.place_of(name) if name else None
    if place is None:
        return ()
    return (place, Place(place.province)) if place.city else (place,)


def _used(ask: Asked) -> dict[str, set[str]]:
    """Name of a province or city -> scenarios that organisations of it have run to the end.

    Organisations of no province or city stand under the name of the highest below the platform.
    """
    tree = organisations.tree(ask.store)
    found: dict[str, set[str]] = {}
    for org, ids in showcase.in_use(ask.store, ask.who.covers).items():
        names = [tree.find(above).name for above in tree.above(org)]
        own = next((name for name in names if atlas.place_of(name)), names[-2:][0])
        found.setdefault(own, set()).update(ids)
    return found
