"""Backups of the whole store, with the tables of every service."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import qianhang
from qianhang.runs.workplace import PARTS
from qianhang.store import Settings, Store
from qianhang.store.backup import Manifest, back_up
from qianhang.store.log import Check
from qianhang.store.restore import restore

__all__ = ["make", "take_back"]


def make(store: Store, target: Path, *, at: datetime) -> Manifest:
    """What the new archive at `target` holds; whatever making it raises."""
    return back_up(store, target, parts=PARTS, at=at, version=qianhang.__version__)


def take_back(settings: Settings, source: Path) -> Check:
    """The check of the store that now holds what the archive does; whatever restoring raises."""
    return restore(settings, source, parts=PARTS)
