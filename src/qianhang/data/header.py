"""Which column of a file is which column of the contract."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from qianhang.core import units
from qianhang.core.errors import ContractError, Place
from qianhang.core.manifest import Column
from qianhang.core.schema import nearest
from qianhang.data import codes
from qianhang.data.readers.blocks import Table

__all__ = ["Match", "match"]

_BRACKETS = re.compile(r"^(.*?)\s*[\(\[](.*?)[\)\]]\s*$")
# how meters and ministries spell some units
_SPELLINGS = {"\u2103": "degC", "\u00b0c": "degC", "c": "degC", "\u2109": "degF", "\u00b0f": "degF",
              "m\u00b3/h": "m3/h", "m\u00b3": "m3", "m\u00b2": "m2", "ug/m\u00b3": "ug/m3",
              "\u03bcg/m3": "ug/m3", "l/s": "L/s", "mw": "MW", "kw": "kW"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """Contract column -> position in the file's header."""

    positions: Mapping[str, int]


def match(table: Table, columns: Mapping[str, Column], optional: Collection[str] = ()) -> Match:
    """Where each contract column stands: by its name, an alias, or either without its unit.

    optional : columns that may be absent though the contract requires them
    Raises ContractError for a column that is missing or written twice, or in another unit.
    """
    heads = [_split(name) for name in table.names]
    found: dict[str, int] = {}
    for name, column in columns.items():
        place = _place(table, heads, name, column)
        if place is None and column.required and name not in optional:
            raise _missing(table, name, column)
        if place is not None:
            found[name] = place
            _same_unit(table, heads[place][1], name, column)
    if not found:
        raise ContractError(
            codes.MISSING_COLUMN,
            f"{table.label}: no column of the contract; found: {_list(table.names)}",
            hint=f"expected: {_list(tuple(columns))}",
        )
    return Match(found)


def _place(table: Table, heads: list[tuple[str, str]], name: str, column: Column) -> int | None:
    """Position of the column; an exact name wins over an alias, an alias over looser spellings."""
    for words in ((name,), column.aliases):
        hits = [i for i, n in enumerate(table.names) if n in words]
        if hits:
            return _one(table, name, hits)
    loose = {_plain(w) for w in (name, *column.aliases)}
    hits = [i for i, (n, _) in enumerate(heads) if _plain(n) in loose]
    return _one(table, name, hits) if hits else None


def _one(table: Table, name: str, hits: list[int]) -> int:
    if len(hits) > 1:
        places = ", ".join(f"{table.names[i]!r} (column {i + 1})" for i in hits)
        raise ContractError(
            codes.DUPLICATE_COLUMN,
            f"{table.label}: column {name} is there {len(hits)} times: {places}",
            hint="keep one of them",
            place=Place(table.label, name, found=places),
        )
    return hits[0]


def _split(head: str) -> tuple[str, str]:
    """Name and unit of a header such as "heat (GJ/h)"."""
    wide = unicodedata.normalize("NFKC", head)
    parts = _BRACKETS.match(wide)
    return (parts.group(1), parts.group(2).strip()) if parts else (wide, "")


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold().replace(" ", "_")


def _same_unit(table: Table, unit: str, name: str, column: Column) -> None:
    """Refuses a header that states another known unit than the contract."""
    unit = _SPELLINGS.get(unit.casefold(), unit)
    if column.unit and units.known(unit) and unit != column.unit:
        raise ContractError(
            codes.WRONG_UNIT,
            f"{table.label}: column {name}: the header says {unit}, expected {column.unit}",
            hint=f"convert the column to {column.unit}",
            place=Place(table.label, name, row=1, found=unit, expected=column.unit),
        )


def _missing(table: Table, name: str, column: Column) -> ContractError:
    names = (name, *column.aliases)
    below = next((i for i, row in enumerate(table.top[1:], start=2) if set(names) & {*row}), 0)
    if below:
        return ContractError(
            codes.MISSING_COLUMN,
            f"{table.label}: column {name} is missing in row 1; it stands in row {below}",
            hint=f"delete the {below - 1} rows above the header",
            place=Place(table.label, name, row=below),
        )
    guess = next((g for w in names if (g := nearest(w, table.names))), None)
    also = f" (or {', '.join(column.aliases)})" if column.aliases else ""
    return ContractError(
        codes.MISSING_COLUMN,
        f"{table.label}: column {name}{also} is missing; found: {_list(table.names)}",
        hint=f"is it {guess!r}?" if guess else "add it, or rename the one that holds it",
        place=Place(table.label, name, row=1, found=_list(table.names), expected=name),
    )


def _list(names: tuple[str, ...], most: int = 12) -> str:
    tail = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + tail
