"""The tree of headings: printed ordinals joined by dots, and what stands under each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.ordinals import STYLES, Line, Ordinal, lines, ordinal
from qianhang.plan.reading.unnumbered import subheads, unnumbered

__all__ = ["Heading", "outline"]

_STOP = re.compile(r"[。!?]")
_TAIL = re.compile(r"[\s;:,、.。]+$")
# Who answers, printed behind a heading on its own line.
_ANSWERS = re.compile(
    r"\s*[(\[【〔][^()\[\]【】]*(?:责任|牵头|配合|负责|落实|参与|☆)[^\n]*[)\]】〕]\s*[。;]?$"
)
_LABEL = re.compile(r"[\s;,。]*(?:责任|牵头|配合|主办|承办|协办)(?:单位|部门|处室|科室)\s*:")
# A usual heading whose text was run on behind it.
_USUAL = re.compile(
    r"(?:总体(?:要求|目标|思路)|指导思想|基本原则|(?:主要|工作|发展|行动)目标|目标任务"
    r"|(?:重点|主要|工作)(?:任务|举措|措施)|(?:保障|支持|政策)措施|组织(?:领导|实施|保障)|工作要求)"
    r"(?![和与及、的])"
)
_LEADERS = re.compile(r"(?:[.·…‥_-]\s?){4,}\s*\d*\s*$|\t\d{1,3}$")
_COLON = re.compile(r"^[^:,。;]{2,24}:(?=\S)")
_GAP = re.compile(r"^[^\s,。;:]{2,24}(?=\s+\S{12,})")
_BRACKETED = re.compile(r"^[【\[〔](?P<t>[^【】\[\]〔〕]{2,30})[】\]〕]")
_NAMED = re.compile(r"^\((?P<t>[^()]{2,20})\)")
_ANNEX = re.compile(r"附\s?(?:件|表|录)\s?\d{0,2}\s?(?:[:.].*)?$")
_PAGE = re.compile(r"[—―–-]?\s?(?:第\s?)?\d{1,4}(?:\s?页)?(?:\s?[/共]\s?\d+\s?页?)?\s?[—―–-]?$")
# What stands behind an entry of a table of contents, beyond its title: a blank and a page.
_PAGE_MARK = 5
_PAGED = re.compile(r"[\s.·…]*\d*$")
_SPACED = re.compile(r"(?<=[一-龥])\s+(?=[一-龥])")
_TELLS = re.compile(r"[,\d]")
# A title longer than this, or with figures, is a sentence: it stays part of the text under it.
_SENTENCE = 30
# Characters a line, on average, where the lines of a text were run together.
_RUN_ON = 400
_INSIDE = re.compile(
    r"(?<=[。;)])\s*(?=[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\)"
    r"|\d{1,2}[.、](?!\d)[^\d,。;]{2,24}[。:])"
)
_AFTER_HEAD = re.compile(r"[一二三四五六七八九十]{1,3}、[^。;]{2,24}?\s*(?=\(一\))")
_OUTER = ("part", "chapter", "section", "article", "cjk")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading, in folded offsets.

    start : first character of the ordinal, or of the title where there is no ordinal
    text : where its own text begins; behind the ordinal where the title is a whole sentence
    end : where its own text ends, at the next heading of any level
    """

    path: str
    title: str
    start: int
    text: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    mark: Ordinal
    title: str
    stop: int


def outline(folded: Folded, body: tuple[int, int]) -> tuple[Heading, ...]:
    """The headings of the document proper, in the order of the text."""
    rows = [line for line in lines(folded.text, *body) if not _PAGE.match(line.text)]
    rows, end = _without_annexes(folded, rows, body[1])
    found = _once(folded, _candidates(folded, rows))
    if not any(c.mark.style in _OUTER for c in found):
        found = _merged(found, rows)
    return _tree(found, end)


