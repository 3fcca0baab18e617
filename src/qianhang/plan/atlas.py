"""Regions on a grid of tiles, and the region of China in which a plan or an organisation lies."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qianhang.core import schema

__all__ = ["City", "Place", "Province", "find_province", "named", "place_of", "provinces"]

_FILE = Path(__file__).with_name("atlas.toml")
# What a region's name may end in beyond the name that the tile carries: 郑州 is 郑州市.
_SUFFIX = re.compile(r"(?:地区|盟)$")

_LONGEST = 24


@dataclass(frozen=True, slots=True)
class City:
    """A prefecture-level region; column, row : of its tile among its province's cities."""

    name: str
    en: str
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
    romanised: str = ""


@dataclass(frozen=True, slots=True)
class _Rows:
    province: tuple[_Row, ...]


@functools.cache
def provinces() -> tuple[Province, ...]:
    """All 34, from north to south and west to east."""
    rows = schema.read(_Rows, schema.read_toml(_FILE), where=_FILE.name).province
    found = [Province(r.name, r.short, r.en, r.at[0], r.at[1], tuple(_grid(r))) for r in rows]
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
    """The city of the province that the text begins with; 朝阳区 is another city's district."""
    if not text or (text.endswith("区") and any(text == _bare(c.name) + "区" for c in one.cities)):
        return ""
    return next((c.name for c in one.cities if text.startswith(_bare(c.name))), "")


def _bare(name: str) -> str:
    return _SUFFIX.sub("", name)


def _grid(row: _Row) -> Iterable[City]:
    """The cities in rows of about equal length, in their order."""
    names, english = row.cities.split(), row.romanised.split(", ")
    across = math.ceil(math.sqrt(len(names) * 1.6)) if names else 1
    for number, (name, en) in enumerate(zip(names, english, strict=bool(names))):
        yield City(name, en, number % across, number // across)


def named(text: str, *, english: bool) -> str:
    """The name of a region in the reader's language; as it is where it is no region's full name."""
    place = place_of(text) if english and len(text) <= _LONGEST else None
    one = find_province(place.province) if place else None
    if one is None or place is None:
        return text
    if not place.city:
        return one.en if text in (one.name, one.short) else text
    city = next(c for c in one.cities if c.name == place.city)
    exact = re.fullmatch(
        f"(?:{one.name}|{one.short})?{_bare(city.name)}(?:市|州|地区|盟|.*自治州)?", text
    )
    return city.en if exact else text
