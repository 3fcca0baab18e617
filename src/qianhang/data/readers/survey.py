"""What a text table is before it is parsed: packing, encoding, delimiter, header."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import itertools
import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.readers.files import regular

__all__ = ["UNPACKING", "Survey", "open_bytes", "survey"]

UNPACKING: tuple[type[Exception], ...] = (EOFError, OSError, lzma.LZMAError, zlib.error)
_CHUNK = 1 << 20
_TOP = 9
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Survey:
    """How to read a delimited text file; header_lines counts the lines that the header takes."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_lines: int
    top: tuple[tuple[str, ...], ...] = ()


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked by its extension (gz, bz2, xz)."""
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    opened: IO[bytes] = openers.get(path.suffix.lower(), open)(path, "rb")
    return opened


def survey(path: Path) -> Survey:
    """Encoding (UTF-8, UTF-16 with mark, GB18030), delimiter and header of a text table.

    Reads the file once in pieces of 1 MiB.
    Raises ContractError where it is empty, damaged, or in another encoding.
    """
    regular(path)
    try:
        encoding, top = _decode(path)
    except UNPACKING as cause:
        raise ContractError(
            codes.BROKEN_FILE, f"{path.name}: cannot be unpacked: {cause}", hint="copy it again"
        ) from None
    text = top.lstrip("\ufeff")
    if not text.strip():
        raise ContractError(codes.EMPTY_FILE, f"{path.name}: the file is empty")
    delimiter = _delimiter(text.splitlines())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = next(row for row in reader if row)
    lines = reader.line_num
    following = (tuple(c.strip() for c in row) for row in itertools.islice(reader, _TOP))
    names = tuple(h.strip() for h in header)
    return Survey(encoding, delimiter, names, lines, (names, *following))


def _decode(path: Path) -> tuple[str, str]:
    """The encoding that the whole file holds to, and the decoded first piece."""
    with open_bytes(path) as source:
        start = source.read(_CHUNK)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        with open_bytes(path) as source:
            top = _holds(source, encoding)
        if top is not None:
            return encoding, top
    raise ContractError(
        codes.ENCODING,
        f"{path.name}: neither UTF-8 nor GB18030 text",
        hint="save it as CSV UTF-8",
    )


def _holds(source: IO[bytes], encoding: str) -> str | None:
    """The decoded first piece when every byte fits the encoding, else None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    top: str | None = None
    try:
        while piece := source.read(_CHUNK):
            text = decoder.decode(piece)
            top = text if top is None else top
        decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return top or ""


def _delimiter(lines: list[str]) -> str:
    """The delimiter that the header holds most often; comma when it holds none."""
    first = next(line for line in lines if line.strip())
    return max(_DELIMITERS, key=lambda d: (first.count(d), d == ","))
