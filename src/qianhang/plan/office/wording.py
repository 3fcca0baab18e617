"""Figures, targets and states in the words that a bulletin, a sheet and a comparison share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qianhang.core.words import Lang, say
from qianhang.plan import shares
from qianhang.plan.states import STATES

__all__ = [
    "STATES",
    "aim",
    "figure",
    "ids",
    "percent",
    "state_words",
    "target_words",
]

_SIGNS = {">=": "≥", ">": "＞", "<=": "≤", "<": "＜", "~": "≈", "=": ""}
_SHOWN = 8
# What a reading says of a record that does not count -> the words for it.


def figure(value: float | None, unit: str = "") -> str:
    """A number as people write it, with its unit; "" for none."""
    if value is None:
        return ""
    text = f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:.6g}"
    return ("0" if text in ("-0", "") else text) + unit


def percent(share: float | None) -> str:
    """A share as whole per cent; "" for none."""
    return "" if share is None else shares.percent(share)


def aim(values: Mapping[str, Any]) -> str:
    """A target's sign and value: ≥20, 2—3, ＜1.25."""
    sign = _SIGNS[values["comparator"]]
    high = values.get("high")
    shown = figure(values["low"]) + ("" if high is None else f"—{figure(high)}")
    # A range with "reach" is a plain range.
    return ("" if high is not None and values["comparator"] in ("=", ">=") else sign) + shown


def target_words(values: Mapping[str, Any]) -> str:
    """Indicator, sign, value and unit of a target in a line."""
    return f"{values['indicator']}{aim(values)}{values['unit']}"


def state_words(state: str, lang: Lang) -> str:
    """What people call a state."""
    return say(f"office.state.{state}", lang=lang)


def ids(numbers: Iterable[int], lang: Lang) -> str:
    """Numbers of evidence records, the first eight of many."""
    every = sorted(numbers)
    shown = say("office.comma", lang=lang).join(f"#{n}" for n in every[:_SHOWN])
    if len(every) > _SHOWN:
        return say("office.and_more", lang=lang, shown=shown, count=len(every))
    return shown
