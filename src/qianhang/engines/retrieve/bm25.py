"""BM25 over several weighted fields, kept as one posting list a term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.retrieve.grams import Grams, Ints, grams
from qianhang.engines.retrieve.postings import Postings

__all__ = ["Bm25"]

SATURATION = 1.2
LENGTH = 0.75
# A term in more than a tenth of many passages costs most of the time and tells nothing: on 58,000
# articles recall at 100 is .702 without such terms and .699 with them.
COMMON, FEW = 0.1, 200
_FIELDS, _OWNERS = 2, 24  # bits for the field and for the passage beside 36 bits of n-gram


class Bm25:
    """An index of passages; score = sum over terms of idf times saturated, length-scaled count.

    terms (v,) : n-gram codes, ascending; idf (v,) : natural logarithm
    lengths (n,) : weighted n-grams of each passage; size : number of passages
    lists : of each term the passages that hold it, with idf times saturated count
    Source: Robertson and Zaragoza 2009, BM25F with one length for all fields.
    """

    def __init__(
        self,
        terms: Ints,
        starts: Ints,
        passages: NDArray[np.int32],
        counts: NDArray[np.float32],
        *,
        lengths: NDArray[np.float32],
    ) -> None:
        self.terms, self.starts = terms, starts
        self.passages, self.counts = passages, counts
        self.lengths, self.size = lengths, len(lengths)
        found = np.diff(starts)
        self.idf = np.log1p((self.size - found + 0.5) / (found + 0.5))
        mean = max(float(lengths.mean()), 1e-9) if self.size else 1.0
        scale = (SATURATION * (1 - LENGTH + LENGTH * lengths / mean)).astype(np.float32)
        gain = counts * (SATURATION + 1) / (counts + scale[passages])
        impacts = gain * np.repeat(self.idf.astype(np.float32), found)
        self.lists = Postings(starts, passages, impacts, self.size)

    @classmethod
    def of(
        cls,
        fields: Mapping[str, Sequence[str]],
        weights: Mapping[str, float],
        *,
        beside: Sequence[str] = (),
    ) -> Bm25:
        """The index of passages given field by field, each field a text a passage (n,).

        beside : texts whose n-grams are known too, though no passage holds them
        """
        parts = [grams(texts) for texts in fields.values()]
        worth = np.array([weights.get(name, 1.0) for name in fields], dtype=np.float32)
        keys = np.concatenate([_keys(part, n) for n, part in enumerate(parts)])
        keys.sort()
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        runs = np.diff(first, append=len(keys)).astype(np.float32)
        cells, field = keys[first] >> _FIELDS, keys[first] & ((1 << _FIELDS) - 1)
        heads = np.flatnonzero(np.diff(cells, prepend=-1))
        counts = np.add.reduceat(runs * worth[field], heads) if len(heads) else runs
        owners = (cells[heads] & ((1 << _OWNERS) - 1)).astype(np.int32)
        size = parts[0].count
        lengths = np.bincount(owners, weights=counts, minlength=size).astype(np.float32)
        entries = _Entries(cells[heads] >> _OWNERS, owners, counts)
        return _listed(entries, lengths, np.unique(grams(beside).codes))

    def numbers(self, text: str) -> Ints:
        """Positions in `terms` of the distinct known n-grams of a text, (t,)."""
        return self.counted(text)[0]

    def counted(self, text: str) -> tuple[Ints, Ints]:
        """As `numbers`, with how often each stands in the text (t,)."""
        codes, times = np.unique(grams([text]).codes, return_counts=True)
        at, known = self._known(codes)
        return at[known], times[known]

    def _known(self, codes: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Where codes (m,) stand in `terms`, and whether they do."""
        if not len(self.terms):
            return np.zeros(len(codes), dtype=np.int64), np.zeros(len(codes), dtype=bool)
        at = np.minimum(np.searchsorted(self.terms, codes), len(self.terms) - 1)
        return at, self.terms[at] == codes

    def scores(self, terms: Ints, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) sum over terms (t,) of weight (t,) times impact, for every passage."""
        return self.lists.some(terms).sums(weights)[0]

    def weighed(
        self, terms: Ints, times: Ints, idf: NDArray[np.float64] | None = None
    ) -> NDArray[np.float32]:
        """(t,) tf-idf of unit length of what `counted` found, as a row of `vectors`."""
        weights = (1.0 + np.log(times)) * (self.idf if idf is None else idf)[terms]
        length = max(float(np.sqrt(weights @ weights)), 1e-9)
        return np.asarray(weights / length, dtype=np.float32)

    def vectors(self, texts: Sequence[str], idf: NDArray[np.float64] | None = None) -> Any:
        """(texts, v) sparse tf-idf rows of unit length: (1 + log count) times idf.

        idf (v,) : the index's own where none is given
        """
        import scipy.sparse as sp

        found = grams(texts)
        at, known = self._known(found.codes)
        at, owner = at[known], found.owners[known]
        shape = (len(texts), len(self.terms))
        counted = sp.csr_matrix((np.ones(len(at), np.float32), (owner, at)), shape=shape)
        counted.data = (1.0 + np.log(counted.data)) * (self.idf if idf is None else idf)[
            counted.indices
        ]
        length = np.sqrt(np.asarray(counted.multiply(counted).sum(axis=1)).ravel())
        return (sp.diags(1.0 / np.maximum(length, 1e-9)) @ counted).tocsr().astype(np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The index as plain arrays, for keeping."""
        return {
            "terms": np.diff(self.terms, prepend=np.int64(0)),
            "found": np.diff(self.starts).astype(np.int32),
            "passages": self.passages,
            "counts": self.counts,
            "lengths": self.lengths,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Bm25:
        """The index that `arrays` wrote."""
        starts = np.concatenate([[0], np.cumsum(arrays["found"], dtype=np.int64)])
        terms = np.cumsum(arrays["terms"])
        return cls(terms, starts, arrays["passages"], arrays["counts"], lengths=arrays["lengths"])


def _keys(found: Grams, field: int) -> Ints:
    """(m,) n-gram, passage and field in one number, so that one sort groups them all."""
    return (((found.codes << _OWNERS) | found.owners) << _FIELDS) | field


@dataclass(frozen=True, slots=True)
class _Entries:
    """Sorted n-gram codes (m,), with the passage and the weighted count of each."""

    codes: Ints
    owners: NDArray[np.int32]
    counts: NDArray[np.float32]


def _listed(entries: _Entries, lengths: NDArray[np.float32], beside: Ints) -> Bm25:
    """The index of the entries without common terms, and with those that stand beside."""
    begin = np.flatnonzero(np.diff(entries.codes, prepend=-1))
    found = np.diff(begin, append=len(entries.codes))
    kept = found <= max(COMMON * len(lengths), FEW)
    mine = np.repeat(kept, found)
    held = entries.codes[begin]
    terms = np.concatenate([held[kept], np.setdiff1d(beside, held)])
    times = np.concatenate([found[kept], np.zeros(len(terms) - int(kept.sum()), dtype=np.int64)])
    order = np.argsort(terms, kind="stable")
    starts = np.concatenate([[0], np.cumsum(times[order])])
    owners, counts = entries.owners[mine], entries.counts[mine]
    return Bm25(terms[order], starts, owners, counts, lengths=lengths)
