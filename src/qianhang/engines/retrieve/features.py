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

__all__ = ["Found", "Passages", "look"]

Floats = NDArray[np.float32]
CANDIDATES = 300
_TENTH = 10
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
    """

    numbers: Ints
    fused: Floats
    features: Floats
    support: float


def look(
    question: str,
    *,
    index: Bm25,
    passages: Passages,
    memory: Memory | None,
    most: int = CANDIDATES,
) -> Found:
    """The candidates of a question and what speaks for each."""
    terms = index.numbers(question)
    known = memory.known if memory is not None else np.zeros(0, dtype=np.int64)
    views = {
        name: _View(scores, known if name in SEEN else None)
        for name, scores in _views(question, terms, index, memory).items()
    }
    level = {name: _tenth(view.scores) for name, view in views.items()}
    fused = np.zeros(index.size, dtype=np.float32)
    for name, share in _FUSION.items():
        if name in views:
            view = views[name]
            fused[view.where if view.where is not None else slice(None)] += (
                np.float32(share / level[name]) * view.scores
            )
    best = _top(fused, most)
    columns: list[NDArray[Any]] = [fused[best], *_cover(index, terms, best)]
    for name, view in views.items():
        scores = view.at(best)
        columns += [scores, scores / level[name], _ranks(scores)]
    columns += _surroundings(views, best, passages)
    columns += [passages.length[best], np.full(len(best), len(question))]
    if memory is not None:
        columns += _priors(memory, passages, best)
    table = np.column_stack(columns).astype(np.float32)
    return Found(best, fused[best], table, float(views["words"].scores.max(initial=0.0)))


@dataclass(frozen=True, slots=True)
class _View:
    """Scores of every passage, or of the passages `where` (ascending) alone."""

    scores: Floats
    where: Ints | None

    def at(self, numbers: Ints) -> Floats:
        """The scores of some passages, 0 where the view has none."""
        if self.where is None:
            return self.scores[numbers]
        place = np.searchsorted(self.where, numbers).clip(max=max(len(self.where) - 1, 0))
        return np.where(self.where[place] == numbers, self.scores[place], np.float32(0.0))


def _views(question: str, terms: Ints, index: Bm25, memory: Memory | None) -> Mapping[str, Floats]:
    if memory is None:
        return {"words": index.scores(terms, np.ones(len(terms), dtype=np.float32))}
    ones = np.ones(len(terms), dtype=np.float32)
    own = {
        "words": index.scores(terms, ones),
        "weighted": index.scores(terms, memory.worth[terms]),
    }
    return own | memory.views(index, *index.vector(question, memory.idf))


def _tenth(scores: Floats) -> float:
    """The tenth best score: the scale of a view, whatever its unit."""
    best = _high(scores, _TENTH)
    rank = min(_TENTH, len(best))
    return max(float(np.partition(best, -rank)[-rank]), 1e-6) if rank else 1e-6


def _high(scores: Floats, least: int) -> Floats:
    """The scores above a share of the best one, at least `least` of them where there are so many.

    A partition of the few high ones takes a tenth of the time of one over all.
    """
    peak = float(scores.max(initial=0.0))
    for share in (0.4, 0.2, 0.1, 0.05):
        high = scores[scores > share * peak]
        if len(high) >= least:
            return high
    positive = scores[scores > 0]
    return positive if len(positive) >= least else scores


def _top(scores: Floats, most: int) -> Ints:
    """The numbers of the best scores, best first, ties by number."""
    count = min(most, len(scores))
    if not count:
        return np.zeros(0, dtype=np.int64)
    high = _high(scores, count)
    best = np.flatnonzero(scores >= np.partition(high, -count)[-count])
    return best[np.argsort(-scores[best], kind="stable")][:count]


def _ranks(scores: Floats) -> Floats:
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return ranks


def _cover(index: Bm25, terms: Ints, best: Ints) -> tuple[Floats, Floats]:
    """Shares (c,) of the question's idf that each candidate holds: all terms, and pairs alone."""
    held = index.holds(terms, best)
    idf = index.idf[terms].astype(np.float32)
    pairs = idf * is_pair(index.terms[terms])
    return (
        held @ idf / max(float(idf.sum()), 1e-6),
        held @ pairs / max(float(pairs.sum()), 1e-6),
    )


def _surroundings(views: Mapping[str, _View], best: Ints, passages: Passages) -> list[NDArray[Any]]:
    """For some views: the best neighbour's score, and the document's best and sum."""
    document = passages.document[best]
    columns = []
    for name in _AROUND:
        if name not in views:
            continue
        view = views[name]
        scores = view.at(best)
        near = np.zeros(len(best))
        for step in (-2, -1, 1, 2):
            at = np.clip(best + step, 0, len(passages.document) - 1)
            same = passages.document[at] == document
            near = np.maximum(near, np.where(same, view.at(at), 0.0) / np.sqrt(abs(step)))
        _, group = np.unique(document, return_inverse=True)
        peak = np.zeros(group.max(initial=-1) + 1)
        np.maximum.at(peak, group, scores)
        columns += [near, peak[group], np.bincount(group, weights=scores)[group]]
    return columns


def _priors(memory: Memory, passages: Passages, best: Ints) -> list[NDArray[Any]]:
    """How often each candidate, and its document, answered before."""
    document, known = passages.document, memory.known
    kinds = int(document[best].max(initial=0)) + 1
    often = np.bincount(document[known], weights=memory.prior[known], minlength=kinds)
    return [memory.prior[best], np.log1p(often[document[best]])]
