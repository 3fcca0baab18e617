"""A paper as DOCX in the layout of official documents (党政机关公文格式).

Written by the standard library: what this layout needs (grid of lines and characters, fonts of
East Asian text, indents in characters, page numbers that differ on even pages) is WordprocessingML
that no library has a call for, and a file that we write whole comes out the same byte for byte.

Source: GB/T 9704-2012, clauses 5.2 (page 210 mm x 297 mm, head 37 mm, gutter 28 mm, type area
156 mm x 225 mm, 22 lines of 28 characters, size 3 FangSong), 7.2.4 to 7.2.7 (red head, number, red
line), 7.3 (title size 2, addressees, body and fonts of headings, annexes, signature, date), 7.5
(page number size 4 SongTi, one character in from the outer edge); read in public reprints of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from qianhang.core.words import say
from qianhang.plan.office.envelope import BODY, FONTS, element, envelope, escaped
from qianhang.plan.office.paper import Annex, Block, Grid, Heading, Paper, labelled
from qianhang.plan.office.plain import annexes_named, width

__all__ = ["AREA", "CHARACTERS", "LINES", "MARGINS", "TIGHTER", "docx"]

# Twentieths of a point; one millimetre is 56.69 of them.
PAGE = (11906, 16838)
MARGINS = {"top": 2098, "right": 1474, "bottom": 1984, "left": 1587}
AREA = (PAGE[0] - MARGINS["left"] - MARGINS["right"], PAGE[1] - MARGINS["top"] - MARGINS["bottom"])
LINES, CHARACTERS = 22, 28
_LINE = AREA[1] // LINES
# Size 3 is a hair too wide for 28 characters: each gives up a quarter of a point. A grid of
# characters would say the same, but word processors differ in how they set one.
TIGHTER = AREA[0] // CHARACTERS - BODY * 10
# From the upper edge of the type area to the red head, 35 mm.
_DROP = 1984
_RED = "FF0000"
# Half points: title size 2, red head, table.
_TITLE, _HEAD, _TABLE = 44, 88, 21


def docx(paper: Paper) -> bytes:
    """The paper as a DOCX file; the same paper gives the same bytes in any process."""
    parts = [*_head(paper), *_body(paper.blocks, paper), *_foot(paper)]
    for number, annex in enumerate(paper.annexes, start=1):
        parts += _annex(annex, number, paper)
    return envelope("".join(parts) + _section(), title=paper.title, lang=paper.lang)


def _head(paper: Paper) -> Iterator[str]:
    if paper.issuer:
        size = min(_HEAD, int(AREA[0] / 10 / max(1, width(paper.issuer) / 2)))
        yield _paragraph(paper.issuer, font="title", size=size, colour=_RED, space=True)
        yield _blank() * 2
    if paper.number:
        yield _paragraph(paper.number, jc="center")
    if paper.issuer:
        yield _line()
        yield _blank() * 2
    yield _paragraph(paper.title, font="title", size=_TITLE, jc="center", style="Title")
    yield _blank()
    if paper.to:
        yield _paragraph(paper.to + say("office.paper.colon", lang=paper.lang))


def _foot(paper: Paper) -> Iterator[str]:
    named = annexes_named(paper) if paper.annexes else []
    if named:
        yield _blank()
        yield _paragraph(named[0], first=2)
        lead = width(say("office.paper.annexes", lang=paper.lang)) // 2
        for line in named[1:]:
            yield _paragraph(line.strip(), left=2 + lead)
    if paper.signature or paper.date:
        yield _blank() * 2
        yield from _signed(paper)


def _signed(paper: Paper) -> Iterator[str]:
    """Signature centred over the date, the date four characters in; never beyond the right edge."""
    signature, date = width(paper.signature), width(paper.date)
    in_date = max(8, 4 + (signature - date) // 2)
    in_signature = in_date + (date - signature) // 2
    for text, indent in ((paper.signature, in_signature), (paper.date, in_date)):
        if text:
            yield _paragraph(text, jc="right", right=indent / 2)


def _annex(annex: Annex, number: int, paper: Paper) -> Iterator[str]:
    alone = len(paper.annexes) == 1
    key = "office.paper.annex" if alone else "office.paper.annex_n"
    label = say(key, lang=paper.lang) if alone else say(key, lang=paper.lang, number=number)
    yield _paragraph(label, font="level_1", new_page=True)
    yield _blank()
    yield _paragraph(annex.title, font="title", size=_TITLE, jc="center")
    yield _blank()
    yield from _body(annex.blocks, paper)


def _body(blocks: tuple[Block, ...], paper: Paper) -> Iterator[str]:
    after = (*blocks[1:], None)
    for (block, label), following in zip(labelled(blocks, paper.lang), after, strict=True):
        if isinstance(block, Grid):
            yield from _grid(block)
        elif isinstance(block, Heading):
            font, style = f"level_{block.level}", f"Heading{block.level}"
            yield _paragraph(label + block.text, font=font, first=2, style=style)
        else:
            # What leads to a table stays with it.
            yield _paragraph(block.text, first=2, keep=isinstance(following, Grid))


def _paragraph(
    text: str,
    *,
    font: str = "body",
    size: int = BODY,
    colour: str = "",
    style: str = "",
    **layout: object,
) -> str:
    """One paragraph of one run; `layout` is what `_layout` takes."""
    fonts = FONTS[font]
    run = element("w:rFonts", ascii=fonts.latin, hAnsi=fonts.latin, eastAsia=fonts.name)
    run += element("w:color", val=colour) if colour else ""
    run += element("w:spacing", val=TIGHTER) if size == BODY else ""
    run += element("w:sz", val=size) + element("w:szCs", val=size)
    styled = element("w:pStyle", val=style) if style else ""
    body = f'<w:r><w:rPr>{run}</w:rPr><w:t xml:space="preserve">{escaped(text)}</w:t></w:r>'
    grown = size > BODY and not layout.get("table")
    return f"<w:p><w:pPr>{styled}{_layout(grown=grown, **layout)}</w:pPr>{body}</w:p>"  # type: ignore[arg-type]  # named there


def _layout(  # each is one property of a paragraph, in the order of the schema
    *,
    jc: str = "",
    first: int = 0,
    left: float = 0,
    right: float = 0,
    new_page: bool = False,
    space: bool = False,
    table: bool = False,
    grown: bool = False,
    keep: bool = False,
) -> str:
    """Paragraph properties: alignment, indents in characters, page break before."""
    parts = element("w:keepNext") + element("w:keepLines") if grown or keep else ""
    parts += element("w:pageBreakBefore") if new_page else ""
    parts += element("w:snapToGrid", val=0) if table or grown else ""
    if table:
        parts += element("w:spacing", line=280, lineRule="atLeast")
    elif grown:
        drop = {"before": _DROP} if space else {}
        parts += element("w:spacing", **drop, line=_LINE, lineRule="atLeast")
    indents = {"leftChars": left, "rightChars": right, "firstLineChars": first}
    shown = {name: round(value * 100) for name, value in indents.items() if value}
    twips = {n.removesuffix("Chars"): v * BODY // 10 for n, v in shown.items()}
    parts += element("w:ind", **shown, **twips) if shown else ""
    jc = "center" if space else jc
    return parts + (element("w:jc", val=jc) if jc else "")


def _blank() -> str:
    return _paragraph("")


def _line() -> str:
    """The red line across the type area under the number."""
    edge = element("w:bottom", val="single", sz=12, space=1, color=_RED)
    return f"<w:p><w:pPr><w:pBdr>{edge}</w:pBdr>{_exactly(227)}</w:pPr></w:p>"


def _exactly(line: int) -> str:
    return element("w:spacing", line=line, lineRule="exact")


def _grid(grid: Grid) -> Iterator[str]:
    if grid.title:
        yield _paragraph(grid.title, font="level_2", jc="center")
    edges = "".join(
        element(f"w:{side}", val="single", sz=4, space=0, color="000000")
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    sides = element("w:left", w=60, type="dxa") + element("w:right", w=60, type="dxa")
    yield (
        f"<w:tbl><w:tblPr>{element('w:tblW', w=AREA[0], type='dxa')}{element('w:jc', val='center')}"
        f"<w:tblBorders>{edges}</w:tblBorders>{element('w:tblLayout', type='fixed')}"
        f"<w:tblCellMar>{sides}</w:tblCellMar></w:tblPr>"
    )
    widths = _widths(grid)
    yield "<w:tblGrid>" + "".join(element("w:gridCol", w=w) for w in widths) + "</w:tblGrid>"
    yield _row(grid.heads, widths, grid.right, head=True)
    for row in grid.rows:
        yield _row(row, widths, grid.right)
    # Two tables in a row would become one.
    yield f"</w:tbl><w:p><w:pPr>{element('w:snapToGrid', val=0)}{_exactly(200)}</w:pPr></w:p>"


def _widths(grid: Grid) -> list[int]:
    shares = grid.shares or (1,) * len(grid.heads)
    return [AREA[0] * share // sum(shares) for share in shares]


def _row(
    cells: tuple[str, ...], widths: list[int], right: tuple[int, ...], *, head: bool = False
) -> str:
    parts = [f"<w:tr><w:trPr>{element('w:cantSplit')}{element('w:tblHeader') * head}</w:trPr>"]
    for i, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        jc = "center" if head else "right" if i in right else "left"
        font = "level_1" if head else "body"
        text = _paragraph(cell, font=font, size=_TABLE, jc=jc, table=True)
        parts.append(f"<w:tc><w:tcPr>{element('w:tcW', w=wide, type='dxa')}</w:tcPr>{text}</w:tc>")
    return "".join(parts) + "</w:tr>"


def _section() -> str:
    """Page, margins and grid; footers differ on even pages."""
    feet = "".join(
        f'<w:footerReference w:type="{kind}" r:id="{rid}"/>'
        for kind, rid in (("default", "rId10"), ("even", "rId11"))
    )
    size = element("w:pgSz", w=PAGE[0], h=PAGE[1])
    margins = element("w:pgMar", **MARGINS, header=851, footer=1417, gutter=0)
    grid = element("w:docGrid", type="lines", linePitch=_LINE)
    return f"<w:sectPr>{feet}{size}{margins}{grid}</w:sectPr>"
