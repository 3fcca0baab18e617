"""Trained models: kept without pickle, numbered, carded, found again."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.models.card import Card, Fact, Section
    from qianhang.models.registry import (
        ModelVersion,
        NewModel,
        get,
        newest,
        register,
        restage,
        verify,
        versions,
    )
    from qianhang.models.saving import Saved, load, manifest, save
    from qianhang.models.tables import PART

__all__ = [
    "PART",
    "Card",
    "Fact",
    "ModelVersion",
    "NewModel",
    "Saved",
    "Section",
    "get",
    "load",
    "manifest",
    "newest",
    "register",
    "restage",
    "save",
    "verify",
    "versions",
]

_HOME = {
    "PART": "tables",
    "Card": "card",
    "Fact": "card",
    "Section": "card",
    "Saved": "saving",
    "load": "saving",
    "manifest": "saving",
    "save": "saving",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOME.get(name, 'registry')}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value
