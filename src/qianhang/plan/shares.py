"""Shares as per cent: one rule for ledger, explanation, bulletin and reasons."""

from __future__ import annotations

import math

__all__ = ["percent"]

# Binary fractions lie a little below the decimal that a person would round: 0.285 * 100.
_TINY = 1e-9


def percent(share: float, *, digits: int = 0) -> str:
    """A share as per cent, halves rounded up; 100 % stands only where all of it is there."""
    scale = 10**digits
    steps = math.floor(share * 100 * scale + 0.5 + _TINY)
    if share < 1 - _TINY:
        steps = min(steps, 100 * scale - 1)
    return f"{steps / scale:.{digits}f}%"
