"""What answered questions teach: lay words into the passages' words, and straight to passages.

Kernel ridge regression on the similarity of questions: a new question is written as a mix of
answered ones, and takes over the same mix of their passages' words and their replies' words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.retrieve.bm25 import Bm25
from qianhang.engines.retrieve.grams import Ints
from qianhang.engines.retrieve.postings import Postings

__all__ = ["SEEN", "Answered", "Memory"]

RIDGE = 0.5
WORDS = 80
FAINT = 0.1  # terms that weigh less than this share of the heaviest are left out
TRUST = 2.0
SEEN = ("asked", "told", "mixed")  # views that are zero but for passages that answered before
_LEADS = {"translated": "wording", "replied": "replies"}


@dataclass(frozen=True, slots=True)
class Answered:
    """Answered questions (q,): as asked, with what was replied, and the passages that hold.

    gold : for each question the numbers of its passages; passages : how many there are in all
    """

    questions: Sequence[str]
    replies: Sequence[str]
    gold: Sequence[Sequence[int]]

    def part(self, rows: Iterable[int]) -> Answered:
        """Only the questions at these rows."""
        kept = [int(r) for r in rows]
        return Answered(
            [self.questions[r] for r in kept],
            [self.replies[r] for r in kept],
            [self.gold[r] for r in kept],
        )


class Memory:
    """Views of a new question through answered ones; see `views`."""

    def __init__(self, arrays: Mapping[str, Any], size: int) -> None:
        self.arrays = dict(arrays)
        self.size = size
        sparse = {n: _matrix(arrays, n) for n in ("asked", "full", "wording", "replies")}
        self._alike = [Postings.of_rows(sparse[n].T) for n in ("asked", "full")]
        self._words = {n: _used(sparse[m]) for n, m in _LEADS.items()}
        gold = _matrix(arrays, "gold")
        self.known = np.unique(gold.indices).astype(np.int64)
        self._gold = gold[:, self.known].T.tocsr()
        self.place = np.full(size, len(self.known), dtype=np.int32)
        self.place[self.known] = np.arange(len(self.known))
        self.mix, self.idf = arrays["mix"], arrays["idf"]
        self.worth = arrays["worth"]
        self.prior = np.zeros(size, dtype=np.float32)
        self.prior[self.known] = np.asarray(self._gold.sum(axis=1)).ravel()

    @classmethod
    def of(cls, index: Bm25, answered: Answered) -> Memory:
        """The memory of answered questions over the passages of `index`."""
        import scipy.sparse as sp

        full = [f"{q} {r}" for q, r in zip(answered.questions, answered.replies, strict=True)]
        count = [len(g) for g in answered.gold]
        flat = np.array([p for g in answered.gold for p in g], dtype=np.int64)
        rows = np.repeat(np.arange(len(count)), count)
        ones = np.ones(len(flat), dtype=np.float32)
        gold = sp.csr_matrix((ones, (rows, flat)), shape=(len(count), index.size))
        idf = _idf(index, answered.questions)
        asked = index.vectors(answered.questions, idf)
        kernel = (asked @ asked.T).toarray().astype(np.float64)
        mix = np.linalg.inv(kernel + RIDGE * np.eye(len(count))).astype(np.float32)
        wording = _wording(index, gold)
        kept = {
            "asked": asked,
            "full": index.vectors(full, idf),
            "wording": wording,
            "replies": index.vectors(answered.replies),
            "gold": gold,
        }
        arrays: dict[str, Any] = {"mix": mix, "idf": idf, "worth": _worth(asked, wording)}
        for name, matrix in kept.items():
            arrays |= _parts(name, matrix.astype(np.float32))
        return cls(arrays, index.size)

    def views(
        self, index: Bm25, terms: Ints, weights: NDArray[np.float32]
    ) -> dict[str, NDArray[np.float32]]:
        """Scores by name for the terms and weights of `index.vector`.

        Those in SEEN are of the `known` passages alone (k,), all others of every passage (n,).

        translated, replied : BM25 of the passages' and the replies' words that such questions lead
        to; asked, told : passages of alike questions; mixed : passages of the same mix
        """
        alike, told = (held.some(terms).sums(weights)[0] for held in self._alike)
        mix = self.mix @ alike
        seen = self._gold @ np.column_stack([alike**2, told**2, mix])
        return dict(zip(SEEN, np.ascontiguousarray(seen.T), strict=True)) | {
            n: index.scores(*_strongest(mix, *w)) for n, w in self._words.items()
        }


def _used(words: Any) -> tuple[Ints, Any]:
    """The columns (u,) that any row fills, and the rows over these alone, turned (u, q).

    Kept by row: such a product takes half the time of one by column.
    """
    used = np.unique(words.indices).astype(np.int64)
    return used, words[:, used].T.tocsc()


def _strongest(
    mix: NDArray[np.float32], used: Ints, words: Any
) -> tuple[Ints, NDArray[np.float32]]:
    """The terms that weigh most in a mix of rows, with their weights, at most WORDS."""
    weights = np.asarray(words @ mix)
    best = np.flatnonzero(weights > FAINT * weights.max(initial=0.0))
    if len(best) > WORDS:
        best = np.sort(best[np.argpartition(-weights[best], WORDS)[:WORDS]])
    return used[best], weights[best]


def _idf(index: Bm25, questions: Sequence[str]) -> NDArray[np.float64]:
    """(v,) the lesser of a term's idf among passages and among questions.

    Words that only people use are rare in law and still say nothing: how, may I, what if.
    """
    said = index.vectors(questions)
    found = np.bincount(said.indices, minlength=len(index.terms))
    return np.minimum(index.idf, np.log1p((len(questions) - found + 0.5) / (found + 0.5)))


def _wording(index: Bm25, gold: Any) -> Any:
    """(q, v) tf-idf rows of unit length over all passages of each question together."""
    import scipy.sparse as sp

    counts = sp.csc_matrix(
        (index.counts, index.passages, index.starts), shape=(index.size, len(index.terms))
    )
    held = (gold @ counts.tocsr()).tocsr()
    held.data = (1.0 + np.log(np.maximum(held.data, 1.0))) * index.idf[held.indices]
    length = np.sqrt(np.asarray(held.multiply(held).sum(axis=1)).ravel())
    return (sp.diags(1.0 / np.maximum(length, 1e-9)) @ held).tocsr()


def _worth(asked: Any, wording: Any) -> NDArray[np.float32]:
    """(v,) share of the questions with a term whose passages hold it too, drawn to the mean."""
    said = asked.astype(bool).astype(np.float32)
    kept = said.multiply(wording.astype(bool)).tocsr()
    times, held = np.asarray(said.sum(axis=0)).ravel(), np.asarray(kept.sum(axis=0)).ravel()
    mean = held.sum() / max(times.sum(), 1.0)
    return np.asarray((held + TRUST * mean) / (times + TRUST), dtype=np.float32)


def _parts(name: str, matrix: Any) -> dict[str, Any]:
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": matrix.indices.astype(np.int32),
        f"{name}.indptr": matrix.indptr.astype(np.int64),
        f"{name}.shape": np.array(matrix.shape),
    }


def _matrix(arrays: Mapping[str, Any], name: str) -> Any:
    import scipy.sparse as sp

    held = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_matrix(held, shape=tuple(arrays[f"{name}.shape"]))
