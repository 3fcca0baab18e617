"""Quantities in a text: number, range, unit and comparator, as plans print them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qianhang.plan.document import Comparator
from qianhang.plan.reading.fractions import share
from qianhang.plan.reading.lexicon import either, words

__all__ = ["Amount", "amounts", "number"]

_DIGIT = dict(zip("〇零一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_TENS = {"十": 10, "百": 100, "千": 1000}


def _any(key: str) -> str:
    return either(words("units", key))


# No number of a plan is longer; what is, is no number.
_PLAIN = r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,9})?|\d{1,15}(?:\.\d{1,9})?"
_HAN = r"[一二两三四五六七八九十百千零〇]{1,12}(?:点[一二三四五六七八九零〇]{1,9})?"
_SCALE = (
    r"(?!(?:千万亿|百亿亿|亿亿|亿)次(?:浮点|运算|计算|/秒|每秒))"
    r"(?:万亿|千亿|百亿|千万|百万|亿|万|千(?![瓦米克卡兆])|百(?!分))"
)
_RANGE = r"(?:[-—–―~]{1,2}|至|到)"
_UNIT = (
    r"%|‰|[一-鿿]{1,4}/(?:千瓦时|小时|公里|天|日|月|年|吨|人|秒)(?![一-鿿]?率)|"
    r"(?<=\d)级(?=(?:以上)?(?:[,。;、)]|$))|分(?=以上|以下|左右|[,。;、)]|$)|成(?=以上|以下|左右|的|[,。;、)]|$)|(?:千万亿|百亿亿|亿亿|亿)次(?:浮点|双精度)?(?:运算|指令|计算)?(?:/秒|每秒)?(?:\([A-Za-z/]+\))?|"
    rf"(?!{_any('words')}|个人(?![工才形民]))(?:{_any('counted')})"
    rf"(?:\([套次处支个名家项件座组批]\)|/[处套项个])?|(?i:{_any('latin')})(?![A-Za-z\d])"
)
# Circles in a row stand for figures yet to come.
_BLANK = re.compile("〇+|.*〇〇.*")
# Percentages in words, a rest, a scale, a range, a plus, a unit per another.
_QUANTITY = re.compile(
    rf"(?P<per>百分之)?(?P<low>{_PLAIN}|{_HAN})(?P<odd>[余多]|几)?(?P<lows>{_SCALE})?"
    rf"(?:(?:%|个百分点|美?元|个|家|项)?{_RANGE}(?:百分之)?"
    rf"(?P<high>{_PLAIN}|{_HAN})(?P<highs>{_SCALE})?)?"
    rf"(?P<plus>\+)?(?P<odd2>[余多])?(?P<unit>{_UNIT})?"
    rf"(?P<over>/(?:{_any('per')})(?![一-鿿]?率))?"
)
_SUFFIX = re.compile(
    r"\(?(?:及|含|\(含\)|\(及\))?\)?(以上|以下|以内|之内|左右|上下|(?<=[钟时天日秒月年里])内(?![容部涵外存需陆河蒙生]))\)?"
)
_SUFFIXES: dict[str, Comparator] = {
    "以上": ">=", "以下": "<=", "以内": "<=", "之内": "<=", "内": "<=", "左右": "~", "上下": "~",
}  # fmt: skip
# The order decides: a negated word holds the plain one.
_PREFIXES: tuple[tuple[str, Comparator], ...] = (
    ("不少于|不低于|不小于|不下于|不下|不得少于|不得低于|至少|最少|≥|>=|上", ">="),
    ("不超过|不超|不高于|不大于|不多于|不得超过|不得高于|控制在|至多|最多|≤|<=", "<="),
    ("超过|超出|超|突破|大于|高于|多于|优于|逾|破|>", ">"),
    ("低于|小于|少于|短于|<", "<"),
    ("大约|约|接近|将近|近", "~"),
)
_PREFIX = tuple((re.compile(rf"(?:{w})(?:到|至|了|为)?$"), sign) for w, sign in _PREFIXES)
_REACH = re.compile(
    r"(?:达到|达|(?:提升|提高|增长|增加|扩大|降低|下降|缩短|压缩|压减|减少|上升|发展|拓展|扩容|增|升|降|扩)"
    r"(?:到|至|为)|为|至|到|实现)$"
)
# A multiple of what stands between the word of comparison and the number.
_TIMES = re.compile(r"(不高于|不超过|不低于|低于|高于)[^,。;\d]{2,8}$")
_TIMES_SIGN: dict[str, Comparator] = {
    "不高于": "<=", "不超过": "<=", "不低于": ">=", "低于": "<", "高于": ">",
}  # fmt: skip
# What may not stand before a number: names (C919, 7+28), ordinals, other numbers.
_NAMED = re.compile(r"(?:[A-Za-z+×xX*#№\-/.〔\[_]|第|\d|专题|新冠)$")
_NOT_BEFORE_HAN = "双第几数每同唯任另某哪统这那本此诸某各共一二两三四五六七八九十百千万亿分"
_ADJACENT = {a + b: (i, i + 1) for i, (a, b) in enumerate(zip("一二三四五六七八", "二三四五六七八九", strict=True), 1)}  # fmt: skip  # noqa: E501
_ADJACENT |= {"两三": (2, 3), "三五": (3, 5)}


@dataclass(frozen=True, slots=True)
class Amount:
    """One quantity: [start, end) holds number and unit, [first, last) comparators as well.

    low, high : equal unless a range; scale, core : the unit as printed, 万 or 亿 before it
    reached : whether 达到 or its like stands before; spelt : in Chinese numerals
    """

    start: int
    end: int
    first: int
    last: int
    low: float
    high: float
    scale: str
    core: str
    comparator: Comparator
    reached: bool
    spelt: bool

    @property
    def value(self) -> float | tuple[float, float]:
        """The number, or low and high."""
        return self.low if self.low == self.high else (self.low, self.high)

    @property
    def unit(self) -> str:
        """The unit as printed, 万 and 亿 before it included."""
        return self.scale + self.core

    @property
    def measured(self) -> bool:
        """Whether the unit measures (%, 亿元, PFlops) and does not count things."""
        return self.core in _MEASURES or "/" in self.core or self.core[:1].isascii()

    @property
    def marked(self) -> bool:
        """Whether a comparator is printed."""
        return self.comparator != "=" or self.reached


_MEASURES = frozenset(words("units", "measures"))


def number(text: str) -> float:
    """The number that digits (1,250.5) or Chinese numerals (一百二十, 九点五) say."""
    if text[0].isdigit():
        return float(text.replace(",", ""))
    whole, _, part = text.partition("点")
    total = float(_whole(whole))
    for place, char in enumerate(part, 1):
        total += _DIGIT[char] / 10**place
    return round(total, 6)


def _whole(text: str) -> int:
    if all(c in _DIGIT for c in text):
        return int("".join(str(_DIGIT[c]) for c in text))
    total, digit = 0, 0
    for i, char in enumerate(text):
        if char in _DIGIT:
            digit = _DIGIT[char]
        else:
            total += (digit or (0 if i and text[i - 1] in "零〇" else 1)) * _TENS[char]
            digit = 0
    return total + digit


def amounts(text: str) -> tuple[Amount, ...]:
    """The quantities of a text in order; bare numbers without unit only where a comparator or a
    named ratio (PUE) says that they are one."""
    found = []
    place = 0
    said = _share(text, 0)
    while match := _QUANTITY.search(text, place):
        if said is not None and said.start < match.end():
            found.append(said)
            place, said = said.end, _share(text, said.end)
            continue
        amount = _amount(text, match)
        place = max(match.end() if amount is None else amount.end, match.start() + 1)
        if amount is not None:
            found.append(amount)
    return (*found, said) if said is not None else tuple(found)


def _share(text: str, place: int) -> Amount | None:
    """The next share in words as a percentage."""
    said = share(text, place)
    if said is None:
        return None
    start, end, value, exceeded = said
    first, sign, reached = _before(text[max(0, start - 10) : start], start)
    suffix = _SUFFIX.match(text, end)
    sign = _SUFFIXES[suffix[1]] if suffix and sign in ("=", "~", "<=") else sign
    sign = ">" if exceeded else sign
    last = suffix.end() if suffix else end
    return Amount(start, end, first, last, value, value, "", "%", sign, reached, True)


def _amount(text: str, match: re.Match[str]) -> Amount | None:
    spelt = not match["low"][0].isdigit()
    blank = _BLANK.fullmatch(match["low"])
    if blank or not _standing(text, match, spelt) or match["odd"] == "几":
        return None
    low, high, core = _measured(match)
    if core == "级" and not _before(text[max(0, match.start() - 10) : match.start()], 0)[2]:
        return None
    if not core and re.search(
        r"年[限数][^,。;]{0,6}$", text[max(0, match.start() - 12) : match.start()]
    ):
        core = "年" if text.startswith("年", match.end()) else ""
    end = match.end() + (core == "年")
    over = (match["over"] or "") if core else ""
    before = text[max(0, match.start() - 10) : match.start()]
    first, sign, reached = _before(before, match.start())
    suffix = _SUFFIX.match(text, end)
    if suffix and sign in ("=", "~", "<="):
        sign = _SUFFIXES[suffix[1]]
    if sign == "=" and (match["odd"] or match["odd2"]):
        sign = ">"
    if sign == "=" and match["plus"]:
        sign = ">="
    ranked = _RANK.search(text[max(0, match.start() - 16) : match.start()])
    if ranked and core in ("", "位", "名", "%"):
        first, sign = match.start() - len(ranked["place"]), "<="
    elif not core and (spelt or not _bare(text, match, first)):
        return None
    if core == "倍" and sign == "=" and (times := _TIMES.search(before)):
        sign = _TIMES_SIGN[times[1]]
    last = suffix.end() if suffix else end
    return Amount(
        match.start(), end, first, last, low, high,
        _scaled(match), core + over, sign, reached, spelt,
    )  # fmt: skip


def _measured(match: re.Match[str]) -> tuple[float, float, str]:
    """The bounds and the unit, tenths as per cent, doublings as multiples."""
    low, high = _limits(match)
    if (match["lows"] or "")[:1] in _TENS and (match["lows"] or "").endswith("亿"):
        low, high = low * _TENS[match["lows"][0]], high * _TENS[match["lows"][0]]
    core = "%" if match["per"] else (match["unit"] or "")
    if core == "成":
        return low * 10, high * 10, "%"
    # No plan doubles anything more often.
    if core == "番":
        return 2 ** min(low, 9.0), 2 ** min(high, 9.0), "倍"
    named = re.search(r"\(([A-Za-z/]+)\)$", core)
    return low, high, named[1] if named else core


def _standing(text: str, match: re.Match[str], spelt: bool) -> bool:
    """Whether the number stands by itself and not inside a name, an ordinal, another number."""
    before = text[max(0, match.start() - 3) : match.start()]
    if spelt and not match["per"]:
        return not (before and before[-1] in _NOT_BEFORE_HAN)
    if re.search(r"(?:PUE|WUE|CUE|DCiE)值?$", before):
        return True
    return not _NAMED.search(before)


def _limits(match: re.Match[str]) -> tuple[float, float]:
    text = match["low"]
    if text in _ADJACENT and not match["high"]:
        low, high = _ADJACENT[text]
        return float(low), float(high)
    first = number(text)
    if not match["high"]:
        return first, first
    second = number(match["high"])
    if first >= second:
        return second, second
    return first, second


def _scaled(match: re.Match[str]) -> str:
    """万 or 亿 before the unit; a range prints it once or twice."""
    scale = match["highs"] or match["lows"] or ""
    scale = scale if match["unit"] or scale.endswith(("万", "亿")) else ""
    return "亿" if scale in ("千亿", "百亿") else scale


def _before(before: str, start: int) -> tuple[int, Comparator, bool]:
    """Where the words of comparison begin, their sign, and whether 达到 or its like is there."""
    for pattern, sign in _PREFIX:
        if found := pattern.search(before):
            head = before[: found.start()]
            reach = _REACH.search(head)
            begin = reach.start() if reach else found.start()
            return start - len(before) + begin, sign, True
    if found := _REACH.search(before):
        return start - len(before) + found.start(), "=", True
    return start, "=", False


# A rank is reached at its number or before it.
_RANK = re.compile(
    r"(?<!没有)(?<!未)(?:进入|跻身|位居|位列|保持|排名|稳居|迈入|进位|争进|居)"
    r"(?P<place>[^,。;\d]{0,8}前)$"
)
_RATIO = re.compile(
    r"(?:[PWC]UE\)?值?|利用效率\)?|电源使用效率|指数|系数|得分|弹性|消纳比|容积率)$"
)
_FROM_VALUE = re.compile(r"[从由](?:20[0-4]\d年[底末]?的?|目前的?|现有的?)?(?:\d[\d.]{0,6})?$")
_ENDS = re.compile(
    r"(?:(?:下降|降低|降|提高|提升|优化|压减|升|增)[到至为]|以上|以下|以内|左右)?(?:$|[,。;、)\s]|和|及|并)"
)


# What is counted in ten thousands without a word for one of it.
_VOLUME = re.compile(
    r"(?:量|用户|用户数|户数|人数|次数|总数|规模|日活|月活|条数|数)(?:累计)?"
    r"(?:突破|超过?|达到?|不少于|不低于|增至|增长到|提升至|提高到)$"
)


def _bare(text: str, match: re.Match[str], first: int) -> bool:
    """Whether a number without unit says something: a ratio, or a volume in ten thousands."""
    if _ratio(text, match, first):
        return True
    scaled = (match["highs"] or match["lows"] or "").endswith(("万", "亿"))
    before = text[max(0, match.start() - 16) : match.start()]
    return scaled and bool(_ENDS.match(text, match.end()) and _VOLUME.search(before))


def _ratio(text: str, match: re.Match[str], first: int) -> bool:
    """Whether a number without unit is a ratio: an indicator before it, nothing after it."""
    if not _ENDS.match(text, match.end()):
        return False
    before = _FROM_VALUE.sub("", text[max(0, first - 36) : first])
    before = re.sub(r"(?:平均|值|总体|原则上|力争|全部|逐步|均|应|要|须|要求)+$", "", before)
    return bool(_RATIO.search(before))
