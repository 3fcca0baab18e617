"""Who writes into the ledger, when, and one after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import Transaction

__all__ = ["signed", "stamp", "take_turns"]


def stamp(at: datetime) -> str:
    """A moment as rows keep it: ISO, UTC.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time in the ledger needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(by: str) -> str:
    """The name of who acts.

    Raises UsageError where nobody is named.
    """
    name = by.strip()
    if not name or len(name) > 80:
        message = f"by {by!r}: expected the name of a person, 1 to 80 characters"
        raise UsageError("QH823", message, hint="--by NAME")
    return name


def take_turns(tx: Transaction) -> None:
    """Wait until nobody else writes: for what is looked up first and written after."""
    tx.take_turns()
