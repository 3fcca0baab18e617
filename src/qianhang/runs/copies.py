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
from qianhang.store.sent import hoarded

__all__ = ["make", "sent", "take_back"]


def make(store: Store, target: Path, *, home: Path, at: datetime) -> Manifest:
    """What the new archive at `target` holds, with the uploads below `home`; raises what making it
    raises."""
    return back_up(store, target, home=home, parts=PARTS, at=at, version=qianhang.__version__)


def sent(home: Path) -> tuple[int, int]:
    """How many files people sent that a backup holds as well, and their bytes."""
    return hoarded(home)


def take_back(settings: Settings, source: Path) -> Check:
    """The check of the store that now holds what the archive does; whatever restoring raises."""
    return restore(settings, source, parts=PARTS)
