"""Rows of a table as lines of text, and layout tables taken apart into plain paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["DITTO", "Cell", "Row", "grid_lines"]

# In a cell that is merged with the one above it.
DITTO = "〃"
# A cell is its paragraphs; a row its cells; a cell longer than this holds a page, not a value.
Cell = Sequence[str]
Row = Sequence[Cell]
_PAGE = 1500


def grid_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The lines that stand for a table: cells joined by tabs where it is one, else paragraphs."""
    filled = [sum(bool("".join(cell).strip()) for cell in row) for row in rows]
    longest = max((sum(map(len, cell)) for row in rows for cell in row), default=0)
    tabular = sum(count >= 2 for count in filled) >= 2 and longest <= _PAGE
    for row, count in zip(rows, filled, strict=True):
        if count == 0:
            continue
        if tabular:
            yield "\t".join(_value(cell) for cell in row).rstrip("\t")
        else:
            yield from (part for cell in row for part in cell if part.strip() not in ("", DITTO))


def _value(cell: Cell) -> str:
    """A cell on one line."""
    return " ".join(" ".join(part.split()) for part in cell if part.strip())
