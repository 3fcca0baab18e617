"""What could explain that two runs differ, in the reader's words and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qianhang.core.manifest import Words
from qianhang.runs import shelf
from qianhang.runs.report.shape import metric_words
from qianhang.web import words
from qianhang.web.asked import Asked
from qianhang.web.forms import Shown

__all__ = ["Difference", "differences"]

_GROUPS = {
    "scenario": "runs.scenario",
    "case": "runs.case",
    "facts": "report.case_facts",
} | {n: f"report.{n}" for n in ("pack_version", "pack_hash", "seed", "params", "data", "versions")}
_SUM = re.compile(r"[0-9a-f]{64}")
_Known = Mapping[str, Mapping[str, Words]]
_MOST = 6  # values of a list that are spelt out


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two runs do not share.

    part : which parameter, file, program or count of the group, "" where the group is one thing
    coded : whether the part is a name as it stands in a file, not a word
    """

    group: str
    part: str
    coded: bool
    first: str
    second: str


def differences(
    ask: Asked,
    found: Iterable[Mapping[str, Any]],
    *,
    titles: Mapping[str, Words],
    cases: Mapping[str, Words],
) -> tuple[Difference, ...]:
    """The differences of `compare`, in its order.

    titles : the pack's own words for its figures; cases : name -> title
    """
    known = {"scenario": shelf.titles(), "case": cases}
    return tuple(_difference(ask, one, titles, known) for one in found)


def _difference(
    ask: Asked, one: Mapping[str, Any], titles: Mapping[str, Words], known: _Known
) -> Difference:
    top, _, part = str(one["field"]).partition(".")
    told, coded = part, bool(part)
    if top == "facts" and part:
        told = metric_words(part, ask.lang, titles)
        coded = part not in titles and not words.has(f"metric.{part}")
        coded = coded and not words.has(f"column.{part}")
    first, second = (_value(ask, one[side], top, known) for side in ("first", "second"))
    group = ask.t(_GROUPS[top])
    return Difference(
        f"{group[:1].upper()}{group[1:]}", part if coded else told, coded, first, second
    )


def _value(ask: Asked, value: Any, top: str, known: _Known) -> str:
    if isinstance(value, str) and value in known.get(top, ()):
        return ask.word(known[top][value])
    if top in ("seed", "pack_version") and value is not None:
        return str(value)
    return _plain(ask, value)


def _plain(ask: Asked, value: Any) -> str:
    """A value of a record as text: sums cut short, long lists counted."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return ask.t("word.yes" if value else "word.no")
    if isinstance(value, int | float):
        return Shown(ask.lang).number(value)
    if isinstance(value, Mapping):
        pairs = [f"{k} {_plain(ask, v)}" for k, v in value.items()]
        return _joined(ask, pairs)
    if isinstance(value, list | tuple):
        return _joined(ask, [_plain(ask, v) for v in value])
    text = str(value)
    return f"{text[:12]}…" if _SUM.fullmatch(text) else text


def _joined(ask: Asked, parts: list[str]) -> str:
    if len(parts) > _MOST:
        return ask.t("runs.values", count=len(parts))
    return ask.t("word.list_comma").join(parts) or "–"
