"""A paper that an office sends: head, title, addressees, numbered parts, tables, annexes.

Content only: plain.py, page.py and official.py set the same paper as text, HTML and DOCX.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qianhang.core.words import Lang, say

__all__ = ["Annex", "Block", "Grid", "Heading", "Paper", "Paragraph", "chinese", "labelled"]

_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered heading; level 1 is 一、 and level 2 (一)."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the body."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: a title where it needs one, heads, rows of text.

    shares : width of each column in parts, equal where not given
    right : indices of columns that hold figures
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    shares: tuple[int, ...] = ()
    right: tuple[int, ...] = ()


Block = Heading | Paragraph | Grid


@dataclass(frozen=True, slots=True)
class Annex:
    """One annex, on a page of its own."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that is printed.

    issuer, number : the red head and the document number under it; without an issuer no red head
    to : addressees, "" for none; signature, date : under the body, as printed
    """

    title: str
    blocks: tuple[Block, ...]
    annexes: tuple[Annex, ...] = ()
    issuer: str = ""
    number: str = ""
    to: str = ""
    signature: str = ""
    date: str = ""
    lang: Lang = "zh"


def labelled(blocks: tuple[Block, ...], lang: Lang) -> Iterator[tuple[Block, str]]:
    """Each block with its printed ordinal, "" for all but headings; level 2 starts anew in each."""
    counts = [0, 0]
    for block in blocks:
        if not isinstance(block, Heading):
            yield block, ""
            continue
        counts[block.level - 1] += 1
        if block.level == 1:
            counts[1] = 0
        number = counts[block.level - 1]
        shown = chinese(number) if lang == "zh" else str(number)
        yield block, say(f"office.paper.level_{block.level}", lang=lang, number=shown)


def chinese(number: int) -> str:
    """A whole number from 1 to 99 as in 二十三."""
    if not 1 <= number <= 99:
        raise ValueError(f"{number} is not between 1 and 99")
    tens, ones = divmod(number, 10)
    head = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    return head + (_DIGITS[ones] if ones else "")
