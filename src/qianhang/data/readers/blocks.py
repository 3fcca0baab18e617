"""What every table reader gives: a header, and blocks of raw cells with their row numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Block", "Note", "Ragged", "RowMap", "Table"]


class Note(NamedTuple):
    """Something that the reader of the data did and that a person should know."""

    code: str
    text: str


class Ragged(NamedTuple):
    """A row of the file with more or fewer cells than the header."""

    row: int
    cells: int


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records: header position -> raw cells, all of length `count`.

    blank : positions of records between which nothing at all is written; they have no cells
    """

    count: int
    cells: Mapping[int, pa.Array | pd.Series]
    ragged: tuple[Ragged, ...] = ()
    blank: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class RowMap:
    """From the position of a record to its row in the file, 1-based with the header.

    first : row of the first record; skipped : sorted rows that gave no record
    """

    first: int = 2
    skipped: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def rows(self, positions: np.ndarray) -> np.ndarray:
        """Rows of the file, (n,) int64, for record positions (n,)."""
        if not self.skipped.size:
            return positions.astype(np.int64) + self.first
        # the k-th skipped row lies before a record once the record's position passes it
        offsets = self.skipped - np.arange(self.skipped.size) - self.first
        return positions + self.first + np.searchsorted(offsets, positions, side="right")


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table; nothing but its header has been read.

    top : the first rows as written, the header among them, where the format has rows of text
    names : header as written in the file; blocks : wanted header positions -> blocks in order
    groups : rows of each group of them that can be read alone, empty where there is but one way
    group : wanted header positions, number of a group -> its blocks
    """

    label: str
    names: tuple[str, ...]
    blocks: Callable[[Sequence[int]], Iterator[Block]]
    first_row: int = 2
    decimal_comma: bool = False
    top: Sequence[Sequence[str]] = ()
    notes: tuple[Note, ...] = ()
    groups: tuple[int, ...] = ()
    group: Callable[[Sequence[int], int], Iterator[Block]] | None = None

    def renamed(self, names: Mapping[str, str]) -> Table:
        """The same table whose columns carry other names."""
        return replace(self, names=tuple(names.get(n, n) for n in self.names))
