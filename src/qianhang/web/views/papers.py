"""A paper of the programme office as the blocks of a page."""

from __future__ import annotations

from qianhang.plan.office.paper import Block, Grid, Heading, Paper, labelled

__all__ = ["parts_of"]


def parts_of(paper: Paper) -> list[tuple[str, Block, str]]:
    """The body's blocks with what they are (heading, text, grid) and, for headings, the ordinal."""
    return [
        ("heading" if isinstance(b, Heading) else "grid" if isinstance(b, Grid) else "text", b, n)
        for b, n in labelled(paper.blocks, paper.lang)
    ]
