"""Sums of products with shared constants, and how far off they may be.

Source: IPCC (2006), Guidelines for National Greenhouse Gas Inventories, volume 1, chapter 3:
approach 1 (propagation, equations 3.1 and 3.2, a constant that several terms share being one
source of error) and approach 2 (Monte Carlo).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.formula.constant import Constant

__all__ = ["Terms"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms amount * constant * constant ..., in which constants are shared.

    amounts : (n,); errors : (n,) relative 95% half-widths of the amounts
    constants : (k,) each one source of error; used : (n, c) their numbers, -1 for none
    scales : (n,) what turns amount times constants into the wanted unit
    """

    amounts: Floats
    errors: Floats
    constants: tuple[Constant, ...]
    used: Ints
    scales: Floats

    def values(self) -> Floats:
        """(n,) the terms."""
        held = np.append(np.array([c.value for c in self.constants], dtype=float), 1.0)
        return np.asarray(self.amounts * self.scales * held[self.used].prod(axis=1))

    def totals(self, group: Sequence[int] | Ints, count: int) -> Floats:
        """(count,) sums of the terms by group (n,)."""
        totals = np.bincount(np.asarray(group), weights=self.values(), minlength=count)
        return np.asarray(totals, dtype=float)

    def approach1(self, group: Sequence[int] | Ints, count: int) -> Floats:
        """(count,) 95% half-widths of the sums, by first-order propagation."""
        codes = np.asarray(group)
        values = self.values()
        spread = np.bincount(codes, weights=(self.errors * values) ** 2, minlength=count)
        for k, constant in enumerate(self.constants):
            uses = (self.used == k).sum(axis=1)
            rows = np.flatnonzero(uses)
            if not len(rows) or constant.value == 0:
                continue
            leaning = np.bincount(codes[rows], (uses * values)[rows], minlength=count)
            relative = (constant.high - constant.low) / 2 / abs(constant.value)
            spread = spread + (relative * leaning) ** 2
        return np.asarray(np.sqrt(spread))

    def approach2(
        self, group: Sequence[int] | Ints, count: int, *, draws: int, seed: int
    ) -> tuple[Floats, Floats]:
        """(count,) lower and (count,) upper 95% limits of the sums, by Monte Carlo.

        Each constant is drawn once a round for all terms that share it: half a normal on either
        side of its value, as wide as its limits; amounts are drawn by themselves. None below 0.
        """
        rng = np.random.default_rng(seed)
        codes = np.asarray(group)
        base = self.amounts * self.scales
        value = np.array([c.value for c in self.constants], dtype=float)
        down = np.array([c.value - c.low for c in self.constants]) / _NORMAL_95
        up = np.array([c.high - c.value for c in self.constants]) / _NORMAL_95
        found = np.empty((draws, count))
        for k in range(draws):
            z = rng.standard_normal(len(value))
            drawn = np.append(np.maximum(value + np.where(z > 0, up, down) * z, 0.0), 1.0)
            own = 1.0 + self.errors / _NORMAL_95 * rng.standard_normal(len(base))
            terms = base * np.maximum(own, 0.0) * drawn[self.used].prod(axis=1)
            found[k] = np.bincount(codes, weights=terms, minlength=count)
        low, high = np.quantile(found, [0.025, 0.975], axis=0)
        return np.asarray(low), np.asarray(high)

    def sources(self) -> list[tuple[Constant, float, float]]:
        """Each constant, the sum of the terms that use it, and its 95% half-width of the whole."""
        values = self.values()
        found = []
        for k, constant in enumerate(self.constants):
            leaning = float(((self.used == k).sum(axis=1) * values).sum())
            relative = (constant.high - constant.low) / 2 / abs(constant.value or 1.0)
            found.append((constant, leaning, abs(relative * leaning)))
        return found
