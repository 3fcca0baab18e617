"""A paper as plain text: what a terminal, a mail or a chat window takes."""

from __future__ import annotations

import unicodedata

from qianhang.core.words import say
from qianhang.plan.office.paper import Block, Grid, Heading, Paper, labelled

__all__ = ["plain", "width"]

_WIDE = 72


def plain(paper: Paper) -> str:
    """The whole paper; columns of tables line up where a Chinese character is two wide."""
    lines = [*_head(paper), *_body(paper.blocks, paper), *_foot(paper)]
    for number, annex in enumerate(paper.annexes, start=1):
        name = say("office.paper.annex_n", lang=paper.lang, number=number)
        lines += ["", "-" * _WIDE, name, "", _centred(annex.title), ""]
        lines += _body(annex.blocks, paper)
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def width(text: str) -> int:
    """Columns that a text takes in a fixed-width font, Chinese characters counted twice."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _head(paper: Paper) -> list[str]:
    lines = []
    if paper.issuer:
        lines += [_centred(paper.issuer)]
    if paper.number:
        lines += [_centred(paper.number)]
    if lines:
        lines += ["=" * _WIDE, ""]
    lines += [_centred(paper.title), ""]
    if paper.to:
        lines += [paper.to + say("office.paper.colon", lang=paper.lang)]
    return lines


def _foot(paper: Paper) -> list[str]:
    lines = []
    if paper.annexes:
        lines += ["", _indent(paper) + annexes_named(paper)[0]]
        lines += [_indent(paper) + line for line in annexes_named(paper)[1:]]
    signed = [s for s in (paper.signature, paper.date) if s]
    if signed:
        lines += ["", *(" " * max(0, _WIDE - width(s)) + s for s in signed)]
    return lines


def annexes_named(paper: Paper) -> list[str]:
    """The lines under the body that name the annexes; one alone has no number."""
    lead = say("office.paper.annexes", lang=paper.lang)
    if len(paper.annexes) == 1:
        return [lead + paper.annexes[0].title]
    named = [f"{n}. {a.title}" for n, a in enumerate(paper.annexes, start=1)]
    return [lead + named[0], *(" " * width(lead) + n for n in named[1:])]


def _body(blocks: tuple[Block, ...], paper: Paper) -> list[str]:
    lines: list[str] = []
    for block, label in labelled(blocks, paper.lang):
        if isinstance(block, Grid):
            lines += ["", *_grid(block), ""]
        elif isinstance(block, Heading):
            lines += ["", label + block.text]
        else:
            lines += [_indent(paper) + block.text]
    return lines


def _grid(grid: Grid) -> list[str]:
    rows = (grid.heads, *grid.rows)
    wide = [max(width(row[i]) for row in rows) for i in range(len(grid.heads))]
    lines = [_row(row, wide, grid.right) for row in rows]
    lines.insert(1, "  ".join("-" * w for w in wide))
    return [grid.title, *lines] if grid.title else lines


def _row(row: tuple[str, ...], wide: list[int], right: tuple[int, ...]) -> str:
    cells = []
    for i, (cell, room) in enumerate(zip(row, wide, strict=True)):
        gap = " " * (room - width(cell))
        cells.append(gap + cell if i in right else cell + gap)
    return "  ".join(cells)


def _centred(text: str) -> str:
    return " " * max(0, (_WIDE - width(text)) // 2) + text


def _indent(paper: Paper) -> str:
    return "　　" if paper.lang == "zh" else ""
