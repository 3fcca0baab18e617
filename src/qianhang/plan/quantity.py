"""Amounts in the units that plans print: 万 and 亿 multiplied out, EFlops in PFlops, 个 as 家."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from typing import Final

from qianhang.core import units

__all__ = ["convert", "is_count", "one"]

_TENS = {"十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_PREFIX: Final = {
    "": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21,
}  # fmt: skip
_FLOPS = re.compile(r"([kmgtpez]?)(?:flops?|flop/s)", re.IGNORECASE)
_BITS = re.compile(r"([kmgt])(?:bps|b/s|bit/s)?")
_BYTES = re.compile(r"([kmgtpez]?)b")
_COUNTED = (
    "个 家 支 项 座 款 种 例 件 处 条 台 套 张 类 批 所 次 名 人 户 篇 只 辆 场 人次 款次 门 本 架 "
    "标准机架 机架 幅 起 宗 对 组 场次 单 份 单位"
)
_COUNTS = frozenset(_COUNTED.split())
# A printed word -> the same in the symbols of core.units.
_WORDS = {
    "百分点": "%", "个百分点": "%", "毫秒": "ms", "秒": "s", "分钟": "min", "小时": "h", "天": "d",
    "米": "m", "公里": "km", "千米": "km", "亩": "mu", "公顷": "ha", "平方公里": "km2",
    "平方米": "m2", "立方米": "m3", "吨": "t", "千克": "kg", "公斤": "kg", "千瓦": "kW",
    "兆瓦": "MW", "千瓦时": "kWh", "度": "kWh", "元": "CNY", "人民币": "CNY", "％": "%",
}  # fmt: skip


def convert(value: float, *, from_: str, to: str) -> float:
    """`value` in the unit `to`; a bare number passes for a count or a bare ratio.

    Raises ValueError where the two do not measure the same thing.
    """
    if from_ == to:
        return value
    (a, fa), (b, fb) = _parsed(from_), _parsed(to)
    if "" in (a, b) and {a, b} <= {"", "count", "1"}:
        return value * fa / fb
    if a == b:
        return value * fa / fb
    if units.known(a) and units.known(b):
        # Two units of unlike kinds go on to the same words as any other two.
        with contextlib.suppress(ValueError):
            return units.convert(value * fa, from_=a, to=b) / fb
    raise ValueError(f"{from_ or 'no unit'} cannot be read as {to or 'no unit'}")


def one(unit: str) -> float:
    """A single thing in a unit: 1 家, 0.0001 万家; 1 where the unit counts nothing."""
    what, factor = _parsed(unit)
    return 1 / factor if what == "count" else 1.0


def is_count(unit: str) -> bool:
    """Whether things are counted in this unit."""
    return _parsed(unit)[0] == "count"


def _parsed(unit: str) -> tuple[str, float]:
    """What is measured, and the factor to it."""
    text = unicodedata.normalize("NFKC", unit).strip()
    factor = 1.0
    while text not in _WORDS and text[:1] in _TENS:
        factor *= _TENS[text[0]]
        text = text[1:]
    text = _WORDS.get(text, text)
    if text in _COUNTS or (not text and factor > 1):
        return "count", factor
    if units.known(text):
        return text, factor
    return _prefixed(text, factor)


def _prefixed(text: str, factor: float) -> tuple[str, float]:
    low = text.lower()
    if found := _FLOPS.fullmatch(low):
        return "flops", factor * _PREFIX[found[1]]
    if text in ("P", "E"):  # 5000P of computing power
        return "flops", factor * _PREFIX[low]
    if found := _BITS.fullmatch(low):
        return "bit/s", factor * _PREFIX[found[1]]
    if found := _BYTES.fullmatch(low):
        return "byte", factor * _PREFIX[found[1]]
    return text, factor
