"""Lists of who holds a thing and how strongly, one after the other in two arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.retrieve.grams import Ints

__all__ = ["Postings"]

Floats = NDArray[np.float32]
_MANY = 5000  # entries from which on a sparse product is worth its setting up


@dataclass(frozen=True, slots=True)
class Postings:
    """Lists (t,) of owners below `size`: list k is `starts[k]` to `starts[k + 1]` of the entries.

    starts (t + 1,) : ascending; owners (m,), values (m,) : the entries
    """

    starts: NDArray[Any]
    owners: NDArray[np.int32]
    values: Floats
    size: int

    @classmethod
    def of_rows(cls, matrix: Any) -> Self:
        """The rows of a sparse matrix as lists of its columns."""
        rows = matrix.tocsr()
        owners, values = rows.indices.astype(np.int32), rows.data.astype(np.float32)
        return cls(rows.indptr.astype(np.int64), owners, values, rows.shape[1])

    def some(self, lists: Ints) -> Postings:
        """Only these lists, in the order given."""
        first, last = self.starts[lists], self.starts[lists + 1]
        spans = [slice(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        starts = np.zeros(len(lists) + 1, dtype=np.int32)
        np.cumsum(last - first, out=starts[1:])
        if not spans:
            return Postings(starts, self.owners[:0], self.values[:0], self.size)
        owners = np.concatenate([self.owners[s] for s in spans])
        return Postings(starts, owners, np.concatenate([self.values[s] for s in spans]), self.size)

    def sums(self, *weights: NDArray[Any]) -> list[Floats]:
        """For each weights (t,) the sum over lists of weight times value, for every owner (n,)."""
        if len(self.owners) < _MANY:
            counts = np.diff(self.starts)
            return [self._counted(np.repeat(w, counts)) for w in weights]
        import scipy.sparse as sp

        shape = (self.size, len(self.starts) - 1)
        lists = sp.csc_matrix((self.values, self.owners, self.starts), shape=shape, copy=False)
        return [np.asarray(lists @ w.astype(np.float32, copy=False)) for w in weights]

    def held(self, *weights: NDArray[Any]) -> list[Floats]:
        """As `sums` with every value 1."""
        ones = np.ones(len(self.values), dtype=np.float32)
        return Postings(self.starts, self.owners, ones, self.size).sums(*weights)

    def _counted(self, weights: NDArray[Any]) -> Floats:
        whole = np.bincount(self.owners, weights=weights * self.values, minlength=self.size)
        return whole.astype(np.float32)