def _without_annexes(folded: Folded, rows: list[Line], end: int) -> tuple[list[Line], int]:
    """The lines before the first annex; where the plan itself is the annex, those behind it."""
    heads = [i for i, row in enumerate(rows) if _outer(folded, row)]
    begin = 0
    for i, row in enumerate(rows):
        if not _ANNEX.match(row.text):
            continue
        before = bisect_left(heads, i) - bisect_left(heads, begin)
        after = len(heads) - bisect_left(heads, i)
        if before and (before >= after or row.start - rows[begin].start > end - row.start):
            return rows[begin:i], row.start
        begin = i + 1 if after else begin
    return rows[begin:], end


def _outer(folded: Folded, row: Line) -> bool:
    mark = ordinal(folded, row.start, row.end)
    return mark is not None and mark.style in (*_OUTER, "cjk_round")


def _candidates(folded: Folded, rows: Sequence[Line]) -> list[_Candidate]:
    whole = sum(len(row.text) for row in rows)
    run_on = whole > _RUN_ON * len(rows) or (len(rows) <= 3 and whole > _RUN_ON / 3)
    found: list[_Candidate] = []
    for i, row in enumerate(rows):
        if _LEADERS.search(row.text[-120:]) or row.text.count("\t") > 1:
            continue
        for start in _openings(row, run_on):
            mark = ordinal(folded, start, row.end)
            if mark:
                found.append(_titled(folded, mark, rows[i : i + 2]))
    split = {c.mark.shown.split(".")[0] for c in found if c.mark.style == "dotted"}
    plain = any(c.mark.style == "plain" and c.mark.shown in split for c in found)
    return [c for c in found if c.title and (plain or c.mark.style != "plain")]


def _openings(row: Line, run_on: bool) -> list[int]:
    """Where a heading may begin in a line: at its start, inside where lines were run together."""
    starts = [0]
    if run_on:
        starts += [found.end() for found in _INSIDE.finditer(row.text)]
    heads = (_AFTER_HEAD.match(row.text, start) for start in starts)
    starts += [found.end() for found in heads if found]
    return sorted({row.start + start for start in starts})


def _titled(folded: Folded, mark: Ordinal, rows: Sequence[Line]) -> _Candidate:
    """The title behind an ordinal: to the first full stop, or to the end of the line.

    An ordinal alone on its line has its title on the next.
    """
    begin, end = mark.end, rows[0].end
    alone = not folded.text[begin:end].strip(" *")
    if alone and len(rows) > 1 and not ordinal(folded, rows[1].start, rows[1].end):
        begin, end = rows[1].start, rows[1].end
    piece = folded.text[begin:end]
    ended = _STOP.search(piece)
    stop = begin + (ended.end() if ended else len(piece))
    return _shortened(folded, mark, piece[: ended.start()] if ended else piece, stop)


def _shortened(folded: Folded, mark: Ordinal, text: str, stop: int) -> _Candidate:
    """A title without the units, the sentence or the bracket printed behind it on its line."""
    title = text.strip(" \t*")
    inner = re.search(r"\(一\)", title) if mark.style == "cjk" else None
    for cut in (inner and inner.start(), *_cuts(title)):
        if cut and cut < len(title):
            stop = folded.text.index(title[:cut], mark.end) + cut
            title = title[:cut]
            break
    bracketed = _BRACKETED.match(title) or (
        _NAMED.match(title) if mark.style == "article" else None
    )
    title = bracketed["t"] if bracketed else title
    title = _SPACED.sub("", _TAIL.sub("", title.replace("*", "")).strip())
    sentence = len(title) > _SENTENCE or bool(_TELLS.search(title))
    return _Candidate(mark, title, mark.end if sentence else stop)


def _cuts(title: str) -> Iterator[int]:
    answers = _ANSWERS.search(title)
    if answers:
        yield answers.start()
    label = _LABEL.search(title)
    if label:
        yield label.start()
    if _TELLS.search(title) or len(title) > _SENTENCE:
        usual = _USUAL.match(title)
        if usual:
            yield usual.end()
    for pattern in (_BRACKETED, _NAMED, _COLON, _GAP):
        found = pattern.match(title)
        if found:
            yield found.end()


