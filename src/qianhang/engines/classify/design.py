"""A table as a matrix of declared terms: logs, flags and products, gaps filled from training.

The terms are text that an expert can review: `age`, `log(age)`, `log1p(cigarettes)`,
`sex=male`, `missing(glucose)` and products such as `log(age)*smoker`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Design"]

Floats = NDArray[np.float64]
Fill = float | str
_FACTOR = re.compile(r"^(?:(log|log1p|missing)\((\w+)\)|(\w+)=(.+)|(\w+))$")


@dataclass(frozen=True, slots=True)
class _Factor:
    """One factor of a term: which column, which shape, which level of a category."""

    column: str
    shape: str
    level: str = ""

    @classmethod
    def parse(cls, text: str) -> _Factor:
        found = _FACTOR.match(text.strip())
        if found is None:
            raise ValueError(f"term {text!r}: expected x, log(x), log1p(x), missing(x) or x=level")
        shape, inner, column, level, plain = found.groups()
        if column:
            return cls(column, "level", level)
        return cls(inner or plain, shape or "plain")

    def read(self, table: pd.DataFrame, fill: Fill) -> Floats:
        """(n,) values of this factor, gaps taking `fill`."""
        column = table[self.column]
        if self.shape == "missing":
            return np.asarray(column.isna(), dtype=np.float64)
        if self.shape == "level":
            # A level is read as text, so that 1, 1.0 and "1" are one code.
            return np.asarray(_levels(column, fill) == self.level, dtype=np.float64)
        values = _numbers(column)
        values = np.where(np.isnan(values), float(fill), values)
        if self.shape == "log":
            return np.asarray(np.log(np.maximum(values, 1e-9)), dtype=np.float64)
        if self.shape == "log1p":
            return np.asarray(np.log1p(np.maximum(values, 0.0)), dtype=np.float64)
        return np.asarray(values, dtype=np.float64)


def _numbers(column: pd.Series[Any]) -> Floats:
    """(n,) the column as numbers, gaps as NaN."""
    return np.asarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan))


def _levels(column: pd.Series[Any], fill: Fill) -> NDArray[np.str_]:
    """(n,) category codes as text; whole numbers lose their point."""
    filled = column.astype(object).where(column.notna(), fill)
    return np.asarray(
        [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in filled],
        dtype=np.str_,
    )


class Design:
    """Terms over the columns of a table; remembers fills and centres of the table it was fitted on.

    terms : one text per column of the matrix; products multiply centred factors
    """

    def __init__(self, terms: Sequence[str]) -> None:
        if not terms:
            raise ValueError("a design needs at least one term")
        self.terms = tuple(terms)
        self._factors = tuple(tuple(map(_Factor.parse, t.split("*"))) for t in self.terms)
        self.fills: dict[str, Fill] = {}
        self.centres: dict[str, float] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that the terms read, in order of first use."""
        return tuple(dict.fromkeys(f.column for factors in self._factors for f in factors))

    @property
    def owners(self) -> tuple[str, ...]:
        """The column that answers for each term: a product belongs to its last factor."""
        return tuple(factors[-1].column for factors in self._factors)

    def fit(self, table: pd.DataFrame) -> Self:
        """This design with fills (median or commonest level) and centres from `table`."""
        self.fills = {name: self._fill(table[name], name) for name in self.columns}
        self.centres = {
            _key(f): float(f.read(table, self.fills[f.column]).mean())
            for factors in self._factors
            if len(factors) > 1
            for f in factors
        }
        return self

    def _fill(self, column: pd.Series[Any], name: str) -> Fill:
        shapes = {f.shape for factors in self._factors for f in factors if f.column == name}
        if "level" in shapes:
            common = column.dropna().mode()
            return str(_levels(common.iloc[:1], "")[0]) if len(common) else ""
        values = _numbers(column)
        return float(np.nanmedian(values)) if (~np.isnan(values)).any() else 0.0

    def matrix(self, table: pd.DataFrame) -> Floats:
        """(n, terms) numbers of `table`, without gaps.

        Raises ValueError naming a column that the table lacks.
        """
        lacking = [name for name in self.columns if name not in table.columns]
        if lacking:
            raise ValueError(f"the table lacks {', '.join(lacking)}")
        return np.column_stack([self._term(table, factors) for factors in self._factors])

    def _term(self, table: pd.DataFrame, factors: tuple[_Factor, ...]) -> Floats:
        parts = [f.read(table, self.fills[f.column]) for f in factors]
        if len(parts) == 1:
            return parts[0]
        centred = [p - self.centres[_key(f)] for p, f in zip(parts, factors, strict=True)]
        return np.asarray(np.prod(centred, axis=0), dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """The fitted design as one JSON file."""
        state = {"terms": self.terms, "fills": self.fills, "centres": self.centres}
        return {"design.json": json.dumps(state, ensure_ascii=False).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The design that `to_files` wrote."""
        state = json.loads(files["design.json"])
        design = cls(state["terms"])
        design.fills, design.centres = state["fills"], state["centres"]
        return design


def _key(factor: _Factor) -> str:
    return f"{factor.shape}({factor.column}){factor.level}"
