"""Texts as character n-grams, counted without a word list: a Chinese sentence has no blanks."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grams", "Ints", "grams", "is_pair", "spell"]

Ints = NDArray[np.int64]
_SHIFT = 18  # bits of a code point; the few assigned ones above are private use
_IDEOGRAPHS = 0x2E80  # from here on one character can be a word


class Grams:
    """n-grams of texts in reading order: code (m,), and the text that each stands in (m,)."""

    __slots__ = ("codes", "count", "owners")

    def __init__(self, codes: Ints, owners: Ints, count: int) -> None:
        self.codes = codes
        self.owners = owners
        self.count = count


def grams(texts: Sequence[str]) -> Grams:
    """Every pair of neighbouring letters or digits, and every single ideograph.

    Width and case are folded (NFKC, lower case); other signs and line ends part the text.
    """
    joined = "\n".join(unicodedata.normalize("NFKC", t).replace("\n", " ").lower() for t in texts)
    points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    owners = np.cumsum(points == ord("\n"))
    word = _is_word(points)
    pair = word[:-1] & word[1:]
    single = word & (points >= _IDEOGRAPHS)
    codes = np.concatenate([points[single], (points[:-1][pair] << _SHIFT) | points[1:][pair]])
    return Grams(codes, np.concatenate([owners[single], owners[:-1][pair]]), len(texts))


def is_pair(codes: Ints) -> NDArray[np.bool_]:
    """(m,) whether each code is a pair rather than a single ideograph."""
    return codes >= 1 << _SHIFT


def _is_word(points: Ints) -> NDArray[np.bool_]:
    return np.take(_letters(), np.minimum(points, (1 << _SHIFT) - 1))


@cache
def _letters() -> NDArray[np.bool_]:
    """Whether each code point is a letter or digit; the last, unassigned, stands for all above."""
    return np.fromiter((chr(p).isalnum() for p in range(1 << _SHIFT)), dtype=bool)


def spell(codes: Ints) -> list[str]:
    """The n-grams as text."""
    low = (1 << _SHIFT) - 1
    return [(chr(c >> _SHIFT) if c > low else "") + chr(c & low) for c in codes.tolist()]
