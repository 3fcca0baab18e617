"""The ordinals that Word prints before paragraphs but does not store in their text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeVar
from xml.etree import ElementTree as ET

__all__ = ["Numbering"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVEL = re.compile(r"%(\d)")
_DIGITS = "〇一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_CHINESE = frozenset({
    "chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "japaneseCounting",
    "taiwaneseCountingThousand", "ideographDigital", "koreanCounting",
})  # fmt: skip
_LINKS = 12


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level counts: numFmt, its pattern such as （%2）, first value, decimals for all."""

    kind: str = "decimal"
    pattern: str = ""
    start: int = 1
    legal: bool = False
    suffix: str = "tab"


@dataclass(slots=True)
class _List:
    """One list: its levels, the counters, which lists with the same definition share."""

    levels: dict[int, _Level]
    counts: dict[int, int]
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the numbered paragraphs of a document in order."""

    def __init__(self, numbering: ET.Element | None, styles: ET.Element | None) -> None:
        """numbering, styles : roots of numbering.xml and styles.xml, None where absent."""
        self._lists: dict[str, _List] = {}
        self._by_style: dict[str, tuple[str, int]] = {}
        self._styles = _styles(styles)
        abstracts: dict[str, dict[int, _Level]] = {}
        linked: dict[str, dict[str, int]] = {}
        for element in () if numbering is None else numbering.findall(f"{_W}abstractNum"):
            key = element.get(f"{_W}abstractNumId", "")
            abstracts[key], linked[key] = _levels(element), _linked(element)
        counts: dict[str, dict[int, int]] = {key: {} for key in abstracts}
        for element in () if numbering is None else numbering.findall(f"{_W}num"):
            number, key = element.get(f"{_W}numId", ""), _value(element, "abstractNumId")
            if key not in abstracts:
                continue
            self._lists[number] = _list(element, abstracts[key], counts[key])
            for style, level in linked[key].items():
                self._by_style.setdefault(style, (number, level))

    def next(self, paragraph: ET.Element) -> str:
        """The ordinal before a paragraph, as printed, "" where it has none; counts it."""
        number, level = self._place(paragraph)
        found = self._lists.get(number)
        if found is None or level not in found.levels:
            return ""
        if level in found.starts:
            found.counts[level] = found.starts.pop(level) - 1
        first = found.levels[level].start
        found.counts[level] = found.counts.get(level, first - 1) + 1
        for deeper in [k for k in found.counts if k > level]:
            del found.counts[deeper]
        return _printed(found, level)

    def _place(self, paragraph: ET.Element) -> tuple[str, int]:
        """The list and level of a paragraph: its own, else its style's; ("", 0) for none."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return "", 0
        number, level = _num_pr(properties)
        style = _value(properties, "pStyle")
        for _ in range(_LINKS):
            if number or style not in self._styles:
                break
            if style in self._by_style:
                return self._by_style[style]
            style, number, of_style = self._styles[style]
            level = of_style if level is None else level
        return number, level or 0


def _styles(root: ET.Element | None) -> dict[str, tuple[str, str, int | None]]:
    """Style -> the style it is based on, its list, its level."""
    found = {}
    for style in () if root is None else root.findall(f"{_W}style"):
        properties = style.find(f"{_W}pPr")
        number, level = ("", None) if properties is None else _num_pr(properties)
        found[style.get(f"{_W}styleId", "")] = (_value(style, "basedOn"), number, level)
    return found


def _num_pr(properties: ET.Element) -> tuple[str, int | None]:
    element = properties.find(f"{_W}numPr")
    if element is None:
        return "", None
    level = _value(element, "ilvl")
    return _value(element, "numId"), _whole(level, None)


def _levels(abstract: ET.Element) -> dict[int, _Level]:
    return {_index(lvl): _level(lvl) for lvl in abstract.findall(f"{_W}lvl")}


def _level(element: ET.Element) -> _Level:
    start = _value(element, "start")
    legal = element.find(f"{_W}isLgl") is not None
    return _Level(
        _value(element, "numFmt") or "decimal",
        _value(element, "lvlText"),
        _whole(start, 1),
        legal,
        _value(element, "suff") or "tab",
    )


def _linked(abstract: ET.Element) -> dict[str, int]:
    """Style -> level, where the definition names the style."""
    levels = abstract.findall(f"{_W}lvl")
    return {_value(v, "pStyle"): _index(v) for v in levels if _value(v, "pStyle")}


def _list(number: ET.Element, levels: dict[int, _Level], counts: dict[int, int]) -> _List:
    own = dict(levels)
    starts = {}
    for override in number.findall(f"{_W}lvlOverride"):
        level = _index(override)
        replaced = override.find(f"{_W}lvl")
        if replaced is not None:
            own[level] = _level(replaced)
        start = _whole(_value(override, "startOverride"), None)
        if start is not None:
            starts[level] = start
    return _List(own, counts, starts)


def _index(element: ET.Element) -> int:
    """A level's place, the first for one that is none."""
    return _whole(element.get(f"{_W}ilvl", ""), 0)


Fallback = TypeVar("Fallback", int, None)


def _whole(text: str, otherwise: Fallback) -> int | Fallback:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else otherwise


def _value(element: ET.Element, child: str) -> str:
    found = element.find(f"{_W}{child}")
    return "" if found is None else found.get(f"{_W}val", "")


def _printed(found: _List, level: int) -> str:
    """A level's pattern with the counters filled in, "" for a bullet that is no dash."""
    own = found.levels[level]
    if own.kind in ("bullet", "none"):
        dash = set(own.pattern) <= set("—-–") and own.pattern
        return "——" if own.kind == "bullet" and dash else own.pattern if own.kind == "none" else ""

    def filled(match: re.Match[str]) -> str:
        index = int(match.group(1)) - 1
        upper = found.levels.get(index, own)
        count = found.counts.get(index, upper.start)
        return _numeral(count, "decimal" if own.legal and index < level else upper.kind)

    text = _LEVEL.sub(filled, own.pattern)
    bare = own.suffix != "nothing" and text and (text[-1].isalnum() or text[-1] == ".")
    return f"{text} " if bare else text


def _numeral(count: int, kind: str) -> str:
    """A number in a numFmt of Word, decimal for those that plans do not use."""
    if kind in _CHINESE:
        return chinese(count)
    if kind == "ideographTraditional" and 1 <= count <= len(_STEMS):
        return _STEMS[count - 1]
    if kind == "ideographZodiac" and 1 <= count <= len(_BRANCHES):
        return _BRANCHES[count - 1]
    if kind in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and 1 <= count <= 20:
        return chr(0x245F + count)
    if kind == "decimalEnclosedParen" and 1 <= count <= 20:
        return chr(0x2473 + count)
    if kind in ("upperLetter", "lowerLetter") and 1 <= count <= 26:
        return chr((64 if kind == "upperLetter" else 96) + count)
    if kind in ("upperRoman", "lowerRoman") and 1 <= count < 40:
        return _roman(count) if kind == "upperRoman" else _roman(count).lower()
    return str(count)


def chinese(count: int) -> str:
    """一 to 九百九十九 as headings print them, 十一 without a leading 一."""
    if not 0 < count < 1000:
        return str(count)
    hundreds, rest = divmod(count, 100)
    tens, ones = divmod(rest, 10)
    text = _DIGITS[hundreds] + "百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


def _roman(count: int) -> str:
    tens, ones = divmod(count, 10)
    steps = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    return "X" * tens + steps[ones]
