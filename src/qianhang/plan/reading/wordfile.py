"""The text of a DOCX file: paragraphs with the numbers that Word prints, tables as rows."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from qianhang.core.errors import ContractError
from qianhang.plan.reading.grid import DITTO, grid_lines
from qianhang.plan.reading.numbering import Numbering
from qianhang.plan.reading.package import Package

__all__ = ["text"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
# Not part of the text as printed: deleted or moved away, floating boxes, notes, phonetic guides.
_LEFT_OUT = {
    _W + n
    for n in (
        "del", "moveFrom", "txbxContent", "footnoteReference", "endnoteReference", "rt", "pPr",
        "instrText", "delText", "commentReference", "sectPr",
    )
}  # fmt: skip
_SIGNS = {
    _W + "tab": " ", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-",
}  # fmt: skip
_HOLDERS = {_W + n for n in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")}


def text(data: bytes, *, name: str) -> str:
    """The paragraphs of the document's body in order, one a line.

    Raises ContractError where the file is damaged, unsafe or holds no text.
    """
    package = Package(data, name=name)
    part = next((n for n in package.names() if n.startswith("word/document")), "")
    root = package.tree(part)
    body = None if root is None else root.find(f"{_W}body")
    if body is None:
        strict = root is not None and root.tag.startswith(_STRICT)
        kind = "a DOCX in the strict dialect" if strict else "a DOCX without a body"
        hint = "save it as an ordinary DOCX"
        raise ContractError("QH118", f"{name}: found {kind}, expected a document", hint=hint)
    numbering = Numbering(package.tree("word/numbering.xml"), package.tree("word/styles.xml"))
    lines = list(_lines(body, numbering))
    if not "".join(lines).strip():
        message = f"{name}: found a document without text, expected a plan"
        raise ContractError("QH128", message, hint="pages as pictures? recognise them first")
    return "\n".join(lines) + "\n"


def _lines(holder: ET.Element, numbering: Numbering) -> Iterator[str]:
    for child in holder:
        if child.tag == _W + "p":
            yield from _paragraph(child, numbering)
        elif child.tag == _W + "tbl":
            rows = [_row(row, numbering) for row in _within(child, "tr")]
            yield from grid_lines(rows)
        elif child.tag in _HOLDERS and not _contents(child):
            yield from _lines(child, numbering)


def _paragraph(paragraph: ET.Element, numbering: Numbering) -> Iterator[str]:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    if style is not None and style.get(f"{_W}val", "").upper().startswith("TOC"):
        return
    whole = "".join(_runs(paragraph))
    # A number is counted even where the paragraph is blank, as Word counts it.
    ordinal = numbering.next(paragraph)
    if whole.strip():
        yield from (ordinal + whole).split("\n")


def _runs(element: ET.Element) -> Iterator[str]:
    """The characters as printed under an element."""
    for child in element:
        if child.tag == _W + "t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag not in _LEFT_OUT and not _vanished(child):
            yield from _runs(child)


def _vanished(run: ET.Element) -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish")
    return mark is not None and mark.get(f"{_W}val", "1") not in ("0", "false")


def _within(table: ET.Element, tag: str) -> Iterator[ET.Element]:
    """Rows of a table, or cells of a row, those in content controls included."""
    for child in table:
        if child.tag == _W + tag:
            yield child
        elif child.tag in _HOLDERS:
            yield from _within(child, tag)


def _row(row: ET.Element, numbering: Numbering) -> list[list[str]]:
    """A row's cells as paragraphs: a ditto where merged upwards, blanks beside a wide one."""
    cells: list[list[str]] = []
    for cell in _within(row, "tc"):
        merge = cell.find(f"{_W}tcPr/{_W}vMerge")
        under = merge is not None and merge.get(f"{_W}val", "continue") != "restart"
        cells.append([DITTO] if under else list(_lines(cell, numbering)))
        span = cell.find(f"{_W}tcPr/{_W}gridSpan")
        width = span.get(f"{_W}val", "1") if span is not None else "1"
        cells += [
            []
            for _ in range(min(int(width), 60) - 1 if width.isascii() and width.isdecimal() else 0)
        ]
    return cells


def _contents(control: ET.Element) -> bool:
    """Whether a content control is Word's own table of contents."""
    gallery = control.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    return gallery is not None and gallery.get(f"{_W}val", "").startswith("Table of Contents")
