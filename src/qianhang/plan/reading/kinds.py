"""What a file is by its first bytes, and what to do with one that no reader takes."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import PurePath

from qianhang.core.errors import ContractError

__all__ = ["kind_of"]

_ACCEPTED = "expected text, HTML, PDF, DOCX or XLSX"
_AS_DOCX = "save it as DOCX and import that"
_PICTURE = "a picture holds no text: recognise it first, or ask for the document itself"
_UNPACK = "unpack it, then import the folder"
# First bytes -> what it is, and what to do
_FOREIGN = (
    (b"\x89PNG", "a PNG picture", _PICTURE),
    (b"\xff\xd8\xff", "a JPEG picture", _PICTURE),
    (b"GIF8", "a GIF picture", _PICTURE),
    (b"BM", "a BMP picture", _PICTURE),
    (b"II*\0", "a TIFF picture", _PICTURE),
    (b"MM\0*", "a TIFF picture", _PICTURE),
    (b"RIFF", "a picture, sound or film", _PICTURE),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"{\\rtf", "an RTF document", _AS_DOCX),
    (b"\x7fELF", "a program", ""),
    (b"MZ", "a program", ""),
    (b"SQLite", "a database", ""),
)
# Stream named in an OLE file, as UTF-16 -> what it is
_OLE = (
    ("EncryptedPackage", "QH129", "an Office document locked with a password"),
    ("WordDocument", "QH120", "an old Word or WPS document (.doc, .wps)"),
    ("Workbook", "QH120", "an old Excel workbook (.xls)"),
    ("PowerPoint Document", "QH120", "an old PowerPoint file (.ppt)"),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|meta|div|table|p)\b", re.IGNORECASE)
_WORD_XML = (b"<pkg:package", b"<w:wordDocument", b'progid="Word.Document')
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096


def kind_of(data: bytes, *, name: str) -> str:
    """text, html, pdf, docx or xlsx.

    Raises ContractError that says what was found in place of these.
    """
    if data.startswith(_MARKS):
        return "html" if _suffix(name) in (".html", ".htm") else "text"
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK"):
        return _zipped(data, name)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _ole(data, name)
    for mark, found, hint in _FOREIGN:
        # Two letters may also open a text; binary files hold zeros soon after.
        if data.startswith(mark) and (len(mark) > 2 or b"\0" in data[:64]):
            raise _refused(name, found, hint)
    if head.startswith(b"<?xml") and any(mark in head for mark in _WORD_XML):
        raise _refused(name, "a Word document as one XML file", _AS_DOCX)
    if head.startswith(b"MIME-Version:") or b"multipart/related" in head:
        raise _refused(name, "a web archive (.mht)", "save the page as HTML")
    if b"\0" in data:
        raise _refused(name, "a binary file or UTF-16 text without its mark", "save it as UTF-8")
    return "html" if _html(head, name) else "text"


def _html(head: bytes, name: str) -> bool:
    return _suffix(name) in (".html", ".htm", ".xhtml") or bool(
        head.startswith(b"<") and _HTML.search(head)
    )


def _zipped(data: bytes, name: str) -> str:
    try:
        names = zipfile.ZipFile(BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as cause:
        message = f"{name}: found a damaged ZIP container ({cause}), {_ACCEPTED}"
        raise ContractError("QH118", message, hint="copy or export it again") from None
    inside = set(names)
    if "word/document.xml" in inside or "[Content_Types].xml" in inside:
        return _office(inside, name)
    if "OFD.xml" in inside:
        raise _refused(name, "an OFD document", "export it as PDF with its text, or as DOCX")
    if "content.xml" in inside and "mimetype" in inside:
        raise _refused(name, "an OpenDocument file", _AS_DOCX)
    raise _refused(name, f"a ZIP archive of {len(names)} files", _UNPACK)


def _office(inside: set[str], name: str) -> str:
    if any(n.startswith("word/document") for n in inside):
        return "docx"
    if "xl/workbook.xml" in inside:
        return "xlsx"
    found = "a presentation" if any(n.startswith("ppt/") for n in inside) else "an Office file"
    raise _refused(name, found, "save its text as DOCX")


def _ole(data: bytes, name: str) -> ContractError:
    for stream, code, found in _OLE:
        if stream.encode("utf-16-le") in data:
            hint = "take the password off" if code == "QH129" else "open it and save it as DOCX"
            hint = hint if "Excel" not in found else "open it and save it as XLSX"
            return ContractError(code, f"{name}: found {found}, {_ACCEPTED}", hint=hint)
    return _refused(name, "an old Office file", _AS_DOCX)


def _refused(name: str, found: str, hint: str) -> ContractError:
    return ContractError("QH120", f"{name}: found {found}, {_ACCEPTED}", hint=hint)


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()
