"""Indicators for which packs offer a figure, and the targets that ask for one of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from qianhang.core.manifest import Feed
from qianhang.core.pack import cards
from qianhang.plan import quantity
from qianhang.plan.items import Item

__all__ = ["feeds", "fitting"]

# A figure is a level: 准确率提高5个百分点 asks for a change, 准确率提高到95% for a level.
_CHANGE = re.compile(r"(?:提高|提升|降低|下降|减少|增长|增加|压减|缩短|上升)(?!到|至|为)")


@functools.cache
def feeds() -> tuple[Feed, ...]:
    """What the installed packs offer, in the order of their ids."""
    return tuple(feed for card in cards() for feed in card.feeds)


def fitting(item: Item, offered: Iterable[Feed]) -> tuple[Feed, ...]:
    """The offers that speak of what the target asks for, in a unit that can be read as its own."""
    name, unit = str(item.values["indicator"]), str(item.values["unit"])
    if _CHANGE.search(f"{name} {item.span}") or "百分点" in unit:
        return ()
    return tuple(feed for feed in offered if feed.fits(name) and _readable(feed.unit, unit))


def _readable(given: str, wanted: str) -> bool:
    try:
        quantity.convert(1.0, from_=given, to=wanted)
    except ValueError:
        return False
    return True
