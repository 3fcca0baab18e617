"""Regions on a grid of tiles, and the region of China in which a plan or an organisation lies."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qianhang.core import schema

__all__ = ["City", "Place", "Province", "find_province", "place_of", "provinces"]

_FILE = Path(__file__).with_name("atlas.toml")
_SUFFIX = re.compile(r"(?:特别行政区|自治区|自治州|地区|省|市|盟|州)$")


@dataclass(frozen=True, slots=True)
class City:
    """A prefecture-level region; column, row : of its tile among its province's cities."""

    name: str
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Province:
    """A provincial-level region; column, row : of its tile from the top left."""

    name: str
    short: str
    en: str
    column: int
    row: int
    cities: tuple[City, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies: the province by its short name, the city, "" for the whole province."""

    province: str
    city: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    short: str
    en: str
    at: tuple[int, ...]
    cities: str = ""


@dataclass(frozen=True, slots=True)
class _Rows:
    province: tuple[_Row, ...]


@functools.cache
def provinces() -> tuple[Province, ...]:
    """All 34, from north to south and west to east."""
    rows = schema.read(_Rows, schema.read_toml(_FILE), where=_FILE.name).province
    found = [
        Province(r.name, r.short, r.en, r.at[0], r.at[1], tuple(_grid(r.cities.split())))
        for r in rows
    ]
    return tuple(sorted(found, key=lambda p: (p.row, p.column)))


def find_province(name: str) -> Province | None:
    """The province of this full or short name, None where there is none."""
    return next((p for p in provinces() if name and name in (p.short, p.name)), None)


@functools.lru_cache(maxsize=4096)
def place_of(text: str) -> Place | None:
    """The place that a name begins with or is, as 黑龙江省七台河市 or 郑州市; None for others."""
    for one in provinces():
        for name in (one.name, one.short):
            if text.startswith(name):
                rest = text.removeprefix(name)
                # 吉林市 and 海南州 are cities that are called like provinces.
                if not (name == one.short and rest[:1] in ("市", "州") and one.cities):
                    return Place(one.short, _city(one, rest))
    for one in provinces():
        city = _city(one, text)
        if city:
            return Place(one.short, city)
    return None


def _city(one: Province, text: str) -> str:
    """The city of the province that the text begins with."""
    return next((c.name for c in one.cities if text and text.startswith(_bare(c.name))), "")


def _bare(name: str) -> str:
    return _SUFFIX.sub("", name)


def _grid(names: Iterable[str]) -> Iterable[City]:
    """The cities in rows of about equal length, in their order."""
    listed = tuple(names)
    across = math.ceil(math.sqrt(len(listed) * 1.6)) if listed else 1
    for number, name in enumerate(listed):
        yield City(name, number % across, number // across)
