"""Lists in pages: a cursor names the last thing of a page, so that news moves no page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from qianhang.core.errors import UsageError

__all__ = ["Cursor", "Limit", "Page", "mark", "place", "sliced"]

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most in this answer")]
Cursor = Annotated[
    str, Query(max_length=800, description="`next` of the page before; empty for the first")
]


class Page(BaseModel):
    """One page of a list."""

    next: str | None = Field(
        description="Give it as `cursor` for what follows; null at the end", examples=[None]
    )


def mark(*place: str) -> str:
    """The cursor that stands for this place in a list."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place(cursor: str, size: int) -> tuple[str, ...] | None:
    """The place that the cursor stands for, of `size` texts; None for the beginning.

    Raises UsageError for a cursor that no answer gave.
    """
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = orjson.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, UnicodeEncodeError, orjson.JSONDecodeError):
        found = None
    texts = isinstance(found, list) and all(isinstance(t, str) and "\0" not in t for t in found)
    if not texts or len(found) != size:
        raise UsageError(
            "QH885", f"no answer gave the cursor {cursor[:40]!r}",
            hint="give `next` of the page before, unchanged, to the same list",
        )  # fmt: skip
    return tuple(found)


def sliced(
    rows: Iterable[T], cursor: str, *, limit: int, key: Callable[[T], tuple[str, ...]]
) -> tuple[list[T], str | None]:
    """A page of rows in the order of their keys, and the cursor of the next one.

    Raises UsageError for a cursor that no answer gave.
    """
    ordered = sorted(rows, key=key)
    size = len(key(ordered[0])) if ordered else None
    after = place(cursor, size) if size is not None else None
    rest = ordered if after is None else [r for r in ordered if key(r) > after]
    page = rest[:limit]
    return page, mark(*key(page[-1])) if len(rest) > limit else None
