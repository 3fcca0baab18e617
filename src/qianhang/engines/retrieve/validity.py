"""Which acts are in force on a day, from what the acts say of themselves and of each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Act", "Standing", "in_force", "standing"]


@dataclass(frozen=True, slots=True)
class Act:
    """One version of an act: its name, its date (ISO, "" if unknown), the texts of its articles."""

    name: str
    date: str
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """The day from which an act holds (ISO, "" if unknown), and why it does not, "" if it does."""

    begins: str
    ended: str


def in_force(
    acts: Sequence[Act],
    *,
    day: str,
    patterns: Mapping[str, str],
    repealed: Mapping[str, str],
) -> list[Standing]:
    """How each act stands on `day`.

    day : ISO date; repealed : name -> ISO day from which a reviewed list says it is repealed
    patterns : `repeal` and `quoted` (group name) find "the X act is repealed", `ahead` (groups
    year, month, day) the day from which an act holds, `prefix` is left out of names
    """
    rules = {name: re.compile(text) for name, text in patterns.items() if name != "prefix"}
    prefix = patterns.get("prefix", "")
    names = [_plain(act.name, prefix) for act in acts]
    begins = [_begins(act, rules["ahead"]) for act in acts]
    newest: dict[str, str] = {}
    for name, act in zip(names, acts, strict=True):
        newest[name] = max(newest.get(name, ""), act.date)
    ended = {_plain(name, prefix): (since, "list") for name, since in repealed.items()}
    for act, begin in zip(acts, begins, strict=True):
        for name in _repeals(act, rules, prefix):
            if name in newest and name != _plain(act.name, prefix) and newest[name] < act.date:
                ended.setdefault(name, (begin, act.name))
    first: set[tuple[str, str]] = set()
    states = []
    for name, act, begin in zip(names, acts, begins, strict=True):
        twin = (name, act.date) in first
        first.add((name, act.date))
        why = _ended(act, begin, ended.get(name), newest[name], day=day, twin=twin)
        states.append(Standing(begin, why))
    return states


def standing(
    names: Sequence[str],
    dates: Sequence[str],
    texts: Sequence[str],
    *,
    day: str,
    patterns: Mapping[str, str],
    repealed: Mapping[str, str],
) -> list[Standing]:
    """How the act of each article (n,) stands on `day`: `in_force` for articles row by row."""
    held: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        held.setdefault(name, []).append(row)
    acts = [Act(n, dates[rows[0]], [texts[r] for r in rows]) for n, rows in held.items()]
    states = in_force(acts, day=day, patterns=patterns, repealed=repealed)
    of = dict(zip(held, states, strict=True))
    return [of[name] for name in names]


def _ended(
    act: Act, begin: str, end: tuple[str, str] | None, newest: str, *, day: str, twin: bool
) -> str:
    if act.date < newest or twin:
        return f"superseded by the version of {newest}"
    if begin > day:
        return f"in force from {begin}"
    if end and end[0] <= day:
        return f"repealed from {end[0]} ({end[1]})"
    return ""


def _plain(name: str, prefix: str) -> str:
    """A name without width, blanks, quotation marks, commas and the state's own name."""
    folded = unicodedata.normalize("NFKC", name)
    return re.sub(r"[\s\u3001\u3008-\u300b]", "", folded.replace(prefix, "") if prefix else folded)


def _begins(act: Act, ahead: re.Pattern[str]) -> str:
    """The day from which an act holds as its last article on that says, or its own date."""
    for text in reversed(act.texts):
        found = ahead.search(unicodedata.normalize("NFKC", text))
        if found:
            year, month, day = (int(found[g]) for g in ("year", "month", "day"))
            return f"{year:04d}-{month:02d}-{day:02d}"
    return act.date if act.date[3:4].isdigit() else ""


def _repeals(act: Act, rules: Mapping[str, re.Pattern[str]], prefix: str) -> list[str]:
    """The names of the acts that this one says are repealed."""
    found = []
    for text in act.texts:
        if not rules["repeal"].search(text):
            continue
        for sentence in re.split(r"[\u3002\n]", unicodedata.normalize("NFKC", text)):
            if rules["repeal"].search(sentence):
                found += [_plain(m["name"], prefix) for m in rules["quoted"].finditer(sentence)]
    return found
