"""Proposals held against the text: the quote must stand there, and the figure in the quote."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qianhang.plan.items import Plan
from qianhang.plan.proposals.passages import Passage
from qianhang.plan.reading.amounts import Amount, amounts, number
from qianhang.plan.reading.fold import Folded, fold

__all__ = ["REASONS", "Finding", "Place", "Refusal", "ground"]

Place = tuple[int, int]
REASONS = ("form", "quote", "words", "figure", "deadline")
_LONGEST_QUOTE = 400
_LONGEST_NAME = 60
_SHORTEST = 2
_SIGNS = (">=", ">", "<=", "<", "~", "=")
_YEARLY = re.compile(r"每年|年均|逐年")
# Figures in units that the rules do not know: a number or a range, and what follows it.
_FIGURE = re.compile(
    r"(?<![\d.])(?P<low>\d[\d,]*(?:\.\d+)?)(?:(?:[-—–―~]{1,2}|至|到)(?P<high>\d[\d,]*(?:\.\d+)?))?"
    r"(?![\d.])[余多+]?\s?"
)
_YEAR = re.compile(r"(?:19|20|21)\d\d")
# What follows a figure that has no unit.
_BARE = re.compile(r"(?:以上|以下|以内|左右)?(?:[,。;、)\s]|$)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A proposal that the text bears out.

    quote : where its sentence stands; at : the places that its name or figure may have there
    """

    kind: str
    section: str
    quote: Place
    at: tuple[Place, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposal that the text does not bear out; reason : one of REASONS."""

    section: str
    reason: str
    told: str


@dataclass(frozen=True, slots=True)
class _Quote:
    """A quote as it stands in the folded text, at [start, end)."""

    folded: Folded
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.folded.text[self.start : self.end]

    def place(self, start: int, end: int) -> Place:
        """Where characters of the quote stand in the original."""
        return self.folded.span(self.start + start, self.start + end)


def ground(
    raw: Mapping[str, Any], *, passage: Passage, folded: Folded, plan: Plan
) -> Finding | Refusal:
    """What the text bears out of one proposal, or why it is refused.

    raw : an item of the model's answer, not to be trusted; folded : the plan's whole text
    """

    def refuse(reason: str) -> Refusal:
        return Refusal(passage.section, reason, _told(raw))

    makers = {"target": _target, "system": _system, "measure": _measure}
    maker = makers.get(_text(raw, "kind"))
    quote = _find(_text(raw, "quote"), passage, folded)
    if maker is None or not _text(raw, "quote"):
        return refuse("form")
    if quote is None:
        return refuse("quote")
    made = maker(raw, quote, plan=plan, passage=passage)
    if isinstance(made, str):
        return refuse(made)
    at, values = made
    place = folded.span(quote.start, quote.end)
    return Finding(_text(raw, "kind"), passage.section, place, at, values)


Made = tuple[tuple[Place, ...], dict[str, Any]]


def _system(raw: Mapping[str, Any], quote: _Quote, *, plan: Plan, passage: Passage) -> Made | str:
    del plan, passage
    verb, role = _fold(raw, "verb"), _text(raw, "role") or "build"
    if role not in ("build", "existing"):
        return "form"
    if verb not in quote.text:
        return "words"
    named = _named(raw, quote)
    if isinstance(named, str):
        return named
    at, name = named
    return at, {"name": name, "verb": verb, "role": role, "mission": ""}


def _measure(raw: Mapping[str, Any], quote: _Quote, *, plan: Plan, passage: Passage) -> Made | str:
    del plan, passage
    named = _named(raw, quote)
    return named if isinstance(named, str) else (named[0], {"name": named[1], "mission": ""})


def _named(raw: Mapping[str, Any], quote: _Quote) -> tuple[tuple[Place, ...], str] | str:
    """Where a name stands in its quote, and the name."""
    name = _fold(raw, "name")
    if not _SHORTEST <= len(name) <= _LONGEST_NAME:
        return "form"
    at = [m.start() for m in re.finditer(re.escape(name), quote.text)]
    return (tuple(quote.place(s, s + len(name)) for s in at), name) if at else "words"


def _target(raw: Mapping[str, Any], quote: _Quote, *, plan: Plan, passage: Passage) -> Made | str:
    indicator, unit = _fold(raw, "indicator"), _fold(raw, "unit")
    limits, sign = _limits(raw.get("value")), _text(raw, "comparator") or "="
    named = _SHORTEST <= len(indicator) <= _LONGEST_NAME and len(unit) <= 20
    if limits is None or not named or sign not in _SIGNS:
        return "form"
    if not _in_order(indicator, quote.text):
        return "words"
    year = _year(raw.get("deadline"))
    low, high = passage.start, passage.end
    printed = quote.folded.text[quote.folded.find(low) : quote.folded.find(high)]
    if year is None or (year and str(year) not in printed):
        return "deadline"
    figures = list(_figures(quote.text, limits, unit))
    if not figures:
        return "figure"
    # What is printed decides, where the rules can read it; the model's word does otherwise.
    sign = next((a.comparator for _, a in figures if a), sign)
    after = quote.text.find(indicator) + len(indicator) if indicator in quote.text else 0
    # The first figure after its indicator comes first.
    figures.sort(key=lambda f: (f[0][0] < after, f[0][0]))
    inherited = plan.end.year if plan.end else None
    return tuple(quote.place(*place) for place, _ in figures), {
        "indicator": indicator, "comparator": sign, "low": limits[0],
        "high": limits[1] if limits[1] != limits[0] else None, "unit": unit, "hedge": "",
        "deadline": year or inherited,
        "deadline_source": "printed" if year else "inherited" if inherited else "",
        "baseline": None, "baseline_year": None, "implicit": False,
        "yearly": bool(_YEARLY.search(quote.text)), "everywhere": False, "also": [],
    }  # fmt: skip


def _figures(
    text: str, limits: tuple[float, float], unit: str
) -> Iterator[tuple[Place, Amount | None]]:
    """Where a quote prints this number with this unit, and how the rules read it there."""
    found = {}
    for read in amounts(text):
        if (read.low, read.high) == limits and read.unit.casefold() == unit.casefold():
            found[read.start] = read.end
            yield (read.start, read.end), read
    for match in _FIGURE.finditer(text):
        high = match["high"] or match["low"]
        follows = text[match.end() :]
        dated = follows.startswith("年") and _YEAR.fullmatch(high)
        if dated or match.start() in found or (number(match["low"]), number(high)) != limits:
            continue
        if follows.casefold().startswith(unit.casefold()) if unit else _BARE.match(follows):
            yield (match.start(), match.end() + len(unit)), None


def _find(text: str, passage: Passage, folded: Folded) -> _Quote | None:
    """The first place of a quote in its passage, in either spelling, spaces or none."""
    wanted = "".join(fold(text).text.split())
    if not _SHORTEST <= len(wanted) <= _LONGEST_QUOTE:
        return None
    # Models close up the spaces and line breaks of a page.
    pattern = re.compile(r"\s*".join(map(re.escape, wanted)))
    found = pattern.search(folded.text, folded.find(passage.start), folded.find(passage.end))
    return _Quote(folded, found.start(), found.end()) if found else None


def _in_order(words: str, text: str) -> bool:
    """Whether a text has these characters in this order, others between them or not."""
    rest = iter(text)
    return all(char in rest for char in words)


def _limits(value: object) -> tuple[float, float] | None:
    """A number, or two in rising order."""
    pair = value if isinstance(value, list) and len(value) == 2 else [value, value]
    numbers = [v for v in pair if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < 2:
        return None
    try:
        low, high = map(float, numbers)
    except OverflowError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low <= high else None


def _year(value: object) -> int | None:
    """The year, 0 where none is given, None where it is no year."""
    if value in (None, ""):
        return 0
    text = str(value)
    return int(text) if _YEAR.fullmatch(text) and text.isascii() else None


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    return value.strip() if isinstance(value, str) and len(value) <= 2 * _LONGEST_QUOTE else ""


def _fold(raw: Mapping[str, Any], name: str) -> str:
    return fold(_text(raw, name)).text.strip()


def _told(raw: Mapping[str, Any]) -> str:
    """A line by which a person knows a refused proposal again, printable and short."""
    words = next((_text(raw, n) for n in ("indicator", "name", "quote") if _text(raw, n)), "")
    kept = "".join(c for c in words if c.isprintable())
    return f"{kept[:40]} {_number(raw.get('value'))}".strip()


def _number(value: object) -> str:
    """A number as printed, nothing for what is none."""
    limits = _limits(value)
    return "" if limits is None else "–".join(f"{v:g}" for v in dict.fromkeys(limits))
