"""A what-if study as its page shows it: cases by name, charts of their figures, one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qianhang.charts import Chart
from qianhang.charts.chart import Axis, Cell, Field, Role, Series, Table
from qianhang.core.manifest import Words
from qianhang.runs.studies.carrier import SHARES
from qianhang.runs.studies.desk import Study
from qianhang.web import words

__all__ = ["Case", "cases", "charts", "table"]

_ROLES: tuple[Role, ...] = ("trivial", "ours", "practice", "published", "actual", "other")
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the network as it is, or after one change. Waits in s, costs in yuan."""

    name: Words
    figures: Mapping[str, float]
    cost: Mapping[str, float]
    waits: Sequence[float]

    @property
    def cny(self) -> float:
        """Chip-hours and electricity together."""
        return self.cost["chips_cny"] + self.cost["power_cny"]


def cases(found: Study) -> tuple[Case, ...]:
    """The cases of a finished study, the network as it is first."""
    return tuple(
        Case(_called(one["kind"], one["pool"]), one["figures"], one["cost"], one["waits"])
        for one in found.result.get("cases", ())
    )


def _called(kind: str, pool: str) -> Words:
    zh, en = (words.say(f"compute.whatif.{kind}", lang=lang, pool=pool) for lang in ("zh", "en"))
    return Words(zh=zh, en=en)


def charts(found: Sequence[Case]) -> tuple[Chart, ...]:
    """Waits before and after as curves, then use of the chips, PUE and cost as bars."""
    bars = (
        ("wait", "h", [c.figures["mean_wait_s"] / _HOUR for c in found]),
        ("use", "%", [c.figures["utilisation"] * 100 for c in found]),
        ("pue", "1", [c.figures["pue"] for c in found]),
        ("cost_of", "CNY", [c.cny for c in found]),
    )
    return (_curves(found), *(_bars(found, key, unit, values) for key, unit, values in bars))


def _curves(found: Sequence[Case]) -> Chart:
    share = named("whatif.share")
    x = tuple(100 * s for s in SHARES)
    lines = tuple(
        Series(one.name, x, tuple(w / _HOUR for w in one.waits), _ROLES[min(n, len(_ROLES) - 1)])
        for n, one in enumerate(found)
    )
    heads = (Field(share, "%"), *(Field(one.name, "h") for one in found))
    rows = tuple((at, *(line.y[n] for line in lines)) for n, at in enumerate(x))
    return Chart(
        kind="line", title=named("whatif.waits"), x=Axis(share, "%", low=0.0, high=100.0),
        y=Axis(named("whatif.at_most"), "h", low=0.0), series=lines,
        table=Table(heads, rows, len(rows)), source=named("whatif.source"),
    )  # fmt: skip


def _bars(found: Sequence[Case], key: str, unit: str, values: Sequence[float]) -> Chart:
    title, case = named(f"whatif.{key}"), named("compute.whatif.case")
    series = Series(title, tuple(map(float, range(len(values)))), tuple(values), "ours", "bar")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (one.name, value) for one, value in zip(found, values, strict=True)
    )
    return Chart(
        kind="bars", title=title,
        x=Axis(case, kind="category", categories=tuple(one.name for one in found)),
        y=Axis(title, unit, low=0.0), series=(series,),
        table=Table((Field(case, kind="text"), Field(title, unit)), rows, len(rows)),
        source=named("whatif.source"),
    )  # fmt: skip


_FIGURES = (
    ("jobs", "", 1.0), ("refused", "", 1.0), ("mean_wait_s", "h", _HOUR),
    ("p50_wait_s", "h", _HOUR), ("p99_wait_s", "h", _HOUR), ("max_wait_s", "h", _HOUR),
    ("mean_completion_s", "h", _HOUR), ("utilisation", "%", 0.01), ("it_kwh", "kWh", 1.0),
    ("pue", "1", 1.0),
)  # fmt: skip
_COSTS = (("site_kwh", "kWh"), ("chips_cny", "CNY"), ("power_cny", "CNY"))


def table(found: Sequence[Case]) -> Table:
    """Every figure of every case, a row a case."""
    heads = (
        Field(named("compute.whatif.case"), kind="text"),
        *(Field(named(f"whatif.{name}"), unit) for name, unit, _ in _FIGURES),
        *(Field(named(f"whatif.{name}"), unit) for name, unit in _COSTS),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            one.name, *(one.figures[name] / size for name, _, size in _FIGURES),
            *(one.cost[name] for name, _ in _COSTS),
        )
        for one in found
    )  # fmt: skip
    return Table(heads, rows, len(rows))


def named(key: str) -> Words:
    """The console's text in both languages."""
    return Words(zh=words.say(key, lang="zh"), en=words.say(key, lang="en"))
