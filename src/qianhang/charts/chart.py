"""A chart as plain data: what is drawn, in words and numbers, before anybody draws it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qianhang.core import words
from qianhang.core.manifest import Column, Words

__all__ = [
    "Axis",
    "Band",
    "Cell",
    "Chart",
    "Field",
    "Link",
    "Mark",
    "Number",
    "Role",
    "Row",
    "Series",
    "Setting",
    "Span",
    "Table",
    "named",
    "plain",
]

Number = float | None
Cell = float | str | bool | Words | None
# What a thing stands for decides its colour and dash, in every chart alike.
Role = Literal[
    "ours", "trivial", "practice", "published", "actual", "limit", "good", "bad", "warn", "other"
]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its name and unit always shown.

    low, high : shown range, where it is not the range of the data
    whole : counted values, whose ticks are whole numbers
    zone : zone of a time axis, whose values are seconds since 1970 UTC
    categories : names on a category axis, whose values are 0, 1, 2 ...
    """

    name: Words
    unit: str = ""
    kind: Literal["number", "log", "time", "category"] = "number"
    zone: str = ""
    low: float | None = None
    high: float | None = None
    whole: bool = False
    categories: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """Points in order; a None in y is a gap."""

    name: Words
    x: tuple[float, ...]
    y: tuple[Number, ...]
    role: Role = "other"
    shape: Literal["line", "step", "dot", "bar"] = "line"


@dataclass(frozen=True, slots=True)
class Band:
    """A range of y at each x: an interval forecast, a confidence band."""

    name: Words
    x: tuple[float, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]
    role: Role = "ours"
    shape: Literal["area", "whisker"] = "area"


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the plot, or one point with a word beside it.

    at : place on the axis that the line cuts; x of a point, whose y is `y`
    """

    kind: Literal["horizontal", "vertical", "diagonal", "point"]
    name: Words
    at: float = 0.0
    y: float = 0.0
    role: Role = "limit"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch on a lane: an alarm, an event, a job; start = end is a moment."""

    lane: int
    start: float
    end: float
    name: Words
    role: Role = "other"
    label: Words | str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A straight piece of a network with the value that colours it."""

    x: float
    y: float
    x2: float
    y2: float
    value: Number = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a forest: a value with its interval; size: how many stand behind it."""

    name: Words
    value: Number
    low: Number = None
    high: Number = None
    size: Number = None
    head: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a number table; kind decides alignment and format."""

    name: Words
    unit: str = ""
    kind: Literal["number", "time", "text", "flag"] = "number"
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a chart; total: rows before it was cut to a readable length."""

    fields: tuple[Field, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that a renderer needs, and the table of the same numbers.

    stamps : what must be seen beside the figure (twin, synthetic sample, simulator)
    matrix : rows of cells of a heat map, whose names are the categories of the axes
    note : a sentence under the figure
    """

    kind: str
    title: Words
    x: Axis
    y: Axis
    table: Table
    series: tuple[Series, ...] = ()
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    spans: tuple[Span, ...] = ()
    links: tuple[Link, ...] = ()
    rows: tuple[Row, ...] = ()
    matrix: tuple[tuple[Number, ...], ...] = ()
    units: tuple[str, ...] = ()
    source: Words | None = None
    note: Words | None = None
    stamps: tuple[Words, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The chart as JSON-ready values: dicts, lists, text, finite numbers, None."""
        result: dict[str, Any] = dataclasses.asdict(self)
        return result


@dataclass(frozen=True, slots=True)
class Setting:
    """What a widget is told beside its frame.

    name : the table's name in the trial; unit : of its values; zone : in which times are shown
    columns : the manifest's; titles, units : words and units by table, column or `table.column`
    tables : names of the tables shown; such a title is a table's alone, not a column's
    whole : the number table holds every row of the frame, not only those that are read on a page
    """

    name: str = ""
    title: Words | None = None
    unit: str = ""
    zone: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    titles: Mapping[str, Words] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    whole: bool = False
    source: Words | None = None
    stamps: tuple[Words, ...] = ()

    def words(self, name: str, section: str = "column") -> Words:
        """The words for a column or table: the pack's own, the catalogue's, or the name itself."""
        if (own := self.own_words(name, section)) is not None:
            return own
        for place in (section, "column", "metric", "word", "chart"):
            if words.has(f"{place}.{name}"):
                return named(f"{place}.{name}")
        return plain(name)

    def own_words(self, name: str, section: str = "column") -> Words | None:
        """The pack's own words for a column, value or table; None where it has none."""
        keys = [f"{self.name}.{name}"]
        if section == "table":
            keys.insert(0, name)
        elif name not in self.tables:
            keys.append(name)
        if (own := next((k for k in keys if k in self.titles), None)) is not None:
            return self.titles[own]
        column = self.columns.get(name)
        return column.title if column is not None else None

    def value_words(self, text: str) -> Words | None:
        """The pack's own words for a value: of the whole, else of each part of a dotted name.

        `raw_coal.carbon` is told by the words for raw_coal and for carbon; None where a part has
        none.
        """
        if (own := self.own_words(text)) is not None or "." not in text:
            return own
        parts = [w for part in text.split(".") if (w := self.own_words(part)) is not None]
        if len(parts) <= text.count("."):
            return None
        return Words(zh=" · ".join(w.zh for w in parts), en=" · ".join(w.en for w in parts))

    def heading(self) -> Words:
        """The chart's title: as given, else the words for its table."""
        return self.title or self.words(self.name, "table")

    def unit_of(self, name: str, default: str = "") -> str:
        """The unit of a column: the pack's page, then its contract, then `default`."""
        for key in (f"{self.name}.{name}", name):
            if key in self.units:
                return self.units[key]
        column = self.columns.get(name)
        return column.unit if column is not None and column.unit else default


def named(key: str) -> Words:
    """The catalogue's text in both languages."""
    return Words(zh=words.say(key, lang="zh"), en=words.say(key, lang="en"))


def plain(text: str) -> Words:
    """The same text in both languages, for names that come from the data."""
    shown = str(text).replace("_", " ").strip() or "-"
    return Words(zh=shown, en=shown)
