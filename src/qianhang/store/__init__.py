"""Rows, files and the hash-chained log that every service keeps its state in.

The names load on first use: reading `Settings` or calling `glance` does not import SQLAlchemy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.store.files import Files
    from qianhang.store.log import Broken, Check, LogEntry
    from qianhang.store.lookup import glance
    from qianhang.store.migrate import Part
    from qianhang.store.schema import metadata
    from qianhang.store.settings import SETTINGS, Setting, Settings
    from qianhang.store.store import Store, Transaction

__all__ = [
    "SETTINGS",
    "Broken",
    "Check",
    "Files",
    "LogEntry",
    "Part",
    "Setting",
    "Settings",
    "Store",
    "Transaction",
    "glance",
    "metadata",
]

_HOME = {
    "SETTINGS": "settings",
    "Broken": "log",
    "Check": "log",
    "Files": "files",
    "LogEntry": "log",
    "Part": "migrate",
    "Setting": "settings",
    "Settings": "settings",
    "Store": "store",
    "Transaction": "store",
    "metadata": "schema",
    "glance": "lookup",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
