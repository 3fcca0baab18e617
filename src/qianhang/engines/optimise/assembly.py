"""Large sparse programs, put together from blocks of variables and blocks of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.optimise.linear import Array, Program

__all__ = ["Assembly", "Term"]

Index = NDArray[np.int64]
Term = tuple[Index, Array | float]


@dataclass(slots=True)
class Assembly:
    """A program that grows: first variables, then rows over their numbers.

    A variable's number may be -1 in a row: that entry is left out, which is how "the hour before
    the first" is written.
    """

    _cost: list[Array] = field(default_factory=list)
    _low: list[Array] = field(default_factory=list)
    _high: list[Array] = field(default_factory=list)
    _whole: list[NDArray[np.bool_]] = field(default_factory=list)
    _entries: list[tuple[Index, Index, Array]] = field(default_factory=list)
    _row_low: list[Array] = field(default_factory=list)
    _row_high: list[Array] = field(default_factory=list)
    variables: int = 0
    rows: int = 0

    def add(
        self,
        shape: tuple[int, ...],
        *,
        cost: Array | float = 0.0,
        low: Array | float = 0.0,
        high: Array | float = np.inf,
        whole: bool = False,
    ) -> Index:
        """Numbers of new variables, of the given shape; cost and limits are spread over it."""
        count = int(np.prod(shape))
        for kept, value in ((self._cost, cost), (self._low, low), (self._high, high)):
            kept.append(np.broadcast_to(np.asarray(value, float), shape).ravel())
        self._whole.append(np.full(count, whole))
        self.variables += count
        return np.arange(self.variables - count, self.variables).reshape(shape)

    def hold(
        self, terms: Sequence[Term], *, low: Array | float = -np.inf, high: Array | float = np.inf
    ) -> Index:
        """Numbers (k,) of new rows that keep low <= sum of the terms <= high.

        terms : variable numbers (k,) or (k, j), whose j entries are summed, with coefficients that
        spread over them; low, high : spread over (k,)
        """
        count = len(terms[0][0])
        rows = np.arange(self.rows, self.rows + count)
        for numbers, factor in terms:
            place = numbers.reshape(count, -1)
            weight = np.broadcast_to(_as_rows(factor, place.ndim), place.shape)
            here = np.broadcast_to(rows[:, None], place.shape)
            there = (place >= 0) & (weight != 0)
            self._entries.append((here[there], place[there], weight[there]))
        self._row_low.append(np.broadcast_to(np.asarray(low, float), (count,)))
        self._row_high.append(np.broadcast_to(np.asarray(high, float), (count,)))
        self.rows += count
        return rows

    def program(self) -> Program:
        """Everything added so far."""
        from scipy import sparse

        row, column, value = (np.concatenate(parts) for parts in zip(*self._entries, strict=True))
        shape = (self.rows, self.variables)
        return Program(
            cost=np.concatenate(self._cost),
            matrix=sparse.csr_array((value, (row, column)), shape=shape),
            row_low=np.concatenate(self._row_low),
            row_high=np.concatenate(self._row_high),
            low=np.concatenate(self._low),
            high=np.concatenate(self._high),
            integer=np.concatenate(self._whole),
        )


def _as_rows(factor: Array | float, ndim: int) -> Array:
    """A factor (k,) as (k, 1), so that it goes with the row and not with the entry."""
    value = np.asarray(factor, float)
    return value[:, None] if value.ndim == 1 and ndim == 2 else value
