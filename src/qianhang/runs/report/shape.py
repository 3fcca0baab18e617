"""What a report needs of a run: a plain mapping, read leniently, shown strictly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, TypedDict

from qianhang.core.day import ZONE, clock
from qianhang.core.manifest import Words
from qianhang.core.names import called
from qianhang.core.words import Lang, say

__all__ = [
    "Bar",
    "Published",
    "RunView",
    "bars",
    "e",
    "figure",
    "listed",
    "local",
    "lower_is_better",
    "metric_words",
    "one",
    "pair",
    "quoted",
]

_CHINESE = re.compile(r"[\u3400-\u9fff]")


class RunView(TypedDict, total=False):
    """The fields that a report shows; a missing one is left out of the page."""

    id: str
    key: str
    scenario: str
    case: str
    state: str
    verdict: str
    title: Mapping[str, str]
    started: str
    ended: str
    seed: int
    pool: str
    params: Mapping[str, Any]
    pack_version: str
    pack_hash: str
    data: Mapping[str, Any]
    versions: Mapping[str, str]
    wall_s: float
    cpu_s: float
    peak_mb: float
    folds: list[Mapping[str, Any]]
    scores: Mapping[str, float]
    trivial: Mapping[str, float]
    practice: Mapping[str, float]
    headline: float | Mapping[str, Any] | None
    facts: Mapping[str, Any]
    bars: list[Mapping[str, Any]]
    gate: Mapping[str, Any]
    model: Mapping[str, Any] | None
    evidence: list[Any]
    covers: list[Any]
    marks: list[str]
    log: str
    error: Any


@dataclass(frozen=True, slots=True)
class Published:
    """The best figure known, and how we know it."""

    value: float
    source: str
    verified: str
    source_zh: str = ""

    def told(self, lang: Lang) -> str:
        """The source in the language, where it is told in it."""
        return self.source_zh if lang == "zh" and self.source_zh else self.source


@dataclass(frozen=True, slots=True)
class Bar:
    """One promised bar with everything that it is read against; None where there is no figure."""

    metric: str
    unit: str
    ours: float | None
    trivial: float | None
    practice: float | None
    at_most: float | None
    at_least: float | None
    met: bool | None
    published: Published | None
    reason: Words | None


def bars(run: Mapping[str, Any]) -> tuple[Bar, ...]:
    """The bars of a run, in the order of the pack."""
    return tuple(_bar(found, run) for found in run.get("bars") or ())


def _bar(found: Mapping[str, Any], run: Mapping[str, Any]) -> Bar:
    metric = str(found["metric"])
    known = found.get("published")
    published = None
    if known:
        verified = str(known.get("verified", ""))
        source, zh = str(known.get("source", "")), str(known.get("source_zh", ""))
        published = Published(float(known["value"]), source, verified, zh)
    return Bar(
        metric,
        str(found.get("unit") or ""),
        ours=_float(found.get("value")),
        trivial=_float((run.get("trivial") or {}).get(metric)),
        practice=_float((run.get("practice") or {}).get(metric)),
        at_most=_float(found.get("at_most")),
        at_least=_float(found.get("at_least")),
        met=found.get("met"),
        published=published,
        reason=pair(found.get("reason")),
    )


def _float(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number_ = float(value)
    except (TypeError, ValueError):
        return None
    return number_ if math.isfinite(number_) else None


def figure(value: Any) -> float | None:
    """The value as a finite number, or None."""
    return _float(value)


def lower_is_better(bar: Bar) -> bool | None:
    """True for a bar with a ceiling only, False with a floor only, None where both hold it."""
    if bar.at_most is not None and bar.at_least is not None:
        return None
    return bar.at_most is not None


def pair(value: Any) -> Words | None:
    """Words from a mapping of both languages, or from `Words`; None where there are none."""
    if isinstance(value, Words) or value is None:
        return value
    if isinstance(value, Mapping) and value.get("zh") and value.get("en"):
        return Words(str(value["zh"]), str(value["en"]))
    if isinstance(value, str) and value.strip():
        return Words(value, value)
    return None


def one(value: Any, lang: Lang, default: str = "") -> str:
    """Words, or a mapping of both languages, in one of them."""
    found = pair(value)
    if found is None:
        return default
    return found.zh if lang == "zh" else found.en


def metric_words(metric: str, lang: Lang, titles: Mapping[str, Words] | None = None) -> str:
    """A metric's name: the pack's words, the catalogue's, or the name itself."""
    return called(metric, "metric", "column", lang=lang, titles=titles) or metric.replace("_", " ")


def local(text: str, lang: Lang) -> str:
    """A time in the record (ISO, UTC where no zone is given) as read in China."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    zone = called(ZONE.key, "zonename", lang=lang)
    return f"{clock(when):%Y-%m-%d %H:%M:%S} {zone}".rstrip()


def e(text: object) -> str:
    """Text that is safe inside an element and inside a quoted attribute."""
    return escape(str(text), quote=True)


def listed(items: Iterable[str], lang: Lang) -> str:
    """Items one after another, as a list is written in the language."""
    return say("word.list_comma", lang=lang).join(items)


def quoted(text: str, lang: Lang) -> str:
    """HTML of a text in its own words: a licence, a citation, the name of an office.

    Where its language is not the reader's its element says so, and a screen reader follows.
    """
    own = "zh" if _CHINESE.search(text) else "en"
    if own == lang or not text:
        return e(text)
    return f'<span lang="{"zh-CN" if own == "zh" else "en"}">{e(text)}</span>'
