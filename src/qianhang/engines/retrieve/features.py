"""What a ranker is told of each candidate passage: views, their ranks, coverage, surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.retrieve.bm25 import Bm25
from qianhang.engines.retrieve.grams import Ints, is_pair
from qianhang.engines.retrieve.memory import SEEN, Memory
from qianhang.engines.retrieve.postings import Postings

__all__ = ["Found", "Passages", "look"]

Floats = NDArray[np.float32]
CANDIDATES = 300
_TENTH = 10
_WIDE = 12  # columns to each score looked for; as quick from 8 to 32
_STEPS = np.array([[-2], [-1], [1], [2]])
# How much each view counts when candidates are chosen.
_FUSION = {"words": 0.5, "weighted": 0.5, "translated": 1.0, "told": 0.5, "replied": 0.3}
_AROUND = ("words", "told", "translated")


@dataclass(frozen=True, slots=True)
class Passages:
    """What is known of the passages: length in characters (n,), the document each is part of (n,).

    Passages of one document stand together and in order.
    """

    length: Ints
    document: Ints


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates best first by the fused views: numbers (c,), fused score (c,), features (c, f).

    support : BM25 score of the passage that has most in common with the question
    terms : the question's terms (t,)
    """

    numbers: Ints
    fused: Floats
    features: Floats
    support: float
    terms: Ints


def look(
    question: str,
    *,
    index: Bm25,
    passages: Passages,
    memory: Memory | None,
    most: int = CANDIDATES,
) -> Found:
    """The candidates of a question and what speaks for each."""
    terms, times = index.counted(question)
    lists = index.lists.some(terms)
    ones = np.ones(len(terms), dtype=np.float32)
    if memory is None:
        views = {"words": _View(lists.sums(ones)[0])}
    else:
        words, weighted = lists.sums(ones, memory.worth[terms])
        views = {"words": _View(words), "weighted": _View(weighted)}
        led = memory.views(index, terms, index.weighed(terms, times, memory.idf))
        views |= {n: _View(s, memory if n in SEEN else None) for n, s in led.items()}
    level = {name: np.float32(_tenth(view.scores)) for name, view in views.items()}
    fused = _fused(views, level, index.size)
    best = _top(fused, most)
    columns: list[NDArray[Any]] = [fused[best], *_cover(index, terms, lists, best)]
    for name, view in views.items():
        scores = view.at(best)
        columns += [scores, scores / level[name], _ranks(scores)]
    columns += _surroundings(views, best, passages)
    columns += [passages.length[best], np.full(len(best), len(question))]
    if memory is not None:
        columns += _priors(memory, passages, best)
    table = np.array(columns, dtype=np.float32).T
    return Found(best, fused[best], table, float(views["words"].scores.max(initial=0.0)), terms)


@dataclass(frozen=True, slots=True)
class _View:
    """Scores of every passage, or of those alone that `memory` knows."""

    scores: Floats
    memory: Memory | None = None

    def at(self, numbers: Ints) -> Floats:
        """The scores of some passages, 0 where the view has none."""
        if self.memory is None:
            return self.scores[numbers]
        return np.append(self.scores, np.float32(0.0)).take(self.memory.place[numbers])


def _fused(views: Mapping[str, _View], level: Mapping[str, np.float32], size: int) -> Floats:
    """(n,) the views' scores added up, each on its scale and with its share."""
    fused = np.zeros(size, dtype=np.float32)
    for name, share in _FUSION.items():
        if name in views:
            view = views[name]
            scaled = view.scores * np.float32(share / level[name])
            if view.memory is None:
                fused += scaled
            else:
                fused[view.memory.known] += scaled
    return fused


def _tenth(scores: Floats) -> float:
    """The tenth best score: the scale of a view, whatever its unit."""
    return max(_least(scores, min(_TENTH, len(scores))), 1e-6)


def _least(scores: Floats, count: int) -> float:
    """The lowest of the best `count` scores.

    They stand in the `count` columns with the highest peaks: few are left to be parted.
    """
    width = _WIDE * (count + 64)
    rows = len(scores) // width
    if rows < 2 or not count:
        return float(np.partition(scores, -count)[-count]) if count else 0.0
    grid = scores[: rows * width].reshape(rows, width)
    peaks = np.argpartition(grid.max(axis=0), -count)[-count:]
    few = np.concatenate([grid[:, peaks].ravel(), scores[rows * width :]])
    return float(np.partition(few, -count)[-count])


def _top(scores: Floats, most: int) -> Ints:
    """The numbers of the best scores, best first, ties by number."""
    count = min(most, len(scores))
    if not count:
        return np.zeros(0, dtype=np.int64)
    best = np.flatnonzero(scores >= np.float32(_least(scores, count)))
    return best[np.argsort(-scores[best], kind="stable")][:count]


def _ranks(scores: Floats) -> Floats:
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return ranks


def _cover(index: Bm25, terms: Ints, lists: Postings, best: Ints) -> list[Floats]:
    """Shares (c,) of the question's idf that each candidate holds: all terms, and pairs alone."""
    idf = index.idf[terms].astype(np.float32)
    parts = (idf, idf * is_pair(index.terms[terms]))
    held = zip(parts, lists.held(*parts), strict=True)
    return [whole[best] / np.float32(max(float(part.sum()), 1e-6)) for part, whole in held]


def _surroundings(views: Mapping[str, _View], best: Ints, passages: Passages) -> list[NDArray[Any]]:
    """For some views: the best neighbour's score, and the document's best and sum."""
    if not len(best):
        return [np.zeros(0)] * (3 * sum(name in views for name in _AROUND))
    document = passages.document[best]
    around = np.clip(best + _STEPS, 0, len(passages.document) - 1)
    near = (passages.document[around] == document) / np.sqrt(np.abs(_STEPS))
    order = np.argsort(document, kind="stable")
    heads = np.diff(document[order], prepend=-1) != 0
    first, group = np.flatnonzero(heads), np.empty_like(order)
    group[order] = np.cumsum(heads) - 1
    columns: list[NDArray[Any]] = []
    for view in (views[name] for name in _AROUND if name in views):
        scores = view.at(best)[order].astype(np.float64)
        beside = (view.at(around) * near).max(axis=0)
        peak, total = np.maximum.reduceat(scores, first), np.add.reduceat(scores, first)
        columns += [beside, peak[group], total[group]]
    return columns


def _priors(memory: Memory, passages: Passages, best: Ints) -> list[NDArray[Any]]:
    """How often each candidate, and its document, answered before."""
    document, known = passages.document, memory.known
    kinds = int(document[best].max(initial=0)) + 1
    often = np.bincount(document[known], weights=memory.prior[known], minlength=kinds)
    return [memory.prior[best], np.log1p(often[document[best]])]
