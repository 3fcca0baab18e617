"""Items of a plan under review: chosen, shown field by field, edited from what was typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qianhang.core import words
from qianhang.core.words import Lang
from qianhang.plan import review
from qianhang.plan.items import Item
from qianhang.plan.office.lines import names

__all__ = [
    "COMPARATORS",
    "KINDS",
    "PAGE",
    "SIGNS",
    "STATES",
    "Cut",
    "Entered",
    "Field",
    "cut",
    "entered",
    "fields",
    "typed",
]

KINDS = ("target", "section", "task", "system", "measure")
STATES = ("draft", "confirmed", "edited", "rejected")
COMPARATORS = (">=", ">", "<=", "<", "~", "=")
SIGNS = {">=": "≥", "<=": "≤", "~": "≈"}
PAGE = 50
_ROLES = ("responsible", "lead", "support")
_NUMBERS = ("low", "high", "baseline")
_YEARS = ("deadline", "baseline_year")
_NULLABLE = ("high", "baseline", "deadline", "baseline_year")


@dataclass(frozen=True, slots=True)
class Cut:
    """One page of the items asked for; counts : (kind, state) -> how many of all.

    pending : kind -> how many drafts a model proposed, each of which a person has to look at
    """

    items: tuple[Item, ...]
    page: int
    pages: int
    found: int
    counts: Mapping[tuple[str, str], int]
    pending: Mapping[str, int]

    def of(self, *, kind: str = "", state: str = "") -> int:
        """How many items of a kind and state there are, any where empty."""
        return sum(n for (k, s), n in self.counts.items() if kind in ("", k) and state in ("", s))

    def settled_at_once(self, kind: str) -> int:
        """How many drafts of a kind, or of all, may be confirmed in one step."""
        proposed = sum(n for k, n in self.pending.items() if kind in ("", k))
        return self.of(kind=kind, state="draft") - proposed


@dataclass(frozen=True, slots=True)
class Field:
    """One value of an item as it is read: key of its name, text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Entered:
    """One value in the form: how it is typed (text, number, choice, flag), and what it is now."""

    name: str
    form: str
    value: str
    choices: tuple[str, ...] = ()


def cut(
    every: Sequence[Item], *, kind: str = "", state: str = "", page: int = 1, at: str = ""
) -> Cut:
    """A page of the items of this kind and state, in the order of the text.

    at : code of an item that is on the page, whatever its number and whatever its state by now
    """
    fits = [
        i for i in every
        if i.code == at or (kind in ("", i.kind) and state in ("", i.state))
    ]  # fmt: skip
    fits.sort(key=lambda i: (i.start < 0, i.start, -i.end, KINDS.index(i.kind)))
    pages = max(1, -(-len(fits) // PAGE))
    place = next((n for n, i in enumerate(fits) if i.code == at), None)
    page = min(max(page, 1), pages) if place is None else place // PAGE + 1
    shown = fits[(page - 1) * PAGE : page * PAGE]
    counts = Counter((i.kind, i.state) for i in every)
    pending = Counter(i.kind for i in every if i.pending)
    return Cut(tuple(shown), page, pages, len(fits), counts, pending)


def fields(item: Item, lang: Lang) -> Iterator[Field]:
    """What is held of the item, without what is empty; of units one line a role."""
    for name, value in item.values.items():
        if name == "units":
            for role in _ROLES:
                if value.get(role):
                    yield Field(f"plans.unit_{role}", _joined(value[role], lang))
        elif name != "also" and value not in ("", None, False):
            yield Field(f"cli.plan.field_{name}", _shown(name, value, lang))


def entered(item: Item, lang: Lang) -> Iterator[Entered]:
    """The fields of the item's form."""
    for name in review.editable(item):
        value: Any = item.section if name == "section" else item.values[name]
        if name == "units":
            for role in _ROLES:
                yield Entered(f"units.{role}", "text", _joined(value.get(role, ()), lang))
        elif isinstance(value, bool):
            yield Entered(name, "flag", "1" if value else "")
        elif name == "comparator":
            yield Entered(name, "choice", str(value), COMPARATORS)
        elif name == "role":
            yield Entered(name, "choice", str(value), ("build", "existing"))
        elif name in (*_NUMBERS, *_YEARS):
            yield Entered(name, "number", "" if value is None else f"{value:.15g}")
        else:
            yield Entered(name, "text", str(value))


def typed(item: Item, form: Mapping[str, str]) -> dict[str, Any]:
    """What the form changes of the item, by name; the review checks it."""
    found: dict[str, Any] = {}
    for name in review.editable(item):
        old = item.section if name == "section" else item.values[name]
        new = _units(form) if name == "units" else _value(name, old, form.get(name, ""))
        if new != old:
            found[name] = new
    return found


def _value(name: str, old: Any, text: str) -> Any:
    text = text.strip()
    if isinstance(old, bool):
        return bool(text)
    if text == "" and name in _NULLABLE:
        return None
    if name in (*_NUMBERS, *_YEARS):
        bare = text.replace(",", "").replace("，", "")
        try:
            return float(bare) if name in _NUMBERS else int(bare)
        except ValueError:
            return text
    return text


def _units(form: Mapping[str, str]) -> dict[str, list[str]]:
    return {role: names(form.get(f"units.{role}", "")) for role in _ROLES}


def _shown(name: str, value: Any, lang: Lang) -> str:
    if name == "comparator":
        return SIGNS.get(value, str(value))
    if isinstance(value, bool) or words.has(f"cli.plan.value_{value}"):
        return words.say(f"cli.plan.value_{value}", lang=lang)
    if name == "industry" and words.has(f"office.field.{value}"):
        return words.say(f"office.field.{value}", lang=lang)
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _joined(found: Iterable[str], lang: Lang) -> str:
    return words.say("word.list_comma", lang=lang).join(found)
