"""Charts as plain data, made from a trial's frames and drawn as SVG without a browser."""

from qianhang.charts.chart import (
    Axis,
    Band,
    Chart,
    Field,
    Link,
    Mark,
    Row,
    Series,
    Setting,
    Span,
    Table,
)
from qianhang.charts.picture import describe, draw, table_html
from qianhang.charts.style import STYLE
from qianhang.charts.widgets import WIDGETS, widget

__all__ = [
    "STYLE",
    "WIDGETS",
    "Axis",
    "Band",
    "Chart",
    "Field",
    "Link",
    "Mark",
    "Row",
    "Series",
    "Setting",
    "Span",
    "Table",
    "describe",
    "draw",
    "table_html",
    "widget",
]
