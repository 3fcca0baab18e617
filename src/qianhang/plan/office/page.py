"""A paper as one HTML file: no script, nothing from outside, prints on A4."""

from __future__ import annotations

import functools
from html import escape
from importlib import resources

from qianhang.core.words import say
from qianhang.plan.office.paper import Annex, Block, Grid, Heading, Paper, labelled
from qianhang.plan.office.plain import annexes_named

__all__ = ["html"]

# The page may hold its own style and may ask for nothing at all.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html(paper: Paper) -> str:
    """The whole file; the same paper gives the same text."""
    tag = "zh-CN" if paper.lang == "zh" else "en"
    annexes = "".join(_annex(a, n, paper) for n, a in enumerate(paper.annexes, start=1))
    return (
        f'<!DOCTYPE html>\n<html lang="{tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(paper.title)}</title><style>{_css()}</style></head><body>"
        f'<main class="{paper.lang}"><article class="card">{_head(paper)}'
        f"{_body(paper.blocks, paper)}{_foot(paper)}</article>{annexes}</main></body></html>\n"
    )


@functools.cache
def _css() -> str:
    return resources.files(__package__).joinpath("page.css").read_text("utf8")


def _head(paper: Paper) -> str:
    parts = ""
    if paper.issuer:
        parts += f'<p class="issuer">{escape(paper.issuer)}</p>'
    if paper.number:
        parts += f'<p class="number">{escape(paper.number)}</p>'
    if paper.issuer:
        parts += '<hr class="red">'
    parts += f"<h1>{escape(paper.title)}</h1>"
    if paper.to:
        colon = say("office.paper.colon", lang=paper.lang)
        parts += f'<p class="to">{escape(paper.to)}{colon}</p>'
    return parts


def _foot(paper: Paper) -> str:
    parts = ""
    if paper.annexes:
        lines = "<br>".join(escape(line) for line in annexes_named(paper))
        parts += f'<p class="annexes">{lines}</p>'
    signed = "<br>".join(escape(s) for s in (paper.signature, paper.date) if s)
    return parts + (f'<p class="signed">{signed}</p>' if signed else "")


def _annex(annex: Annex, number: int, paper: Paper) -> str:
    label = say("office.paper.annex_n", lang=paper.lang, number=number)
    return (
        f'<section class="card annex"><p class="label">{escape(label)}</p>'
        f"<h2>{escape(annex.title)}</h2>{_body(annex.blocks, paper)}</section>"
    )


def _body(blocks: tuple[Block, ...], paper: Paper) -> str:
    return "".join(_block(block, label) for block, label in labelled(blocks, paper.lang))


def _block(block: Block, label: str) -> str:
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, Heading):
        level = block.level + 1
        return f"<h{level}>{escape(label + block.text)}</h{level}>"
    return f"<p>{escape(block.text)}</p>"


def _grid(grid: Grid) -> str:
    heads = "".join(
        f"<th{_right(i, grid)} scope=col>{escape(h)}</th>" for i, h in enumerate(grid.heads)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{_right(i, grid)}>{escape(c)}</td>" for i, c in enumerate(r))
        + "</tr>"
        for r in grid.rows
    )
    title = f"<caption>{escape(grid.title)}</caption>" if grid.title else ""
    return (
        f'<div class="scroll" tabindex="0"><table>{title}<thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _right(index: int, grid: Grid) -> str:
    return ' class="num"' if index in grid.right else ""