def _once(folded: Folded, found: Sequence[_Candidate]) -> list[_Candidate]:
    """Without the table of contents: the first headings, where they all come again further down."""
    keys = [(c.mark.style, c.mark.shown, _PAGED.sub("", c.title)[:8]) for c in found]
    last = {key: i for i, key in enumerate(keys)}
    listed = next((i for i, key in enumerate(keys) if last[key] == i), len(keys))
    # Only the last entry of a table may have text behind it: the beginning of the plan.
    for one, following in zip(found[: listed - 1], found[1:], strict=False):
        printed = folded.text[one.mark.end : following.mark.start].strip()
        if len(printed) > len(one.title) + _PAGE_MARK:
            return list(found)
    return list(found[listed if listed > 1 else 0 :])


def _merged(found: Sequence[_Candidate], rows: Sequence[Line]) -> list[_Candidate]:
    """The numbered headings together with those on bare lines, which are counted."""
    headed = unnumbered(rows) or ([] if found else subheads(rows))
    bare = [
        _Candidate(Ordinal("bare", n, str(n), row.start, row.start), row.text, row.end)
        for n, row in enumerate(headed, 1)
    ]
    return sorted([*found, *bare], key=lambda c: c.mark.start)


def _tree(found: Sequence[_Candidate], end: int) -> tuple[Heading, ...]:
    ranks = _ranks(found)
    stack: list[_Candidate] = []
    newest: dict[str, int] = {}
    headings: list[Heading] = []
    for one in found:
        if not _follows(one.mark, newest, stack):
            continue
        while stack and ranks[stack[-1].mark.style] >= ranks[one.mark.style]:
            stack.pop()
        stack.append(one)
        newest[_series(one.mark)] = one.mark.number
        path = _path(stack)
        headings.append(Heading(path, one.title, one.mark.start, one.stop, end, len(stack)))
    ends = [*(h.start for h in headings[1:]), end][: len(headings)]
    return tuple(replace(h, end=e) for h, e in zip(headings, ends, strict=True))


def _path(stack: Sequence[_Candidate]) -> str:
    parts: list[str] = []
    for one in stack:
        shown = one.mark.shown
        above = ".".join(parts) + "."
        parts = shown.split(".") if shown.startswith(above) else [*parts, shown]
    return ".".join(parts)


_WEAK = frozenset(("action", "arabic", "plain", "dotted", "round", "half", "circle", "article"))


def _follows(mark: Ordinal, newest: dict[str, int], stack: Sequence[_Candidate]) -> bool:
    """Whether a number continues or begins a series; styles that only headings wear may jump."""
    if mark.number == 0 or (mark.style in _WEAK and mark.number > 150):
        return False
    if mark.style not in _WEAK or mark.number == 1:
        return True
    before = newest.get(_series(mark))
    if before is None:
        return bool(stack) and mark.number <= 3
    return before < mark.number <= before + 3 or mark.number == before


def _series(mark: Ordinal) -> str:
    return mark.style + "." * mark.shown.count(".")


def _ranks(found: Sequence[_Candidate]) -> dict[str, float]:
    """How deep each style stands: as usual, save where the document plainly does otherwise."""
    ranks: dict[str, float] = {style: float(i) for i, style in enumerate(STYLES)}
    ranks["bare"] = -1.0
    first: dict[str, int] = {}
    ones: dict[str, int] = {}
    for i, one in enumerate(found):
        first.setdefault(one.mark.style, i)
        ones[one.mark.style] = ones.get(one.mark.style, 0) + (one.mark.number == 1)
    if first.get("cjk", len(found)) < first.get("article", -1):
        ranks["article"] = ranks["cjk_round"] + 0.5
    pairs = zip(found, found[1:], strict=False)
    held = sum(a.mark.style == "action" and b.mark.style == "cjk_round" for a, b in pairs)
    if 2 * held > sum(one.mark.style == "action" for one in found):
        ranks["action"] = ranks["cjk"] + 0.5
    for above, below in (("cjk", "cjk_round"), ("cjk", "arabic"), ("cjk_round", "arabic"),
                         ("arabic", "round"), ("arabic", "dotted")):  # fmt: skip
        inverted = first.get(below, len(found)) < first.get(above, -1)
        if inverted and ones[above] > max(1, ones[below]):
            ranks[above], ranks[below] = ranks[below], ranks[above]
    return ranks
