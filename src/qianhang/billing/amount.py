"""Exact amounts: fractions until the very end, then whole fen by one rule."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor

__all__ = ["decimal_text", "exact", "half_up", "shares", "yuan"]


def half_up(value: Fraction) -> int:
    """Whole fen nearest to an exact amount; half a fen goes up, away from zero below it."""
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def shares(parts: list[Fraction]) -> list[int]:
    """Whole fen of each part such that they sum to the rounded whole.

    Each takes what the running total gains, so that what rounding leaves goes to the next part.
    """
    found, run, before = [], Fraction(0), 0
    for part in parts:
        run += part
        upto = half_up(run)
        found.append(upto - before)
        before = upto
    return found


def yuan(fen: int) -> Decimal:
    """Fen as yuan with two decimals."""
    return Decimal(fen).scaleb(-2)


def exact(text: object, what: str) -> Decimal:
    """A finite decimal from text, a whole number or a Decimal, never from a float.

    Raises ValueError where it is none.
    """
    if isinstance(text, str | int | Decimal) and not isinstance(text, bool):
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite():
            return value
    raise ValueError(f"{what} {text!r}: expected a decimal number, written as text or whole")


def decimal_text(value: Fraction, places: int = 9) -> str:
    """An exact amount as plain decimal digits, half up at the last place, no zeros at the end."""
    whole = half_up(value * 10**places)
    text = f"{Decimal(whole).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
