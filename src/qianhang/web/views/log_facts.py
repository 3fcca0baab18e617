"""What a record of the log says, as short texts in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qianhang.runs import shelf
from qianhang.web import words
from qianhang.web.asked import Asked
from qianhang.web.forms import Shown

__all__ = ["Fact", "facts", "kind_words", "subject_words", "way_words"]

_LEFT_OUT = frozenset({"by", "what", "id", "files"})
_NESTED = frozenset({"facts", "outcome"})
_LONGEST, _MOST = 40, 4
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_ENDS = re.compile(r"[0-9a-f]{40,}")
# Where the words of a value lie that is a code, by the key under which it stands.
_CODES: Mapping[str, tuple[str, ...]] = {
    "action": ("plans.act_",),
    "before": ("stage.",),
    "from": ("tier.",),
    "grade": ("ledger.value.",),
    "health": ("compute.health.",),
    "industry": ("industry.",),
    "kind": ("ledger.evidence.", "orgkind.", "logvalue."),
    "lang": ("logvalue.",),
    "quality": ("ledger.value.",),
    "contract": ("logvalue.",),
    "reason": ("logvalue.", "compute.refusal."),
    "role": ("role.",),
    "scopes": ("scope.",),
    "score": ("metric.",),
    "source": ("ledger.value.",),
    "stage": ("stage.",),
    "state": ("state.", "office.state.", "admin.state_", "compute.pool.", "logvalue."),
    "tier": ("tier.",),
    "to": ("tier.",),
    "verdict": ("verdict.",),
    "why": ("logvalue.",),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a record: what it is, and the value before where it was changed.

    coded : `name` is a key as it was written down, for which there are no words
    raw : one of the values is data that names itself (a code, a sum), not a text
    """

    name: str
    text: str
    coded: bool = False
    raw: bool = False


def kind_words(ask: Asked, kind: str) -> str:
    """What kind of record it is; the kind itself where there are no words for it."""
    return _say(ask, (f"logkind.{kind.replace('.', '_')}",), kind)


def way_words(ask: Asked, what: str) -> str:
    """What was done, such as set or revoked."""
    return _say(ask, (f"logwhat.{what.replace(' ', '_')}",), what)


def subject_words(ask: Asked, subject: str, names: Mapping[str, str]) -> str:
    """What or whom a record is about, or who acted: an account or a scenario by its name."""
    if subject in names:
        return names[subject]
    titles = shelf.titles()
    if subject in titles:
        return ask.word(titles[subject])
    name, _, version = subject.partition("@")
    if name in titles and version:  # a version of its model
        return f"{ask.word(titles[name])} v{version}"
    kind, _, rest = subject.partition(" ")
    if kind == "run" and rest:  # evidence is recorded by its run
        return f"{ask.t('logkey.run')} {rest}"
    return _say(ask, (f"logvalue.{subject}",), subject)


def facts(ask: Asked, payload: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Fact, ...]:
    """Each plain value by its name; `before → after` where something was changed."""
    return tuple(_facts(ask, payload, names))


def _facts(ask: Asked, payload: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Fact]:
    before, after = payload.get("before"), payload.get("after")
    was = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    for key in [*was, *(n for n in new if n not in was)]:
        if key not in _LEFT_OUT:
            yield _fact(ask, key, [side[key] for side in (was, new) if key in side], names)
    for key, value in payload.items():
        if key in _NESTED and isinstance(value, Mapping):
            for own, one in value.items():
                if _plain(one):
                    yield _fact(ask, own, [one], names, nested=True)
        elif key not in _LEFT_OUT and _plain(value):
            yield _fact(ask, key, [value], names)


def _plain(value: Any) -> bool:
    """A value that a line has room for."""
    if isinstance(value, list):
        return len(value) <= _MOST and all(isinstance(one, str) for one in value)
    return isinstance(value, str | int | float)


def _fact(
    ask: Asked, key: str, values: list[Any], names: Mapping[str, str], *, nested: bool = False
) -> Fact:
    own = f"logkey.fact_{key}"
    name = own if nested and words.has(own) else f"logkey.{key}"
    told = [_value(ask, key, value, names) for value in values]
    return Fact(
        ask.t(name) if words.has(name) else key,
        " → ".join(text for text, _ in told),
        coded=not words.has(name),
        raw=any(raw for _, raw in told),
    )


def _value(ask: Asked, key: str, value: Any, names: Mapping[str, str]) -> tuple[str, bool]:
    """The value as text, and whether it stays as it was written down."""
    if value is None or value == "":
        return "–", False
    if isinstance(value, bool):
        return ask.t("word.yes" if value else "word.no"), False
    if isinstance(value, int | float):
        return Shown(ask.lang).number(value), False
    if isinstance(value, list):
        told = [_value(ask, key, one, names) for one in value]
        return ask.t("word.list_comma").join(t for t, _ in told), any(raw for _, raw in told)
    text = str(value)
    if key in ("scenario", "subject", "org", "parent", "account"):
        return subject_words(ask, text, names), False
    if _MOMENT.match(text):
        return Shown(ask.lang).time(text), False
    keys = tuple(f"{place}{text}" for place in _CODES.get(key, ()))
    known = next((ask.t(k) for k in keys if words.has(k)), "")
    return known or _short(text), not known


def _short(text: str) -> str:
    if _ENDS.fullmatch(text):
        return f"{text[:12]}…"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _say(ask: Asked, keys: tuple[str, ...], default: str) -> str:
    return next((ask.t(key) for key in keys if words.has(key)), default)
