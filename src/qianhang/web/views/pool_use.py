"""A pool's use over the last week: the figure of its page, and the table behind it."""

from __future__ import annotations

from qianhang.charts import Axis, Chart, Field, Mark, Series, Table
from qianhang.compute.door import census
from qianhang.core.day import ZONE
from qianhang.core.manifest import Words
from qianhang.web import words
from qianhang.web.asked import Asked
from qianhang.web.views.pools import Line

__all__ = ["chart"]


def chart(ask: Asked, line: Line) -> Chart:
    """Chips in use by the hour over seven days, beside those that there are."""
    hours = census.history(ask.store, line.held.pool.id, now=ask.now)
    x = tuple(hour.start.timestamp() for hour in hours)
    y = tuple(round(hour.chips, 4) for hour in hours)
    when, chips = _named("pools.hour"), _named("pools.busy")
    fields = (
        Field(when, kind="time", zone=ZONE.key),
        Field(chips, "card"),
        Field(_named("pools.share"), "%"),
    )
    rows = tuple((t, v, round(100 * v / line.chips, 1)) for t, v in zip(x, y, strict=True))
    return Chart(
        kind="line", title=_named("pools.use"),
        x=Axis(when, kind="time", zone=ZONE.key), y=Axis(chips, "card", low=0.0),
        table=Table(fields, rows, len(rows)),
        series=(Series(chips, x, y, "ours", "step"),),
        marks=(Mark("horizontal", _named("pools.total"), float(line.chips), role="limit"),),
        source=_named("pools.use_source"), note=_named("pools.use_note"),
    )  # fmt: skip


def _named(key: str) -> Words:
    """The console's text in both languages."""
    return Words(words.say(key, lang="zh"), words.say(key, lang="en"))
