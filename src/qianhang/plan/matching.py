"""Which system of the mission table a plan's named system is: by folded name and containment."""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from qianhang.plan.systems import System

__all__ = ["THRESHOLD", "match", "nearest"]

# At this all links of the systems of five annotated plans (193 of 209) lie in the sections that
# the row prints; with a plan's own rows left out, 56 of 57; of 155 in other plans, ten link.
THRESHOLD = 0.62
_NOTE = re.compile(r"\([^()]*\)|（[^（）]*）")
_MARKS = re.compile(r"[\s\"'“”‘’《》「」*.。,，、:：;；()（）—\-]")
# Whose it is and how large tells no system from another.
_WHOSE = re.compile(
    r"国家级|省级|市级|县级|全国|全省|全市|我省|我市|区域性|统一的|新一代|一体化|智慧化|智能化"
)
_NEITHER = frozenset("省市县区")
_SHORTEST = 4
# The longest first word, of a trade or a town.
_DOMAIN = 3
_NARROWER = 0.75


def match(name: str, *, known: Mapping[str, System]) -> str | None:
    """The id of the system in `known` that `name` names, None where none is near enough."""
    best, id_ = nearest(name, known=known)
    return id_ if best >= THRESHOLD else None


def nearest(name: str, *, known: Mapping[str, System]) -> tuple[float, str]:
    """The likest system in `known`: how like it is, from 0 to 1, and its id."""
    asked = _folded(name)
    weights = _weights(tuple(row.name for row in known.values()))
    scored = (
        (max(_likeness(asked, listed, weights=weights) for listed in _spellings(row.name)), id_)
        for id_, row in known.items()
    )
    return max(scored, key=lambda s: s[0], default=(0.0, ""))


@functools.lru_cache(maxsize=4096)
def _spellings(listed: str) -> tuple[str, ...]:
    """The names that a row gives for one system: A = B (note)."""
    plain = _NOTE.sub("", listed)
    return tuple(filter(None, map(_folded, plain.split(" = ")))) or (_folded(listed),)


@functools.lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    plain = _WHOSE.sub("", _MARKS.sub("", unicodedata.normalize("NFKC", name))).lower()
    return plain[1:] if len(plain) > _SHORTEST and plain[0] in _NEITHER else plain


@functools.lru_cache(maxsize=8)
def _weights(listed: tuple[str, ...]) -> Mapping[str, float]:
    """How much a pair of characters tells: little where many names have it (平台, 数据)."""
    counts = Counter(p for name in listed for p in set().union(*map(_pairs, _spellings(name))))
    return {pair: math.log((1 + len(listed)) / n) for pair, n in counts.items()}


def _likeness(a: str, b: str, *, weights: Mapping[str, float]) -> float:
    """1 for equal names, else the weight of the pairs they share against that of all of theirs."""
    if a == b:
        return 1.0
    if _other_domain(a, b):
        return 0.0
    rare = math.log(1 + len(weights))

    def weight(pairs: frozenset[str]) -> float:
        return sum(weights.get(p, rare) for p in pairs)

    one, other = _pairs(a), _pairs(b)
    if not one & other:
        return 0.0
    alike = 2 * weight(one & other) / (weight(one) + weight(other))
    # 高质量数据集 is not one trade's: the table's row says more than was asked.
    return alike * _NARROWER if b.endswith(a) else alike


def _other_domain(a: str, b: str) -> bool:
    """Whether the names differ in their first word alone: 农业大模型, 工业大模型."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a[::-1], b[::-1], strict=False))
    tail = sum(1 for _ in same)
    one, other = a[: len(a) - tail], b[: len(b) - tail]
    return bool(one and other) and max(len(one), len(other)) <= _DOMAIN and tail >= _DOMAIN


@functools.lru_cache(maxsize=8192)
def _pairs(name: str) -> frozenset[str]:
    return frozenset(name[i : i + 2] for i in range(len(name) - 1)) or frozenset({name})
