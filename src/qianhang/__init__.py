"""qianhang (千行): AI scenarios for a province, from data to evidence."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.api import Run, Scenario, history, run, scenario, scenarios

__all__ = ["Run", "Scenario", "__version__", "history", "run", "scenario", "scenarios"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name.startswith("_") or name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module("qianhang.api"), name)
    globals()[name] = value
    return value
