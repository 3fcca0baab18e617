"""Headings without an ordinal: lines of their own that the table of contents or the genre names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qianhang.plan.reading.ordinals import Line

__all__ = ["contents", "subheads", "unnumbered"]

_CONTENTS = re.compile(r"目\s?录$|(?:基本(?:介绍|信息|内容)|概述|简介)$|内容目录$")
_ENTRY = re.compile(r"^[\d.、\s·•-]*")
_SEPARATOR = re.compile(r"[,、;|]")
# What plans of this kind call their parts when they do not number them.
_USUAL = re.compile(
    r"(?:总体(?:要求|目标|思路)|指导思想|基本原则|(?:主要|工作|发展|行动)目标|目标任务|现状|发展基础"
    r"|(?:重点|主要|工作)(?:任务|工作|领域|行动|举措|措施|方向)|(?:保障|组织|支持|政策)(?:措施|保障|实施)"
    r"|组织(?:领导|实施)|工作要求|进度安排|实施步骤|附则)$"
)
_LONGEST = 30
# What stands alone on a line of a news page and heads nothing.
_FRAME = re.compile(
    r"[。;!?…|>]|[,:]$|来源|记者|编辑|责编|字号|分享|广告|标题|电话|阅读|发布|图为|20\d\d[-年/.]\d|^\W"
    r"(?<![“\"《])|^附件"
)
_SHORTEST, _PARAGRAPH = 4, 40


def unnumbered(rows: Sequence[Line]) -> list[Line]:
    """The lines that are headings by the table of contents, else by their wording.

    A heading directly followed by the next has no text of its own and is left out.
    """
    named, begin = contents(rows)
    places = [i for i in range(begin, len(rows)) if rows[i].text in named]
    if not places:
        places = [i for i, row in enumerate(rows) if _USUAL.match(row.text)]
        places = places if len(places) > 1 else []
    taken = set(places)
    return [rows[i] for i in places if i + 1 < len(rows) and i + 1 not in taken]


def subheads(rows: Sequence[Line]) -> list[Line]:
    """The short lines that stand between paragraphs, as news have them; none where there is one.

    The title, above the first paragraph, is not among them.
    """
    told = [len(row.text) >= _PARAGRAPH and "。" in row.text for row in rows]
    first = told.index(True) if True in told else len(rows)
    found = [
        row
        for row, below in zip(rows[first + 1 :], told[first + 2 :], strict=False)
        if below and _SHORTEST <= len(row.text) <= _LONGEST and not _FRAME.search(row.text)
    ]
    return found if len(found) > 1 else []


def contents(rows: Sequence[Line]) -> tuple[frozenset[str], int]:
    """The entries of a table of contents, and the line behind it; none where there is no table."""
    texts = {row.text: i for i, row in enumerate(rows) if len(row.text) <= _LONGEST}
    for i, row in enumerate(rows):
        if not _CONTENTS.match(row.text):
            continue
        tables = (*(_in_line(rows, i + 1, n) for n in (1, 2, 3)), _in_lines(rows, i + 1))
        best: tuple[frozenset[str], int] = frozenset(), 0
        for entries, used in tables:
            again = frozenset(e for e in entries if texts.get(e, -1) > i + used)
            if len(again) > max(1, len(best[0])) and 2 * len(again) >= len(entries):
                best = again, i + 1 + used
        if best[0]:
            return best
    return frozenset(), 0


def _in_line(rows: Sequence[Line], at: int, much: int) -> tuple[list[str], int]:
    """Entries side by side in a line, which may have been broken for its width."""
    text = "".join(row.text for row in rows[at : at + much])
    return [entry.strip() for entry in _SEPARATOR.split(text) if entry.strip()], much


def _in_lines(rows: Sequence[Line], at: int) -> tuple[list[str], int]:
    """Entries a line each, until a line that is too long, or that was there before."""
    entries: list[str] = []
    for row in rows[at:]:
        entry = _ENTRY.sub("", row.text)
        if len(row.text) > _LONGEST or entry in entries:
            break
        entries.append(entry)
    return entries, len(entries)
