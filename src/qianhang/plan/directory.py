"""Which unit a printed name stands for on a date: aliases, levels, regions, reorganisations.

Units are kinds of department times regions: the directory holds what a kind is called, where and
when, and the places; 省科技厅 of one province and of another are two units of one kind.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any, Literal

__all__ = [
    "Kind",
    "Unit",
    "find",
    "is_known",
    "is_party",
    "kinds",
    "nearest",
    "place_of",
    "region_of",
]

UnitLevel = Literal["nation", "province", "city", "county"]

_LEVELS: Mapping[str, UnitLevel] = {
    "省": "province", "自治区": "province", "市": "city", "州": "city", "盟": "city",
    "地区": "city", "县": "county", "区": "county", "旗": "county", "新区": "county",
}  # fmt: skip
_MUNICIPALITIES = ("北京市", "天津市", "上海市", "重庆市")
_NATIONAL = ("国家", "中国", "中央", "国务院", "全国", "最高", "中华")
_MANY = ("各", "有关", "相关")
_SHORT = re.compile(r"(?:省|市|地区|州|壮族自治区|回族自治区|维吾尔自治区|自治区)$")
_BRACKET = re.compile(r"\([^()]*\)")
# A place of no map: whatever ends as places do, with an office behind it.
_LEADING_PLACE = re.compile(r"(.{1,9}?(?:自治[区州县旗]|地区|省|市|县|区|州|盟|旗))(?=.{2})")
# Long names differ by more than a slip of one character; short ones are units of their own.
_SHORTEST_CORRECTED = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of department: its canonical name, its printed forms without a place, its life.

    name : `{}` stands for the place inside; party : stands under 省委
    names : canonical name in single regions; became : id of the kind that took its work
    """

    id: str
    name: str
    nation: str = ""
    aliases: tuple[str, ...] = ()
    party: bool = False
    since: date = date.min
    until: date = date.max
    became: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def lives(self, on: date) -> bool:
        """Whether the kind exists under this name on a day."""
        return self.since <= on <= self.until


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: two printed names with the same `id` mean the same office.

    alias : the form in the directory that the printed name matched
    region : 河南省, "" where the name and the question leave it open
    """

    id: str
    name: str
    level: UnitLevel
    region: str
    alias: str
    since: date = date.min
    until: date = date.max


def find(name: str, *, region: str, on: date) -> Unit | None:
    """The unit that a printed name stands for on a day, None for a name of no known kind.

    A name whose unit was reorganised by then gives its successor; one printed before its unit
    existed gives the predecessor. region : the plan's own, 河南省 or 七台河市
    """
    plain = name.strip()
    if plain.startswith(_MANY):
        return None
    for spelling in dict.fromkeys((plain, _BRACKET.sub("", plain))):
        for alias, level, place in _readings(spelling, region_of(region)):
            kind = _living(alias, on)
            if kind is not None:
                return _unit(kind, alias, level, place)
    return None


def is_known(form: str) -> bool:
    """Whether a name without its place is a printed form in the directory."""
    return form in _forms()


def is_party(form: str) -> bool:
    """Whether every unit of that form is an organ of a party committee."""
    return is_known(form) and all(kind.party for kind in _forms()[form])


def nearest(form: str) -> str | None:
    """The only known form one slip of the pen away: a character lost, added or changed, or the
    same characters in another order; None where there is none, or more than one."""
    if len(form) < _SHORTEST_CORRECTED - 1 or is_known(form):
        return None
    near = {f for key in _blurred(form) for f in _blurred_forms().get(key, ())}
    near |= set(_blurred_forms().get("".join(sorted(form)), ()))
    close = {f for f in near if f[-1] == form[-1] and abs(len(f) - len(form)) <= 1}
    best = {f for f in close if len(f) > len(form)} or close
    return best.pop() if len(best) == 1 else None


def place_of(name: str) -> str:
    """The place of the map that a name begins with, as printed: 河南 of 河南金融监管局."""
    found = _places_at_start().match(name)
    return found.group() if found else ""


@functools.lru_cache(maxsize=4096)
def region_of(printed: str) -> str:
    """The full name of a place: 河南 and 河南省 both give 河南省; unknown ones come back as is."""
    return next((full for full in _places() if printed in (full, _short(full))), printed)


def _readings(name: str, region: str) -> Iterator[tuple[str, UnitLevel, str]]:
    """Alias, level and region: every way to read a printed name, the most certain first."""
    if name in _forms() and _is_national(name):
        yield name, "nation", "国家"
    for alias, place in _inside(name):
        yield alias, _level(place or region), place or region
    for place, rest in _outside(name):
        if rest in _forms():
            full = region_of(place) if place not in _LEVELS else _own(place, region)
            yield rest, _LEVELS.get(place) or _level(full), full
    if name in _forms():
        yield name, _level(region), region


def _is_national(name: str) -> bool:
    if name.startswith(_NATIONAL) or name.endswith(("总局", "总署")):
        return True
    return any(kind.nation == name or (name.endswith("部") and not kind.party)
               for kind in _forms()[name])  # fmt: skip


def _inside(name: str) -> Iterator[tuple[str, str]]:
    """Forms with the place in the middle or in front of a branch: 人行{}分行, {}证监局."""
    for found in _anywhere().finditer(name):
        form = f"{name[: found.start()]}{{}}{name[found.end() :]}"
        if form in _forms():
            yield form, region_of(found.group())
    for word in _LEVELS:
        form = name.replace(word, "{}", 1)
        if word in name and form in _forms():
            yield form, ""


def _outside(name: str) -> Iterator[tuple[str, str]]:
    """A place in front and the rest: from the map, a bare 省 or 市, or what looks like a place."""
    place = place_of(name)
    if place:
        yield place, name[len(place) :]
    for word in sorted(_LEVELS, key=len, reverse=True):
        if name.startswith(word):
            yield word, name[len(word) :]
    for found in _LEADING_PLACE.finditer(name):
        if found.start() == 0:
            yield found.group(1), name[found.end() :]


def _own(word: str, region: str) -> str:
    """The region meant by a bare 省 or 市 in a plan of a region."""
    level = _LEVELS[word]
    if level == "province":
        return _places().get(region, region if _level(region) == level else "")
    return region if _level(region) == level or region in _MUNICIPALITIES else ""


def _level(place: str) -> UnitLevel:
    if place in ("国家", "全国", ""):
        return "nation" if place else "city"
    if place in _places():
        return "province" if _places()[place] == place else "city"
    ending = next((w for w in sorted(_LEVELS, key=len, reverse=True) if place.endswith(w)), "市")
    return _LEVELS[ending]


def _living(alias: str, on: date) -> Kind | None:
    """The kind that an alias means on a day, by successor or predecessor where it is not alive."""
    means = _forms()[alias]
    alive = next((kind for kind in means if kind.lives(on)), None)
    if alive is not None:
        return alive
    for kind in means:
        heir = kind
        while heir.until < on and heir.became:
            heir = kinds()[heir.became]
        if heir.lives(on):
            return heir
    ids = {kind.id for kind in means}
    return next((k for k in kinds().values() if k.became in ids and k.lives(on)), None)


def _unit(kind: Kind, alias: str, level: UnitLevel, region: str) -> Unit:
    name = kind.names.get(region, kind.name)
    local = level in ("city", "county") or region in _MUNICIPALITIES
    if level == "nation":
        shown = kind.nation or name
    elif "{}" in name:
        whole = name.endswith(("分行", "电力公司"))
        shown = name.replace("{}", region if whole else _short(region))
    else:
        if local:
            name = re.sub("办公厅$", "办公室", name)
            name = re.sub("厅$", "局", name)
        shown = f"{region}{name}"
    return Unit(f"{region or level}/{kind.id}", shown, level, region, alias, kind.since, kind.until)


@functools.cache
def _short(place: str) -> str:
    return _SHORT.sub("", place) or place


@functools.cache
def _table() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("directory.toml").read_text("utf8")
    return tomllib.loads(text)


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Id -> kind of department, all of them."""
    return {row["id"]: _kind(row) for row in _table()["kind"]}


