"""Who decides: one supervisor at a time, each change of hands with a new epoch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.moments import stamp
from qianhang.core.errors import QianhangError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Deposed", "guard", "release", "take"]

_TABLE = schema.lease


class Deposed(QianhangError):
    """Another supervisor decides now: whatever this one was about to write is not written."""


def take(store: Store, holder: str, *, now: datetime, lasts: timedelta) -> int | None:
    """The epoch under which `holder` decides until `now` + `lasts`; None while another does."""
    with store.write() as tx:
        row = tx.execute(sa.select(_TABLE).with_for_update()).mappings().one()
        mine = row["holder"] == holder
        if not mine and row["until"] > stamp(now):
            return None
        epoch = int(row["epoch"]) + (0 if mine else 1)
        values = {"epoch": epoch, "holder": holder, "until": stamp(now + lasts)}
        tx.execute(sa.update(_TABLE).values(values))
    return epoch


def guard(tx: Transaction, epoch: int) -> None:
    """Nothing, where this epoch still holds; the row is locked until the transaction ends.

    Raises Deposed where it does not.
    """
    held = tx.execute(sa.select(_TABLE.c.epoch).with_for_update()).scalar_one()
    if held != epoch:
        raise Deposed("QH593", f"supervisor of epoch {epoch}: epoch {held} decides now")


def release(store: Store, epoch: int) -> None:
    """The lease free at once, where this epoch still holds it."""
    with store.write() as tx:
        tx.execute(sa.update(_TABLE).where(_TABLE.c.epoch == epoch).values(holder="", until=""))
