"""A table cut into parts of so many rows, each held to the contract alone: none need fit whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from qianhang.data.readers.blocks import Block, Ragged, RowMap, Table

__all__ = ["Part", "Parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive rows of a file, numbered from 0 by part.

    first : the file's row where it begins; rows : of the file, blank ones and those of another
        number of cells among them
    blank : rows in which nothing is written; bare : whether there is no other row
    """

    number: int
    first: int
    rows: int
    blank: int
    bare: bool
    table: Table


@dataclass(slots=True)
class Parts:
    """The parts of `table` that `take` names, in order, of `rows` rows each but the last.

    wanted : header positions of the columns to read
    total : rows of the file below its header, once all parts were gone through
    """

    table: Table
    wanted: Sequence[int]
    rows: int
    take: Callable[[int], bool]
    total: int = -1
    _held: list[Block] = field(default_factory=list)
    _ragged: list[Ragged] = field(default_factory=list)
    _at: int = 0

    @property
    def count(self) -> int | None:
        """How many parts there are, None where that is known at the end only."""
        if self.table.group is None:
            return None
        return -(-sum(self.table.groups) // self.rows)

    def __iter__(self) -> Iterator[Part]:
        first, number = self.table.first_row, 0
        for begins, blocks in self._streams():
            self._at = max(self._at, begins)
            for block in blocks:
                self._ragged += block.ragged
                for last, piece in self._cut(block):
                    while number < last:
                        yield from self._whole(number, first + (number + 1) * self.rows)
                        number += 1
                    if self.take(number):
                        self._held.append(piece)
        end = max([self._at, *(one.row + 1 for one in self._ragged)])
        end = max(end, first + sum(self.table.groups))
        while first + number * self.rows < end:
            yield from self._whole(number, end)
            number += 1
        self.total = end - first

    def _streams(self) -> Iterator[tuple[int, Iterator[Block]]]:
        """Row where each stream of blocks begins, and the stream; groups of no wanted part skip."""
        row, first = self.table.first_row, self.table.first_row
        if self.table.group is None:
            yield row, self.table.blocks(self.wanted)
            return
        for number, count in enumerate(self.table.groups):
            low, high = (row - first) // self.rows, (row + count - 1 - first) // self.rows
            if any(self.take(part) for part in range(low, high + 1)):
                yield row, self.table.group(self.wanted, number)
            row += count

    def _cut(self, block: Block) -> Iterator[tuple[int, Block]]:
        """Number of the part and what of the block lies in it."""
        size = block.count + len(block.blank)
        if not size:
            return
        skipped = np.array(sorted(r.row for r in self._ragged if r.row >= self._at), dtype=np.int64)
        rows = RowMap(self._at, skipped).rows(np.arange(size))
        numbers = (rows - self.table.first_row) // self.rows
        edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), size]
        for low, high in zip(edges, edges[1:], strict=False):
            self._at = int(rows[high - 1]) + 1
            yield int(numbers[low]), _slice(block, low, high)

    def _whole(self, number: int, end: int) -> Iterator[Part]:
        """The part that has all its rows, where it is wanted; later ragged rows stay behind."""
        first = self.table.first_row + number * self.rows
        end = min(end, first + self.rows)
        mine = tuple(one for one in self._ragged if one.row < end)
        self._ragged = [one for one in self._ragged if one.row >= end]
        held, self._held = self._held, []
        if not self.take(number):
            return
        blocks = [*held, Block(0, {}, mine)] if mine else held
        table = replace(
            self.table, blocks=lambda _: iter(blocks), first_row=first, groups=(), group=None
        )
        blank = sum(len(block.blank) for block in held)
        bare = not mine and not any(block.count for block in held)
        yield Part(number, first, end - first, blank, bare, table)


def _slice(block: Block, low: int, high: int) -> Block:
    """Records low to high of a block, its blank ones counted, without its ragged rows."""
    blank = np.asarray(block.blank, dtype=np.int64)
    before, after = (int(np.searchsorted(blank, place)) for place in (low, high))
    start, count = low - before, (high - low) - (after - before)
    cells = {
        place: values.iloc[start : start + count]
        if hasattr(values, "iloc")
        else values.slice(start, count)
        for place, values in block.cells.items()
    }
    return Block(count, cells, (), blank[before:after] - low)
