"""Statements with 分别: several indicators, or several years, and as many quantities."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qianhang.plan.reading.grounds import Setting
from qianhang.plan.reading.verbs import before_noun

__all__ = ["groups", "names"]

_EACH = "分别"
_BETWEEN = re.compile(
    r"[、,和及与以(达到)至超过以上左右约突破不低于少]*(?:\([^()]*\))?[、,和及与达到超过]*"
)
_PARTS = re.compile(r"、|和|与|以及|及(?!率)")


def groups(places: Sequence[Setting]) -> list[list[int]]:
    """The runs of two or more amounts, by index, that follow one 分别."""
    found: list[list[int]] = []
    for i, place in enumerate(places):
        if found and i - 1 == found[-1][-1] and _joined(places[i - 1], place):
            found[-1].append(i)
        elif _EACH in place.before:
            found.append([i])
    return [g for g in found if len(g) > 1]


def _joined(first: Setting, second: Setting) -> bool:
    if first.sentence != second.sentence:
        return False
    between = first.text[first.amount.end : second.amount.start]
    return bool(_BETWEEN.fullmatch(between))


def names(before: str, count: int) -> tuple[str, ...]:
    """The indicators that the words before 分别 list, () where they are not so many.

    They may stand behind it (分别打造甲类、乙类场景10个、20个).
    """
    first, _, second = before.partition(_EACH)
    for words in map(before_noun, (first, second)):
        parts = [p for p in _PARTS.split(words.strip(",、")) if p]
        if len(parts) == count:
            return tuple(parts)
    return ()
