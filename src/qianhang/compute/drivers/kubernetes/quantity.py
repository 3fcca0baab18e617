"""Kubernetes' way of writing amounts."""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["quantity"]

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)")
_BINARY = {f"{letter}i": 1 << (10 * n) for n, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    "": Decimal(1),
    **{letter: Decimal(1000) ** n for n, letter in enumerate("kMGTPE", 1)},
}


def quantity(said: object) -> float:
    """The amount in the resource's own unit: cores, bytes, devices.

    Raises ValueError where it is not written in that way.
    Source: Kubernetes API conventions, resource quantities.
    """
    found = _FORM.fullmatch(str(said).strip())
    unit = found[2] if found else None
    if found is None or (unit not in _BINARY and unit not in _DECIMAL):
        raise ValueError(f"quantity {str(said)[:40]!r}")
    factor = Decimal(_BINARY[unit]) if unit in _BINARY else _DECIMAL[unit or ""]
    amount = float(Decimal(found[1]) * factor)
    if not math.isfinite(amount):
        raise ValueError(f"quantity {str(said)[:40]!r}")
    return amount
