"""What a record of the log says, as short texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["facts"]

_LEFT_OUT = frozenset({"by", "what", "id"})


def facts(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """`name=value` for each plain value, `name=before → after` for what was changed."""
    return tuple(_facts(payload))


def _facts(payload: Mapping[str, Any]) -> Iterator[str]:
    before, after = payload.get("before"), payload.get("after")
    was = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    for name in [*was, *(n for n in new if n not in was)]:
        if name in _LEFT_OUT:
            continue
        said = [_short(side[name]) for side in (was, new) if name in side]
        yield f"{name}={' → '.join(said)}"
    for name, value in payload.items():
        if isinstance(value, str | int | float) and name not in _LEFT_OUT:
            yield f"{name}={_short(value)}"


def _short(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
