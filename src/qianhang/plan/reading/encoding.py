"""Bytes to characters: strict decoding, and a count of common characters against wrong guesses."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from qianhang.core.errors import ContractError
from qianhang.plan.reading.fold import fold

__all__ = ["common_share", "decoded", "legible", "text"]

_MARKED = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_GUESSES = ("utf-8", "gb18030", "big5hkscs")
# A text read in the wrong encoding has a share of common characters below a half.
_LEAST_SHARE = 0.7
_SAMPLE = 6000
_LOST, _MOST_LOST = "\ufffd", 0.02
_FEW = 12
_SURE = 60
# Letters of western encodings, but for signs that Chinese texts use.
_ODD = re.compile("(?![\u00a0·°±×§÷«»])[\u0080-\u00ff]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff\ue000-\uf8ff\ufffd]")


def text(data: bytes, *, name: str) -> str:
    """Every character of a text file as stored, marks and carriage returns kept.

    Raises ContractError where no encoding gives Chinese text.
    """
    return decoded(data, name=name)


def decoded(data: bytes, *, name: str, declared: str = "") -> str:
    """The characters behind the bytes: UTF-8, GB18030 or Big5, or UTF-16 that carries its mark.

    declared : encoding that the file itself names, tried first
    Raises ContractError where none of them decodes every byte into text that reads as Chinese.
    """
    for mark, encoding in _MARKED:
        if data.startswith(mark):
            return _strict(data, encoding) or _refuse(data, name)
    scored = []
    for guess in dict.fromkeys((*_known(declared), *_GUESSES)):
        found = _strict(data, guess)
        if found is None:
            continue
        share = common_share(found)
        if share >= _LEAST_SHARE and guess in (*_known(declared), "utf-8"):
            return found
        if guess == "utf-8" and len(found) - len(found.encode("ascii", "ignore")) >= _SURE:
            # Other encodings do not form valid UTF-8 by chance: it was spoilt before it was saved.
            return _refuse(data, name)
        scored.append((share, found))
    share, best = max(scored, key=lambda s: s[0], default=(0.0, ""))
    return best if share >= _LEAST_SHARE else _refuse(data, name)


def legible(found: str, *, name: str) -> str:
    """The same text.

    Raises ContractError where its characters are not those of a text in Chinese: decoded wrongly
    before it came here, or taken from a font without a table of characters.
    """
    share = common_share(found)
    lost = found.count(_LOST)
    if share >= _LEAST_SHARE and lost <= _MOST_LOST * len(found):
        return found
    counted = f"{lost} lost characters and {share:.0%} common ones among the Chinese"
    message = f"{name}: found {counted}, expected none and 70%"
    raise ContractError("QH116", message, hint="spoilt by an earlier conversion? get the original")


def common_share(found: str) -> float:
    """Share of ideographs, private and replacement characters that are among the common 3,755;
    1 where there are too few to tell."""
    sample = found[:_SAMPLE]
    plain = _share(sample)
    # Traditional characters and pinyin count only once they are folded, which costs more.
    return plain if plain >= _LEAST_SHARE else _share(fold(sample).text)


def _share(sample: str) -> float:
    signs = _IDEOGRAPH.findall(sample)
    odd = len(_ODD.findall(sample))
    if len(signs) + odd < _FEW:
        return 1.0
    return sum(map(_common().__contains__, signs)) / (len(signs) + odd)


@functools.cache
def _common() -> frozenset[str]:
    """Level 1 of GB 2312: the characters in most frequent use, rows 16 to 55 of its table."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return frozenset(c.decode("gb2312", errors="ignore") for c in rows)


def _known(declared: str) -> Iterable[str]:
    name = declared.strip().lower().replace("_", "-")
    if name.startswith("gb") or name in ("x-gbk", "cp936"):
        return ("gb18030",)
    if name.startswith("big5"):
        return ("big5hkscs",)
    return ("utf-8",) if name in ("utf-8", "utf8") else ()


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _refuse(data: bytes, name: str) -> str:
    try:
        data.decode("utf-8")
        where = "its characters are not those of a Chinese text"
    except UnicodeDecodeError as cause:
        where = f"byte {cause.start:,} is no UTF-8"
    message = f"{name}: found neither UTF-8 nor GB18030 nor Big5 text ({where})"
    raise ContractError("QH116", message, hint="open it where it reads well, save it as UTF-8")
