"""pack.toml as typed, frozen values: what a scenario promises, in words that an expert reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from qianhang.core import schema, units
from qianhang.core.errors import PackError

__all__ = [
    "Bar",
    "Baseline",
    "Case",
    "Column",
    "Feed",
    "Headline",
    "Input",
    "Manifest",
    "Page",
    "Published",
    "Split",
    "Words",
    "load",
]

Task = Literal[
    "forecast", "classify", "survive", "detect", "optimise", "control", "retrieve", "spatial",
    "formula",
]  # fmt: skip
Role = Literal[
    "time", "target", "feature", "group", "place", "protected", "event", "duration", "text", "id"
]
_WHOLE = {"1": 1.0, "%": 100.0}
SplitKind = Literal["forward", "season_out", "unit_out", "group", "spatial_block", "given", "none"]


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        if not self.zh.strip() or not self.en.strip():
            raise ValueError("both zh and en must hold text")


@dataclass(frozen=True, slots=True)
class Column:
    """The contract of one column: unit, bounds, sentinels, role.

    low, high : bounds in `unit`, inclusive
    sentinel : numbers that mean "no value" in the source
    values : the allowed categories or codes
    step : spacing of a time column, as "30min", "1h", "1d"
    zone : time zone in which naive times are read
    """

    unit: str = ""
    low: float | None = None
    high: float | None = None
    sentinel: tuple[float, ...] = ()
    role: Role = "feature"
    kind: Literal["number", "integer", "boolean", "category", "text", "time", ""] = ""
    values: tuple[str | int | float, ...] = ()
    known_ahead: bool = False
    required: bool = True
    missing: Literal["refuse", "allow"] = "refuse"
    step: str = ""
    zone: str = ""
    aliases: tuple[str, ...] = ()
    title: Words | None = None

    def __post_init__(self) -> None:
        if self.unit and not units.known(self.unit):
            raise ValueError(units.unknown(self.unit))
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")

    @property
    def type(self) -> str:
        """number, integer, boolean, category, text or time, from `kind` or what the rest says."""
        if self.kind:
            return self.kind
        if self.role in ("time", "text"):
            return self.role
        if self.values:
            return "category"
        return "text" if self.role in ("id", "group") else "number"


@dataclass(frozen=True, slots=True)
class Input:
    """A further input beside the main table.

    suffixes : endings of the names that a `file` may have, as [".sumocfg"]; the pack reads it
    neighbours : whether such a file names others beside it, which then belong to it
    """

    format: Literal["table", "epanet", "text", "json", "file", "folder"]
    title: Words
    required: bool = True
    suffixes: tuple[str, ...] = ()
    neighbours: bool = False
    columns: Mapping[str, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.suffixes) != (self.format == "file"):
            raise ValueError('suffixes go with format = "file", and it needs them')
        if any(not s.startswith(".") for s in self.suffixes):
            raise ValueError("a suffix begins with a dot")

    def takes(self, name: str) -> bool:
        """Whether a file of that name can be this input, by its ending."""
        return name.lower().endswith(tuple(s.lower() for s in self.suffixes))


@dataclass(frozen=True, slots=True)
class Split:
    """How training is kept apart from test; kinds that are not random, see docs/handbook.

    test_from : first day of the test part (forward); test_share : its share where no day is given
    folds : number of folds; every : steps between forecast origins; column : what is held out
    """

    kind: SplitKind = "none"
    test_share: float = 0.25
    test_from: str = ""
    test_to: str = ""
    folds: int = 1
    every: int = 0
    column: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The best figure known, and how we know it; source_zh : the source told in Chinese."""

    value: float
    source: str
    verified: Literal["read", "recalled", "measured", "recomputed"]
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit that the pack promises to keep on held-out data.

    on : mean over all folds, or every fold
    where : plain name of the score when it is not `metric` itself (a subgroup's, say)
    """

    metric: str
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""
    on: Literal["all", "every_fold"] = "all"
    published: Published | None = None
    reason: Words | None = None

    def __post_init__(self) -> None:
        if self.at_most is None and self.at_least is None:
            raise ValueError("a bar needs at_most or at_least")


@dataclass(frozen=True, slots=True)
class Case:
    """One data set (or simulator set-up) on which the pack is held to bars.

    synthetic : run on the pack's own sample, marked as such everywhere and never evidence
    """

    name: str
    title: Words
    dataset: str = ""
    embedded: bool = False
    twin: bool = False
    synthetic: bool = False
    split: Split | None = None
    params: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    target: str | tuple[str, ...] = ""
    horizon: int = 0
    season: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    bar: tuple[Bar, ...] = ()
    better_by: float | None = None

    def __post_init__(self) -> None:
        if self.synthetic and self.dataset:
            raise ValueError("a synthetic case has no dataset")


@dataclass(frozen=True, slots=True)
class Headline:
    """The figure that comes first: money or service."""

    title: Words
    unit: str


@dataclass(frozen=True, slots=True)
class Feed:
    """An indicator of plans for which a run on one's own data gives the figure.

    indicator : the indicator, in the words that offices use
    figure : a score of the run, or "headline"; unit : of the indicator
    words : what a plan may call it; of one entry every part, cut at blanks, has to be there
    without : words that tell of something else
    rest : the indicator is what the figure leaves of the whole, as accuracy is of error
    over : how the figures of several sites become one
    """

    indicator: Words
    figure: str
    unit: str
    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    rest: bool = False
    over: Literal["worst", "sum", "last"] = "worst"

    def __post_init__(self) -> None:
        if not units.known(self.unit):
            raise ValueError(units.unknown(self.unit))
        if not self.words or not all(w.strip() for w in self.words):
            raise ValueError("words must hold what a plan may call the indicator")
        if self.rest and self.unit not in _WHOLE:
            raise ValueError(f"rest needs the unit {' or '.join(_WHOLE)}, found {self.unit}")

    def fits(self, text: str) -> bool:
        """Whether a plan that writes so means this indicator."""
        low = text.casefold()
        called = any(all(part in low for part in w.casefold().split()) for w in self.words)
        return called and not any(w.casefold() in low for w in self.without)

    def value(self, figures: Mapping[str, float | None]) -> float | None:
        """The indicator's value, in `unit`; None where the run has no such figure."""
        found = figures.get(self.figure)
        return found if found is None or not self.rest else _WHOLE[self.unit] - found


@dataclass(frozen=True, slots=True)
class Baseline:
    """What ours is measured against; better_by = 1 - ours / trivial on the first bar's metric."""

    trivial: Words
    practice: Words | None = None
    better_by: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """Widgets in order, each `kind:table`.

    titles : words for a table or one of its columns; units : unit of a trial table's column
    """

    widgets: tuple[str, ...] = ()
    titles: Mapping[str, Words] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> frozenset[str]:
        """Names of the trial's tables that the widgets show."""
        pairs = (w.partition(":") for w in self.widgets)
        return frozenset(name.partition(".")[0] for kind, _, name in pairs if kind != "kpi")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole pack.toml."""

    title: Words
    summary: Words
    task: Task
    covers: tuple[str, ...]
    owner: str
    risk: Literal["minimal", "limited", "high"]
    subject: Literal["person", "firm", "area", "thing"]
    purpose: str
    baseline: Baseline
    case: tuple[Case, ...]
    version: str = "1"
    extra: str = ""
    requires: tuple[str, ...] = ()
    human_role: Words | None = None
    device_class: Literal["none", "II", "III", "undetermined", ""] = ""
    licence_class: Literal["C", "R", "N", "G"] = "C"
    target: str | tuple[str, ...] = ""
    horizon: int = 0
    season: int = 0
    group_by: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    as_of: str = ""
    event_min: int = 0
    params: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    headline: Headline | None = None
    feeds: tuple[Feed, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    split: Split = Split()
    page: Page = Page()

    def __post_init__(self) -> None:
        if not self.case:
            raise ValueError("a pack needs at least one [[case]]")
        names = [c.name for c in self.case]
        if len(set(names)) < len(names):
            raise ValueError(f"case names repeat: {', '.join(names)}")
        for group in (self.group_by, self.subgroups):
            for column in group:
                if self.columns and column not in self.columns:
                    guess = schema.nearest(column, self.columns)
                    hint = f"; did you mean {guess}?" if guess else ""
                    raise ValueError(f"column {column!r} is not in [columns]{hint}")

    def default_case(self, *, own: bool) -> str:
        """The case taken where none is named: for one's own data one that names no data set."""
        free = [c.name for c in self.case if not c.dataset and not c.synthetic]
        return free[0] if own and free else self.case[0].name

    def find_case(self, name: str = "") -> Case:
        """The named case with the pack's defaults filled in; the first when no name is given.

        Raises PackError naming the cases that exist.
        """
        for case in self.case:
            if not name or case.name == name:
                return self._filled(case)
        names = [c.name for c in self.case]
        guess = schema.nearest(name, names)
        raise PackError(
            "QH204",
            f"case {name!r} does not exist; cases: {', '.join(names)}",
            hint=f"did you mean {guess!r}?" if guess else "",
        )

    def _filled(self, case: Case) -> Case:
        better = self.baseline.better_by if case.better_by is None else case.better_by
        return replace(
            case,
            split=case.split or self.split,
            params={**self.params, **case.params},
            target=case.target or self.target,
            horizon=case.horizon or self.horizon,
            season=case.season or self.season,
            columns=dict(case.columns) or dict(self.columns),
            better_by=better,
        )


def load(path: Path) -> Manifest:
    """The manifest in a pack.toml file.

    Raises PackError that names file, key, what was found, what is allowed, the nearest name.
    """
    return schema.read(Manifest, schema.read_toml(path), where=str(path))
