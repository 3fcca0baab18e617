"""One quantity out of a table: `kind:table.column`, a column of its own for each policy."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from qianhang.charts.chart import Setting
from qianhang.charts.widgets.columns import find, flat, need, role
from qianhang.core.manifest import Words

__all__ = ["chosen", "one_unit"]

_METHODS = ("policy", "method", "plan", "model")
_STEPS = ("time", "day", "step", "hour", "lead")
_FIRST = ("ours", "trivial", "practice", "published")


def chosen(frame: pd.DataFrame, column: str, setting: Setting) -> tuple[pd.DataFrame, Setting]:
    """The frame with only `column` in it, spread over policies, and the setting that names it.

    A table of steps is shown for its first unit (season, machine), which the title then names.
    Raises PackError where the table has no such column.
    """
    rows = flat(frame)
    need(rows, setting, column)
    words = setting.words(column)
    method, step = find(rows, *_METHODS), find(rows, *_STEPS)
    along = step or find(rows, "unit", "fold", "name") or method or str(rows.columns[0])
    title = setting.titles.get(f"{setting.name}.{column}", words)
    if step and "unit" in rows.columns and along != "unit":
        first = rows["unit"].iloc[0]
        rows = rows[rows["unit"] == first]
        title = Words(f"{title.zh} · {first}", f"{title.en} · {first}")
    if method is not None and method == along:
        rows, along = rows.assign(name=column), "name"
    narrow = _spread(rows, along, column, method) if method else rows[[along, column]]
    named = replace(
        setting,
        title=setting.title or title,
        unit=setting.unit_of(column, setting.unit),
        titles={**setting.titles, "value": words, f"{setting.name}.{column}": words},
    )
    return narrow, named


def one_unit(frame: pd.DataFrame, setting: Setting) -> tuple[pd.DataFrame, Setting]:
    """The rows of the first unit (twin, season), which the title then names; all of one unit."""
    if "unit" not in frame.columns or frame["unit"].nunique() < 2:
        return frame, setting
    first = frame["unit"].iloc[0]
    title = setting.heading()
    named = replace(setting, title=Words(f"{title.zh} · {first}", f"{title.en} · {first}"))
    return frame[frame["unit"] == first].reset_index(drop=True), named


def _spread(rows: pd.DataFrame, along: str, column: str, method: str) -> pd.DataFrame:
    wide = rows.pivot_table(index=along, columns=method, values=column, sort=False)
    order = [n for n in _FIRST if n in wide.columns]
    order += [n for n in wide.columns if role(str(n)) == "other" or n not in order]
    return wide[list(dict.fromkeys(order))].rename_axis(columns=None).reset_index()
