"""Backups of the whole store, with the tables of every service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import qianhang
from qianhang.compute.artefacts import shelf
from qianhang.runs.workplace import PARTS, open_store
from qianhang.store import Settings, Store
from qianhang.store.backup import Manifest, back_up
from qianhang.store.log import Check
from qianhang.store.restore import restore
from qianhang.store.sent import hoarded

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["MOST_MB", "left_out", "make", "sent", "take_back"]

MOST_MB = 10_000


def make(
    store: Store, target: Path, *, home: Path, at: datetime, most_mb: int = MOST_MB
) -> Manifest:
    """What the new archive at `target` holds, with the uploads below `home`; raises what making it
    raises.

    most_mb : MB of jobs' result files that it holds at most, the newest first
    """

    def chosen(connection: sa.Connection) -> Mapping[str, Sequence[str]]:
        return {shelf.BESIDE: shelf.newest(connection, most_mb * 1_000_000)}

    return back_up(
        store, target, home=home, parts=PARTS, at=at, version=qianhang.__version__, beside=chosen
    )


def left_out(store: Store, made: Manifest) -> tuple[int, int]:
    """How many result files of jobs are not in the archive, and their bytes."""
    with store.read() as connection:
        held = shelf.held(connection)
    absent = [size for sha, size in held.items() if sha not in made.beside.get(shelf.BESIDE, {})]
    return len(absent), sum(absent)


def sent(home: Path) -> tuple[int, int]:
    """How many files people sent that a backup holds as well, and their bytes."""
    return hoarded(home)


def take_back(settings: Settings, source: Path) -> Check:
    """The check of the store that now holds what the archive does; whatever restoring raises.

    Result files of jobs that the archive does not hold are told as gone, in the log.
    """
    check = restore(settings, source, parts=PARTS)
    with open_store(settings) as store:
        shelf.lost(store, at=datetime.now(UTC))
    return check
