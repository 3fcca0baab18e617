"""Moments as the door's rows keep them, and as the policy reads them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["seconds", "stamp"]


def stamp(at: datetime) -> str:
    """ISO, UTC, milliseconds: earlier moments sort first.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def seconds(text: str) -> float:
    """Seconds since 1970 UTC of a stamp."""
    return datetime.fromisoformat(text).timestamp()