def _kind(row: Mapping[str, Any]) -> Kind:
    made = [s + e for s in row.get("stems", "").split() for e in row.get("ends", "").split()]
    forms = [row["name"], row.get("nation", ""), *made, *row.get("aliases", "").split()]
    known = {
        k: row[k] for k in ("nation", "party", "since", "until", "became", "names") if k in row
    }
    return Kind(row["id"], row["name"], aliases=tuple(dict.fromkeys(filter(None, forms))), **known)


@functools.cache
def _forms() -> Mapping[str, tuple[Kind, ...]]:
    """Printed form without its place -> the kinds that it may mean, in the directory's order."""
    forms: dict[str, tuple[Kind, ...]] = {}
    for kind in kinds().values():
        for alias in kind.aliases:
            forms[alias] = (*forms.get(alias, ()), kind)
    return forms


@functools.cache
def _blurred_forms() -> Mapping[str, tuple[str, ...]]:
    """Long forms by what is left of them after losing any one character, or sorted."""
    blurred: dict[str, tuple[str, ...]] = {}
    for form in _forms():
        if len(form) >= _SHORTEST_CORRECTED and "{}" not in form:
            for key in {*_blurred(form), "".join(sorted(form))}:
                blurred[key] = (*blurred.get(key, ()), form)
    return blurred


def _blurred(form: str) -> set[str]:
    return {form, *(form[:i] + "_" + form[i + 1 :] for i in range(len(form))),
            *(form[:i] + form[i + 1 :] for i in range(len(form)))}  # fmt: skip


@functools.cache
def _places() -> Mapping[str, str]:
    """Full name of a province or city -> its province."""
    places: dict[str, str] = {}
    for province, cities in _table()["places"].items():
        places[province] = province
        for city in cities.split():
            suffixed = city.endswith(("州", "盟", "地区", "新区")) and len(city) > 2
            places[city if suffixed else f"{city}市"] = province
    return places


@functools.cache
def _anywhere() -> re.Pattern[str]:
    names = sorted(_places(), key=len, reverse=True)
    return re.compile("|".join(f"{_short(n)}(?:{n[len(_short(n)) :]})?" for n in names))


@functools.cache
def _places_at_start() -> re.Pattern[str]:
    return re.compile(f"(?:{_anywhere().pattern})")
