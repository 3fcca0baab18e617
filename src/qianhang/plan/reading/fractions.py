"""Shares that a plan says in words: two thirds, a half."""

from __future__ import annotations

import re

__all__ = ["share"]

_FRACTION = re.compile(
    r"(?<![百千万十])(?P<of>[二三四五六七八九十])分之(?P<so>[一二三四五六七八九])"
    r"|半数(?=以上|以下|左右|的|[,。;、])|一半(?=以上|以下|左右|的|[,。;、]|$)"
    r"|(?<=[占率例])过半(?=[,。;、]|$)"
)
_DIGIT = {char: i for i, char in enumerate("一二三四五六七八九十", 1)}


def share(text: str, place: int) -> tuple[int, int, float, bool] | None:
    """The next share in words from a place on: its start and end, its value in per cent to one
    decimal place, and whether it says that it is exceeded; None where there is none."""
    found = _FRACTION.search(text, place)
    if found is None:
        return None
    if not found["of"]:
        return found.start(), found.end(), 50.0, found.group().startswith("过")
    value = round(100 * _DIGIT[found["so"]] / _DIGIT[found["of"]], 1)
    return found.start(), found.end(), value, False
