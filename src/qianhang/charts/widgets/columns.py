"""Reading a trial's frame: which column means what, as plain tuples of numbers and words."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
from pandas.api import types

from qianhang.charts.chart import Axis, Cell, Field, Number, Role, Setting, Table, named
from qianhang.core import words
from qianhang.core.errors import PackError
from qianhang.core.manifest import Words

__all__ = [
    "ROLES",
    "clock",
    "find",
    "flat",
    "need",
    "numbers",
    "numeric",
    "role",
    "table_of",
    "texts",
]

# Columns that hold names, which the pack or the catalogue may have words for.
_NAMES = (
    "policy",
    "metric",
    "group",
    "outcome",
    "kind",
    "method",
    "plan",
    "side",
    "feature",
    "level",
)
LONGEST = 2000  # rows of a number table; the rest is in the run's own files
ROLES: dict[str, Role] = {
    "ours": "ours", "model": "ours", "p50": "ours", "forecast": "ours", "predicted": "ours",
    "prediction": "ours", "trivial": "trivial", "baseline": "trivial", "naive": "trivial",
    "practice": "practice", "published": "published", "actual": "actual", "observed": "actual",
    "truth": "actual", "bar": "limit", "limit": "limit", "threshold": "limit", "target": "limit",
    "cap": "limit", "at_most": "limit", "at_least": "limit", "treat_all": "trivial",
    "treat_none": "actual", "all": "trivial", "none": "actual",
}  # fmt: skip


def role(name: str) -> Role:
    """What a column of this name stands for."""
    return ROLES.get(str(name).lower(), "other")


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its index as columns, where the index holds anything but row numbers."""
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame
    plain = frame.index.name is None and isinstance(frame.index, pd.MultiIndex) is False
    if plain:
        is_time = isinstance(frame.index, pd.DatetimeIndex)
        if not is_time and types.is_integer_dtype(frame.index):
            return frame.reset_index(drop=True)
        return frame.rename_axis("time" if is_time else "name").reset_index()
    return frame.reset_index(allow_duplicates=True)


def find(frame: pd.DataFrame, *names: str) -> str | None:
    """The first of the names that the frame has as a column."""
    return next((n for n in names if n in frame.columns), None)


def need(frame: pd.DataFrame, setting: Setting, *names: str) -> str:
    """The first of the names that the frame has.

    Raises PackError naming the table, what it has and what the widget needs.
    """
    found = find(frame, *names)
    if found is None:
        have = ", ".join(map(str, frame.columns)) or "no column"
        wanted = " or ".join(names)
        raise PackError("QH208", f"table {setting.name}: found {have}; a column {wanted} is needed")
    return found


def numeric(frame: pd.DataFrame, *, but: Iterable[str | None] = ()) -> list[str]:
    """Names of the number columns, in order, without flags and those in `but`."""
    left_out = set(but)
    return [
        c
        for c in frame.columns
        if c not in left_out
        and types.is_numeric_dtype(frame[c])
        and not types.is_bool_dtype(frame[c])
    ]


def numbers(values: pd.Series) -> tuple[Number, ...]:
    """The values as floats, None where there is none; times as seconds since 1970 UTC."""
    if types.is_datetime64_any_dtype(values):
        return tuple(None if pd.isna(v) else float(v.timestamp()) for v in values)
    if types.is_timedelta64_dtype(values):
        return tuple(None if pd.isna(v) else float(v.total_seconds()) for v in values)
    return tuple(_number(v) for v in values)


def _number(value: Any) -> Number:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def texts(values: pd.Series) -> tuple[str, ...]:
    """The values as text; whole floats without their .0."""
    return tuple(_text(v) for v in values)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT:
        return "–"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def clock(frame: pd.DataFrame, column: str, setting: Setting) -> Axis:
    """The axis of an ordering column, first to last value: time in its zone, or number."""
    values = frame[column]
    if types.is_datetime64_any_dtype(values):
        return Axis(named("chart.time"), kind="time", zone=_zone(values, setting))
    known = [v for v in numbers(values) if v is not None]
    whole = all(v.is_integer() for v in known)
    ends = (min(known), max(known)) if known else (0.0, 1.0)
    words = setting.words(column)
    return Axis(words, setting.unit_of(column), low=ends[0], high=ends[1], whole=whole)


def _zone(values: pd.Series, setting: Setting) -> str:
    zone = getattr(values.dtype, "tz", None)
    return setting.zone or (str(zone) if zone is not None else "")


def table_of(frame: pd.DataFrame, setting: Setting, *, alike: Collection[str] = ()) -> Table:
    """The frame as a number table, cut to a readable length unless the whole is asked for.

    alike : columns in the unit of the chart where nothing tells another
    """
    frame = flat(frame)
    short = frame if setting.whole else frame.head(LONGEST)
    fields = tuple(_field(short[c], str(c), setting, alike) for c in short.columns)
    columns = [
        _cells(short[c], field.kind, str(c), setting)
        for c, field in zip(short.columns, fields, strict=True)
    ]
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    return Table(fields=fields, rows=rows, total=len(frame))


def _field(values: pd.Series, name: str, setting: Setting, alike: Collection[str]) -> Field:
    words = setting.words(name)
    if types.is_bool_dtype(values):
        return Field(words, kind="flag")
    if types.is_datetime64_any_dtype(values):
        return Field(words, kind="time", zone=_zone(values, setting))
    if types.is_numeric_dtype(values) or types.is_timedelta64_dtype(values):
        unit = (
            "s"
            if types.is_timedelta64_dtype(values)
            else setting.unit_of(name, setting.unit if name in alike else _shared(name, setting))
        )
        return Field(words, unit=unit)
    return Field(words, kind="text")


def _shared(name: str, setting: Setting) -> str:
    return setting.unit if name in ROLES or name in ("p10", "p90", "low", "high") else ""


def _gauges(text: str, setting: Setting) -> Words:
    """Columns named inside a text, as in `ph +0.5 (±0.22)` or `log(age)`, in the reader's words."""
    said = {"zh": text, "en": text}
    for name in sorted(set(re.findall(r"[A-Za-z_]\w*", text)), key=len, reverse=True):
        if name not in setting.columns and not words.has(f"chart.{name}"):
            continue
        own = setting.words(name, "column" if name in setting.columns else "chart")
        said["zh"] = re.sub(rf"\b{name}\b", own.zh, said["zh"])
        said["en"] = re.sub(rf"\b{name}\b", own.en, said["en"])
    return Words(**said)


def _cells(values: pd.Series, kind: str, name: str, setting: Setting) -> tuple[Cell, ...]:
    if kind == "flag":
        return tuple(None if pd.isna(v) else bool(v) for v in values)
    if kind != "text":
        return numbers(values)
    if name == "outcome":
        # Hit, miss, event: the chart's words, whatever a pack calls a column of that name.
        words_ = Setting().words
        return tuple(words_(text, "chart") for text in texts(values))
    if name in ("sensors", "term"):
        return tuple(_gauges(text, setting) for text in texts(values))
    if name in _NAMES:
        section = "metric" if name == "metric" else "chart"
        return tuple(setting.words(text, section) for text in texts(values))
    return tuple(setting.value_words(text) or text for text in texts(values))
