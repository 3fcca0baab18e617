"""The text of a file, whatever it was saved as; what is no document is refused in one line."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qianhang.core.errors import ContractError
from qianhang.plan.reading.encoding import legible
from qianhang.plan.reading.kinds import kind_of

__all__ = ["CHARACTERS", "LIMIT", "SHEET", "Source", "documents_in", "text_from", "text_of"]

# Plans hold 5,000 to 20,000 characters; a whole five-year plan with its annexes under 300,000.
LIMIT = 32 * 2**20
CHARACTERS = 1_000_000

# kind -> module beside this one whose `text(data, name=...)` reads it, and its media type
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_READERS = {
    "text": ("encoding", "text/plain"),
    "html": ("webpage", "text/html"),
    "pdf": ("pdf", "application/pdf"),
    "docx": ("wordfile", _WORD),
    "xlsx": ("workbook", SHEET),
}
_SUFFIXES = frozenset({".txt", ".md", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".xlsx"})


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text.

    text : characters as stored for plain text; else its paragraphs as lines, the cells of a
        table's row joined by tabs, 〃 in a cell merged with the one above
    sha256 : of the file's bytes; media : media type
    """

    name: str
    text: str
    sha256: str
    media: str


def text_of(path: Path) -> Source:
    """The text of a file of plain text, HTML, PDF, DOCX or XLSX, chosen by content.

    Raises ContractError where it is none of these, empty, too large, locked, damaged, or holds no
    text; MissingExtra where the library for PDF is not installed.
    """
    return text_from(_bytes(path), name=path.name)


def text_from(data: bytes, *, name: str) -> Source:
    """The text of a file's bytes; `name` stands in errors and decides where the bytes do not.

    Raises as `text_of` does.
    """
    if len(data) > LIMIT:
        raise _too_large(name, len(data))
    if not data.strip(b"\0 \t\r\n"):
        raise ContractError("QH114", f"{name}: the file is empty", hint="expected a plan's text")
    module, media = _READERS[kind_of(data, name=name)]
    reader = importlib.import_module(f"{__package__}.{module}")
    text: str = legible(reader.text(data, name=name), name=name)
    if len(text) > CHARACTERS:
        found = f"{name}: found {len(text):,} characters, expected at most {CHARACTERS:,}"
        raise ContractError("QH127", found, hint="import the plan alone, not a collection")
    return Source(name, text, hashlib.sha256(data).hexdigest(), media)


def documents_in(folder: Path) -> Iterator[Path]:
    """The readable files under a folder by their names' endings, in order; hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(p.startswith((".", "~$")) for p in path.relative_to(folder).parts)
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not hidden:
            yield path


def _bytes(path: Path) -> bytes:
    """The bytes of a regular file, never more than the limit and one."""
    if path.is_dir():
        raise ContractError("QH119", f"{path}: found a folder, expected a file")
    if path.exists() and not path.is_file():
        raise ContractError("QH124", f"{path}: found a device or a pipe, expected a file")
    try:
        with path.open("rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            if size > LIMIT:
                raise _too_large(path.name, size)
            return handle.read(size)
    except FileNotFoundError:
        raise ContractError("QH124", f"{path}: there is no such file") from None
    except OSError as cause:
        raise ContractError("QH124", f"{path}: {cause.strerror}") from None


def _too_large(name: str, size: int) -> ContractError:
    found = f"{name}: found {size / 2**20:,.0f} MB, expected at most {LIMIT // 2**20} MB"
    return ContractError("QH127", found, hint="save the text alone, without its pictures")
