"""Where a line opens with a printed ordinal: its style, its number, where it begins and ends.

Styles, outermost first as a rule: 第一部分, 第一章, 第一节, 第一条, 一、, (一), 行动一,
1., 1.1, (1), 1), ①; and a bare 1, which is
a heading beside 1.1 alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qianhang.plan.reading.fold import Folded

__all__ = ["STYLES", "Line", "Ordinal", "lines", "number", "ordinal"]

STYLES = (
    "part", "chapter", "section", "article", "cjk", "cjk_round", "action", "arabic",
    "plain", "dotted", "round", "half", "circle",
)  # fmt: skip

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8,
    "玖": 9, "-": 1, "—": 1, "―": 1, "–": 1, "－": 1, "ー": 1, "─": 1,
}  # fmt: skip
_TENS = {"十": 10, "拾": 10, "百": 100}
_CJK = "一二三四五六七八九十百零〇两壹贰叁肆伍陆柒捌玖拾"
_OPEN, _CLOSE = r"[(〔\[【﹝]", r"[)〕\]】﹞]"
_NTH = rf"第\s?(?P<n>[{_CJK}]{{1,5}}|\d{{1,3}})\s?"
_DASH = "[—―–ー─-]"
_MARKS = (
    ("part", _NTH + r"(?:部分|篇|编|板块)(?![的、,。之])[、.:]?"),
    ("chapter", _NTH + r"章(?![的、,。之第])[:]?"),
    ("section", _NTH + r"节(?![的、,。之第])[:]?"),
    ("article", _NTH + r"条(?![的、,。之第至和或规])[:]?"),
    ("cjk_round", rf"{_OPEN}\s?(?P<n>[{_CJK}]{{1,4}}|{_DASH})\s?{_CLOSE}[、.]?"),
    ("cjk_round", rf"(?P<n>[{_CJK}]{{1,4}})\)[、.]?"),
    ("cjk", rf"(?P<n>[{_CJK}]{{1,4}}|{_DASH}(?=、))\s?[、.](?![{_CJK}]{{1,3}}、)"),
    ("cjk", rf"(?P<n>[{_CJK}]{{1,4}})\s?[:,](?=\S{{2,20}}$)"),
    ("cjk", rf"(?P<n>[{_CJK}]{{1,3}}) +(?=\S{{2,20}}$)"),
    ("action", rf"(?:任务|行动|工程|举措)\s?(?P<n>[{_CJK}]{{1,3}}|\d{{1,2}})(?:\s?[:、.]| )"),
    # A figure of its own behind the ordinal: 1.5G..., 2.2025..., 3.100...
    ("arabic", r"(?P<n>\d{1,2})\s?[、.](?=\d{1,2}[GDK][^A-Za-z]|\d{3,})"),
    ("dotted", r"(?P<n>\d{1,2}(?:\.\d{1,2}){1,3})(?!\d)[、.]?(?=\s*[^\W\d]|\s*[“\"「])"),
    ("arabic", r"(?P<n>\d{1,3})\s?[、.](?!\d)"),
    ("arabic", r"(?P<n>\d{1,2})\s?[:,](?=\S{2,20}$)"),
    ("plain", r"(?P<n>\d{1,2}) +(?=[^\W\d][^\s,。;:]{1,24}$)"),
    ("round", r"[(〔\[【]\s?(?P<n>\d{1,2})\s?[)〕\]】][、.]?"),
    ("half", r"(?P<n>\d{1,2})\)[、.]?"),
)
_ORDINALS = tuple((style, re.compile(mark, re.MULTILINE)) for style, mark in _MARKS)
_FIRST = frozenset(_CJK + "0123456789第(〔[【﹝—―–ー─-任行工举")
_CIRCLED = re.compile("[①-⑳]")
# What may stand before an ordinal on its line: indents, bullets, marks of emphasis.
_LEAD = re.compile(r"[ \t\ufeff\u200b#*●■◆★▲▶►□○◎>|]*")
_LINE = re.compile(r"[^\n\r\f\v\x1c-\x1e\x85\u2028\u2029]+")
# What an encyclopedia prints under each heading.
_FRAME = re.compile(r"(?:播报|编辑|讨论|上传视频|展开全部|展开|收起|目录收起)+$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the folded text that is not blank, without its indent and trailing blanks."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A printed ordinal; `shown` is its number in Arabic figures, 2.1 for a dotted one."""

    style: str
    number: int
    shown: str
    start: int
    end: int


def lines(text: str, start: int, end: int) -> Iterator[Line]:
    """The lines between two places, blank ones left out."""
    for found in _LINE.finditer(text, start, end):
        lead = _LEAD.match(text, found.start(), found.end())
        begin = lead.end() if lead else found.start()
        body = text[begin : found.end()].rstrip(" \t*|")
        if body and not _FRAME.match(body):
            yield Line(begin, begin + len(body), body)


def ordinal(folded: Folded, start: int, end: int) -> Ordinal | None:
    """The ordinal that opens the text between two places, None where there is none."""
    if start >= end or folded.text[start] not in _FIRST:
        return _circled(folded, start, end)
    circled = _circled(folded, start, end)
    if circled:
        return circled
    for style, mark in _ORDINALS:
        found = mark.match(folded.text, start, end)
        if found:
            printed = found["n"]
            shown = printed if style == "dotted" else str(number(printed))
            return Ordinal(style, int(shown.split(".")[-1]), shown, start, found.end())
    return None


def _circled(folded: Folded, start: int, end: int) -> Ordinal | None:
    if start >= end or not _CIRCLED.match(folded.original, folded.at[start]):
        return None
    stop = start + 1
    while stop < end and folded.at[stop] == folded.at[start]:
        stop += 1
    figures = folded.text[start:stop]
    if not figures.isdecimal():
        return None
    return Ordinal("circle", int(figures), str(int(figures)), start, stop)


def number(printed: str) -> int:
    """The value of a number in Chinese or Arabic figures: 十二 is 12, 一百零三 is 103."""
    if printed.isdecimal():
        return int(printed)
    total, digit = 0, 0
    for char in printed:
        if char in _TENS:
            total += (digit or (0 if total else 1)) * _TENS[char]
            digit = 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit
