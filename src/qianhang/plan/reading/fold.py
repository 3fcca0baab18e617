"""One spelling for every text, with the way back: each folded character knows where it stood.

Folded are compatibility forms (full width), traditional characters, the vocabulary of Taiwan's
encyclopedias, pinyin that masks a word (zhengfu) or glosses it in brackets, line breaks inside
sentences and the numbers of pages. Nothing is moved: a span found in the folded text names a span
of the original.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from qianhang.plan.reading.columns import gaps
from qianhang.plan.reading.linebreaks import breaks

__all__ = ["RADICALS", "Folded", "fold"]

# Vocabulary that differs, not only spelling; after folding by character.
_WORDS = {
    "人工智慧": "人工智能", "智慧型": "智能", "套用": "应用", "软体": "软件", "硬体": "硬件",
    "网际网路": "互联网", "感测器": "传感器", "资讯": "信息", "数位": "数字", "档案": "文件",
    "标桿": "标杆", "晶片": "芯片", "最佳化": "优化", "网路": "网络", "程式": "程序",
}  # fmt: skip
# Words that no mainland text has; without one of them, 档案 and 套用 mean what they say.
_ELSEWHERE = ("人工智慧", "软体", "硬体", "网际网路", "感测器", "资讯", "标桿", "晶片", "程式")
# Radicals that stand for characters in text copied from pages and PDFs, and that NFKC leaves.
_PAIRS = (
    "⺠民⻅见⻔门⻣骨⻋车⻓长⻛风⻜飞⻚页⻉贝⻝食⻢马⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻬齐⻮齿⻰龙⻘青⻄西⻆角⻁虎⺒巳⺝月⺫目⺬示⺶羊⻂衣"
    "⻊足⻑長⻙韦⻭齒⻯龙⻱龟⻪黾⻧卤⻡首⻟食⻞食⻐钅⻎辶⼾户"
)
RADICALS = dict(zip(_PAIRS[0::2], _PAIRS[1::2], strict=True))
# Pinyin in place of a word, as some servers' word filters leave it.
_MASKS = {
    "zhengfu": "政府", "yiliu": "一流", "biaogan": "标杆", "quanwei": "权威", "gaoji": "高级",
    "lingxian": "领先", "zongju": "总局", "lingjun": "领军", "youxiu": "优秀", "caigou": "采购",
    "guanfangwangzhan": "官方网站", "zuihao": "最好", "zuijia": "最佳", "shouge": "首个",
    "dingji": "顶级", "guojiaji": "国家级", "weiyi": "唯一", "diyi": "第一", "jueding": "决定",
}  # fmt: skip
_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü"
_GLOSS = re.compile(rf"\((?:[a-z{_TONES}]{{2,}}|[{_TONES}])\)")
_LATIN = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Folded:
    """The folded `text` of `original`; at[i] is where character i stood, at[len(text)] its end."""

    original: str
    text: str
    at: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original behind a span of the folded text."""
        if end <= start:
            return self.at[start], self.at[start]
        return self.at[start], self.after(end)

    def after(self, end: int) -> int:
        """Where in the original the folded character before `end` ends."""
        last, single = self.at[end - 1], self._single(end - 1)
        while end < len(self.at) and self.at[end] <= last:
            end += 1
        following = self.at[end] if end < len(self.at) else len(self.original)
        # A dropped gloss between two characters belongs to neither.
        return min(following, last + 1) if single else following

    def quote(self, start: int, end: int) -> str:
        """The original's own characters behind a span of the folded text."""
        a, b = self.span(start, end)
        return self.original[a:b]

    def find(self, position: int) -> int:
        """The first folded character that stood at or after a place in the original."""
        low, high = 0, len(self.text)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.at[middle] < position else (low, middle)
        return low

    def _single(self, index: int) -> bool:
        """Whether a character came from one character of the original, not from a masked word."""
        return not self.original[self.at[index]].isascii() or self.text[index].isascii()


def fold(original: str) -> Folded:
    """The text in simplified characters and plain forms, with the places it came from."""
    table = _simplified()
    dropped = {place for start, end in breaks(original) for place in range(start, end)}
    pairs = [
        (table.get(part, part), place)
        for place, char in enumerate(original)
        if place not in dropped
        for part in _plain(char)
    ]
    pairs = _without(pairs, _GLOSS)
    pairs = _replaced(pairs, _MASKS, _LATIN)
    if any(mark in "".join(c for c, _ in pairs) for mark in _ELSEWHERE):
        pairs = _replaced(pairs, _WORDS, _either(_WORDS))
    pairs = _celled(pairs)
    text = "".join(c for c, _ in pairs)
    return Folded(original, text, (*(p for _, p in pairs), len(original)))


Pairs = list[tuple[str, int]]


def _plain(char: str) -> str:
    if char < "\u0080":
        return char
    if char in "　\u00a0\u2002\u2003\u2009":
        return " "
    if char == "\u2236":  # the sign of a ratio, typed for a colon
        return ":"
    return unicodedata.normalize("NFKC", char)


def _celled(pairs: Pairs) -> Pairs:
    """A tab for the blanks between the cells of a table set with blanks."""
    kept: Pairs = []
    last = 0
    for start, end in gaps("".join(c for c, _ in pairs)):
        kept += [*pairs[last:start], ("\t", pairs[start][1])]
        last = end
    return kept + pairs[last:] if last else pairs


def _without(pairs: Pairs, pattern: re.Pattern[str]) -> Pairs:
    kept: Pairs = []
    last = 0
    for found in pattern.finditer("".join(c for c, _ in pairs)):
        kept += pairs[last : found.start()]
        last = found.end()
    return kept + pairs[last:]


def _replaced(pairs: Pairs, words: Mapping[str, str], pattern: re.Pattern[str]) -> Pairs:
    """Words put in place of others; every character of a new word stands where the old one began,
    or, where both are equally long, where its own predecessor stood."""
    kept: Pairs = []
    last = 0
    for start, end, new in _found("".join(c for c, _ in pairs), words, pattern):
        kept += pairs[last:start]
        even = len(new) == end - start
        kept += [(c, pairs[start + i if even else start][1]) for i, c in enumerate(new)]
        last = end
    return kept + pairs[last:]


def _found(
    text: str, words: Mapping[str, str], pattern: re.Pattern[str]
) -> Iterator[tuple[int, int, str]]:
    for found in pattern.finditer(text):
        if found.group() in words:
            yield found.start(), found.end(), words[found.group()]


def _either(words: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


@functools.cache
def _simplified() -> Mapping[str, str]:
    """Traditional character -> simplified, from pairs made by scripts/simplified.py."""
    text = resources.files(__package__).joinpath("simplified.txt").read_text("utf8").strip()
    return dict(zip(text[0::2], text[1::2], strict=True)) | RADICALS
