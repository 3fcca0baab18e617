"""Runs join a pack, data, a pool, a model, the gate and the ledger; the only package that may."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.runs.comparison import compare
    from qianhang.runs.display import manifest_of, page, tables_of, view
    from qianhang.runs.record import Record, get, recent
    from qianhang.runs.request import Request
    from qianhang.runs.run import carry_out
    from qianhang.runs.serving import Served, predict, predict_file
    from qianhang.runs.tiers import keep_conformance, update_tier
    from qianhang.runs.workplace import open_store, read_store

__all__ = [
    "Record",
    "Request",
    "Served",
    "carry_out",
    "compare",
    "get",
    "keep_conformance",
    "manifest_of",
    "open_store",
    "page",
    "predict",
    "predict_file",
    "read_store",
    "recent",
    "tables_of",
    "update_tier",
    "view",
]

_HOME = {
    "Record": "record",
    "Request": "request",
    "Served": "serving",
    "carry_out": "run",
    "compare": "comparison",
    "get": "record",
    "keep_conformance": "tiers",
    "manifest_of": "display",
    "open_store": "workplace",
    "page": "display",
    "predict": "serving",
    "predict_file": "serving",
    "read_store": "workplace",
    "recent": "record",
    "tables_of": "display",
    "update_tier": "tiers",
    "view": "display",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    # An import binds a submodule under its own name, which may be a function's as well.
    globals()[name] = value
    return value
