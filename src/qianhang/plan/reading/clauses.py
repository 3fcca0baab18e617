"""The clauses of a plan's own text: what stands between two commas, without spaces and brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.outline import Heading

__all__ = ["Clause", "clauses", "titles"]

# Who answers, and asides; a short bracket inside a name (国家超算(郑州)中心) stays.
_ASIDE = re.compile(
    r"[(〔\[【](?:[^()〔〕\[\]【】]{7,}?|[^()〔〕\[\]【】]{1,6}(?=[)〕\]】](?:[^\w“]|$))|[^()〔〕\[\]【】]*?(?:单位|部门|牵头|负责|配合)[^()〔〕\[\]【】]*?)[)〕\]】]"
)
# A line break inside a sentence, as exports of paged documents leave it: no mark ends the line,
# no ordinal begins the next.
_WRAP = re.compile(
    r"(?<=[^\s。;:!?)〕】])[ \r]*\n[ \r　]*"
    r"(?=[^\s(〔【—-])(?![一二三四五六七八九十]{1,3}[、.是]|\d{1,3}[.、)]|[①-⑳])"
)
_FULL_LINE = 16
_QUOTED = re.compile(r"“[^”。\n]{1,40}”|\"[^\"。\n]{1,40}\"|「[^」\n]{1,40}」|《[^》\n]{1,60}》")
_END = re.compile(r"[,。;:!?\n\t|]")
# A clause that begins so goes on with the one before it.
_GOES_ON = re.compile(r"以及|及|(?:和|与)(?!此)")
# Aims, principles and reviews of the past name no work to be done.
_AIMS = re.compile(
    r"总体(?:要求|目标|思路|部署)|(?:主要|发展|工作|行动|具体|阶段|建设)目标|^目标|指导思想|基本原则"
    r"|基本思路|发展思路|工作思路|(?<![实牢化固筑升强])(?:发展|现实|工作)基础|背景|现状|形势"
)

# Longer stretches without a mark are menus and lists, not sentences.
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, `text`, of a section (its path); at[i] is the folded offset of character i."""

    section: str
    text: str
    at: tuple[int, ...]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The folded span behind a stretch of the clause."""
        return self.at[start], self.at[end - 1] + 1


def clauses(folded: Folded, headings: Sequence[Heading]) -> Iterator[Clause]:
    """The clauses under each heading, those of aims and principles left out.

    A text without headings is read whole.
    """
    if not headings:
        yield from _clauses(folded.text, 0, len(folded.text), section="")
    aims = {h.path for h in headings if _AIMS.search(h.title)}
    for heading in headings:
        if not any(heading.path == p or heading.path.startswith(p + ".") for p in aims):
            yield from _clauses(folded.text, heading.text, heading.end, section=heading.path)


def titles(folded: Folded, headings: Sequence[Heading]) -> Iterator[Clause]:
    """The clauses of the headings that run into their text, those of aims left out."""
    aims = {h.path for h in headings if _AIMS.search(h.title)}
    for heading in headings:
        stop = heading.text
        if folded.text[stop : heading.end].split("\n", 1)[0].strip() and not any(
            heading.path == p or heading.path.startswith(p + ".") for p in aims
        ):
            yield from _clauses(folded.text, heading.start, stop, section=heading.path)


def _clauses(text: str, start: int, end: int, *, section: str) -> Iterator[Clause]:
    chars, at = _flat(text[start:end], start)
    inside = {i for q in _QUOTED.finditer(chars) for i in range(q.start(), q.end())}
    marks = [m.start() for m in _END.finditer(chars) if m.start() not in inside]
    first = 0
    for mark, following in zip(
        [*marks, len(chars)], [*marks[1:], len(chars), len(chars)], strict=False
    ):
        rest = chars[mark + 1 : following]
        if chars[mark : mark + 1] == "," and _GOES_ON.match(rest):
            continue
        if first < mark <= first + _LONGEST:
            yield Clause(section, chars[first:mark], tuple(at[first:mark]))
        first = mark + 1


def _flat(text: str, start: int) -> tuple[str, list[int]]:
    """The text without brackets, soft line breaks and spaces, and where its characters stood."""
    gone = {i for p in (_ASIDE, _WRAP) for m in p.finditer(text) for i in range(m.start(), m.end())}
    kept = [
        (c, start + i)
        for i, c in enumerate(text)
        if i not in gone and (c in "\n\t" or not c.isspace())
    ]
    return "".join(c for c, _ in kept), [i for _, i in kept]
