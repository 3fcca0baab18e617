"""Who decides: one supervisor at a time, each change of hands with a new epoch."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.moments import stamp
from qianhang.core.errors import Deposed

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["guard", "holder", "release", "take"]

_TABLE = schema.lease
_HELD = sa.select(_TABLE.c.epoch).with_for_update()


def holder() -> str:
    """A name that no other supervisor has, from which it is seen whether its process lives."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{_born(pid)}/{secrets.token_hex(4)}"


def take(store: Store, name: str, *, now: datetime, lasts: timedelta) -> int | None:
    """The epoch under which `name` decides until `now` + `lasts`; None while another does.

    One that is known to be dead gives way at once; the epoch keeps it out, should it not be.
    """
    with store.write() as tx:
        row = tx.execute(sa.select(_TABLE).with_for_update()).mappings().one()
        mine = row["holder"] == name
        if not mine and row["until"] > stamp(now) and not _dead(row["holder"]):
            return None
        epoch = int(row["epoch"]) + (0 if mine else 1)
        values = {"epoch": epoch, "holder": name, "until": stamp(now + lasts)}
        tx.execute(sa.update(_TABLE).values(values))
    return epoch


def guard(tx: Transaction, epoch: int) -> None:
    """Nothing, where this epoch still holds; the row is locked until the transaction ends.

    Raises Deposed where it does not.
    """
    held = tx.execute(_HELD).scalar_one()
    if held != epoch:
        raise Deposed("QH593", f"supervisor of epoch {epoch}: epoch {held} decides now")


def release(store: Store, epoch: int) -> None:
    """The lease free at once, where this epoch still holds it."""
    with store.write() as tx:
        tx.execute(sa.update(_TABLE).where(_TABLE.c.epoch == epoch).values(holder="", until=""))


def _dead(name: str) -> bool:
    """Whether this machine ran the holder and does not any more."""
    host, _, rest = name.partition("/")
    pid, _, born = rest.rpartition("/")[0].partition("/")
    if host != socket.gethostname() or not pid.isdigit() or not born:
        return False
    return _born(int(pid)) != born


def _born(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    words = text.rpartition(")")[2].split()
    return "" if words[0] in "ZX" else words[19]
