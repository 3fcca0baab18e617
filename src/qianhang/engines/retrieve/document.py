"""The paragraphs of a text, HTML or Word document, from its bytes."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser

__all__ = ["READABLE", "decoded", "paragraphs"]

READABLE = (".docx", ".htm", ".html", ".md", ".txt")
_BLOCKS = frozenset(
    {"address", "article", "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p",
     "section", "table", "td", "title", "tr"}
)  # fmt: skip
_SILENT = frozenset({"script", "style", "noscript"})
_LARGEST = 64 << 20


def paragraphs(suffix: str, data: bytes) -> list[str]:
    """The paragraphs of a document in order, blank ones left out.

    suffix : ".txt", ".md", ".html", ".htm" or ".docx"
    Raises ValueError for another suffix, and for a Word document that is not one.
    """
    kind = suffix.lower()
    if kind not in READABLE:
        raise ValueError(f"{suffix}: readable are {', '.join(READABLE)}")
    if kind == ".docx":
        lines = _docx(data)
    elif kind in (".htm", ".html"):
        lines = _html(decoded(data))
    else:
        lines = decoded(data).splitlines()
    return [line.strip() for line in lines if line.strip()]


def decoded(data: bytes) -> str:
    """The text in UTF-8, or in GB18030 where it is not."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", errors="replace")


def _docx(data: bytes) -> list[str]:
    """Paragraphs of the main part; the text runs of each stand in <w:t>."""
    from xml.etree import ElementTree

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo("word/document.xml").file_size > _LARGEST:
                raise ValueError("the document unpacks to more than 64 MiB")
            xml = archive.read("word/document.xml")
    except (zipfile.BadZipFile, KeyError) as cause:
        raise ValueError(f"not a Word document: {cause}") from None
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise ValueError("not a Word document: it declares entities")
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - without declarations there is no bomb
    except ElementTree.ParseError as cause:
        raise ValueError(f"not a Word document: {cause}") from None
    space = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    runs = (p.iter(f"{space}t") for p in root.iter(f"{space}p"))
    return ["".join(t.text or "" for t in texts) for texts in runs]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's own signature
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _html(text: str) -> list[str]:
    parser = _Text()
    parser.feed(text)
    parser.close()
    return "".join(parser.pieces).split("\n")
