"""Two runs side by side: scores, and everything that could explain a difference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from qianhang.runs.record import Record

__all__ = ["compare"]

# What decides a run's numbers; the rest (times, ids) differs always and explains nothing.
_FIELDS = (
    "scenario",
    "case",
    "pack_version",
    "pack_hash",
    "seed",
    "params",
    "data",
    "versions",
    "facts",
)


def compare(first: Record, second: Record) -> dict[str, list[dict[str, Any]]]:
    """`scores`: metric, first, second, change; `differences`: field, first, second."""
    a, b = first.as_dict(), second.as_dict()
    mine, other = a.get("scores", {}), b.get("scores", {})
    scores = []
    for metric in [*mine, *(m for m in other if m not in mine)]:
        x, y = mine.get(metric), other.get(metric)
        change = _change(x, y)
        scores.append({"metric": metric, "first": x, "second": y, "change": change})
    differences = []
    for field in _FIELDS:
        differences += list(_differ(field, a.get(field), b.get(field)))
    return {"scores": scores, "differences": differences}


def _change(x: float | None, y: float | None) -> float | None:
    """From one to the other; nought where they differ by what rounding leaves."""
    if x is None or y is None:
        return None
    return 0.0 if math.isclose(x, y, rel_tol=1e-12) else y - x


def _differ(field: str, x: Any, y: Any) -> Iterator[dict[str, Any]]:
    kinds = {Mapping if isinstance(side, Mapping) else type(side) for side in (x, y)}
    if Mapping in kinds and kinds <= {Mapping, type(None)}:
        # A run that ended early has none of what the other has.
        x, y = x or {}, y or {}
        for key in sorted({*x, *y}):
            yield from _differ(f"{field}.{key}", x.get(key), y.get(key))
    elif x != y:
        yield {"field": field, "first": x, "second": y}
