"""The style of every page: the charts' own, then page.css beside this file."""

from __future__ import annotations

import functools
from pathlib import Path

from qianhang.charts import STYLE

__all__ = ["sheet"]


@functools.cache
def sheet() -> str:
    """The whole style sheet, without comments."""
    return STYLE + Path(__file__).with_name("page.css").read_text(encoding="utf8")
