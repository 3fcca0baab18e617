"""Widgets by kind: a trial's frame in, a chart as plain data out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from qianhang.charts.chart import Chart, Setting
from qianhang.charts.widgets import cells, course, events, judgement
from qianhang.charts.widgets.choice import chosen, one_unit
from qianhang.core.errors import PackError
from qianhang.core.schema import nearest

__all__ = ["WIDGETS", "widget"]

WIDGETS: Mapping[str, Callable[[pd.DataFrame, Setting], Chart]] = MappingProxyType(
    {
        "bars": judgement.bars,
        "calibration": judgement.calibration,
        "decision": judgement.decision,
        "fan": course.fan,
        "forest": judgement.forest,
        "gantt": events.gantt,
        "heat": cells.heat,
        "kpi": judgement.kpi,
        "line": course.line,
        "network": cells.network,
        "scatter": course.scatter,
        "skill": course.skill,
        "stack": cells.stack,
        "table": cells.table,
        "timeline": events.timeline,
    }
)

# Kinds that draw one place or one course; of a table of several units, the first is drawn.
_OF_ONE_UNIT = ("fan", "network", "timeline")


def widget(spec: str, frame: pd.DataFrame, setting: Setting) -> Chart:
    """The chart that `kind:table`, or `kind:table.column`, of a pack.toml asks for.

    Raises PackError naming the nearest kind that exists, or the columns that the frame lacks.
    """
    kind, _, name = spec.partition(":")
    make = WIDGETS.get(kind)
    if make is None:
        guess = nearest(kind, WIDGETS)
        hint = f"did you mean {guess}?" if guess else f"kinds: {', '.join(WIDGETS)}"
        raise PackError("QH207", f"widget {spec!r}: kind {kind!r} does not exist", hint=hint)
    column = name.partition(".")[2]
    if column:
        frame, setting = chosen(frame, column, setting)
    elif kind in _OF_ONE_UNIT:
        frame, setting = one_unit(frame, setting)
    return make(frame, setting)
