"""Versioned constants: each with its unit, source, years and limits, read or recalled."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

__all__ = ["Book", "Constant"]

_VERIFIED = ("read", "copied", "recalled")
_NUMBERS = ("value", "low", "high")
_YEARS = ("first", "last")


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant as its source printed it.

    low, high : 95% limits in `unit`; first, last : years for which it is meant
    place : where it holds, "" everywhere; version : edition of the source
    verified : read (the source itself), copied (another's copy of it), recalled
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    version: str
    first: int = 0
    last: int = 9999
    place: str = ""
    verified: str = "recalled"

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise ValueError(f"constant {self.name}: value and limits must be finite")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"constant {self.name}: {self.value:g} is outside its limits")
        if self.first > self.last:
            raise ValueError(f"constant {self.name}: years {self.first} to {self.last}")
        if self.verified not in _VERIFIED:
            raise ValueError(f"constant {self.name}: verified must be one of {_VERIFIED}")
        for name in ("name", "unit", "source", "version"):
            if not getattr(self, name).strip():
                raise ValueError(f"constant {self.name}: {name} is empty")


@dataclass(frozen=True, slots=True)
class Book:
    """Constants by name, place and year."""

    constants: tuple[Constant, ...]

    @classmethod
    def of(cls, constants: Iterable[Constant]) -> Self:
        """The book of these constants.

        Raises ValueError where two of one name and place are meant for one year.
        """
        held = tuple(constants)
        seen: dict[tuple[str, str], list[Constant]] = {}
        for each in held:
            for other in seen.setdefault((each.name, each.place), []):
                if each.first <= other.last and other.first <= each.last:
                    where = f"{each.name} {each.place}".strip()
                    raise ValueError(f"two constants {where} are meant for one year")
            seen[each.name, each.place].append(each)
        return cls(held)

    @classmethod
    def read(cls, text: str) -> Self:
        """The book in a CSV text whose columns are the fields of a constant.

        Raises ValueError naming the line.
        """
        made = []
        for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
            kept = {k: v.strip() for k, v in row.items() if k and v and v.strip()}
            try:
                numbers = {k: float(kept.pop(k)) for k in _NUMBERS}
                years = {k: int(kept.pop(k)) for k in _YEARS if k in kept}
                made.append(Constant(**kept, **numbers, **years))  # type: ignore[arg-type]  # names are checked by the class
            except (KeyError, TypeError, ValueError) as cause:
                raise ValueError(f"line {number}: {cause}") from cause
        return cls.of(made)

    def __iter__(self) -> Iterator[Constant]:
        return iter(self.constants)

    def __len__(self) -> int:
        return len(self.constants)

    def find(self, name: str, *, year: int, place: str = "") -> Constant:
        """The constant of that name for a year: the place's own, else the one for everywhere.

        Raises LookupError naming the years that there are.
        """
        for where in dict.fromkeys((place, "")):
            for each in self.constants:
                if each.name == name and each.place == where and each.first <= year <= each.last:
                    return each
        known = [f"{c.first}-{c.last}" for c in self.constants if c.name == name]
        there = f"known for {', '.join(dict.fromkeys(known))}" if known else "no such constant"
        raise LookupError(f"{name} in {year}{f' at {place}' if place else ''}: {there}")

    def replaced(self, others: Iterable[Constant]) -> Book:
        """The book in which others stand instead of those of the same name and place."""
        fresh = tuple(others)
        named = {(c.name, c.place) for c in fresh}
        kept = (c for c in self.constants if (c.name, c.place) not in named)
        return Book.of([*kept, *fresh])
