"""The text of a PDF: its lines joined into paragraphs, what every page repeats left out."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any

from qianhang.core.errors import ContractError, MissingExtra
from qianhang.plan.reading.drawn import INDENT, page_lines
from qianhang.plan.reading.fold import RADICALS
from qianhang.plan.reading.unruled import Column

__all__ = ["joined", "text", "without_repeats"]

_PAGES = 500
_FEW = 12
_EDGE = 2
_FOLIO = re.compile(
    r"[\s\-—–―·•~～|]*(?:page)?(?:第?\s*\d{1,4}\s*页?(?:\s*[,，/]?\s*(?:共|of|/)\s*\d{1,4}\s*页?)?)[\s\-—–―·•~～|]*",
    re.IGNORECASE,
)
_VARYING = re.compile(r"[\d\s\-—－]+")
_ENDED = "。！？!?"
# What opens a paragraph wherever it stands.
_OPENS = re.compile(
    r"第[一二三四五六七八九十百\d]{1,4}[章节条部编]|[一二三四五六七八九十]{1,3}、|[(（][一二三四五六七八九十\d]{1,3}[)）]"
    r"|\d{1,2}[.．、](?!\d)|[①-⑳]|——|附件|附录|专栏|[(（【\[](?:责任|牵头|配合)"
    r"|[一-龥]{2,9}\s?[〔\[(（]\s?(?:19|20)\d\d\s?[〕\])）]\s?第?\s?\d{1,4}\s?号\s*$"
)
_FULL = 0.86
# Dashes that a font draws as one sign.
_LONG = {0x2E3A: "——", 0x2E3B: "———"}
_RADICAL = re.compile(r"[\u2e80-\u2fd5]")
_ORDINAL = re.compile(r"\s*\d{1,2}(?:\.\d{1,2})* ")
_GAPS = re.compile(r"(?<=[\u3400-\u9fff]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9%+]) (?=[\u3400-\u9fff])")
_SPACED = re.compile(r"(?<=[\u3400-\u9fff，。、；：（）“”]) (?=[\u3400-\u9fff，。、；：（）“”])")


def text(data: bytes, *, name: str) -> str:
    """The paragraphs in reading order, one a line.

    Raises ContractError where it is locked, damaged, or scanned without text; MissingExtra where
    the library for PDF is not installed.
    """
    pages = _pages(data, name)
    letters = sum(len("".join(page).replace(" ", "")) for page in pages)
    if letters < _FEW * max(len(pages), 1):
        message = f"{name}: found {len(pages)} scanned pages with {letters} characters of text"
        raise ContractError("QH128", message, hint="recognise them first, or ask for the DOCX")
    lines = [line for page in without_repeats(pages) for line in page]
    return "\n".join(map(_tight, joined(lines))) + "\n"


def _pages(data: bytes, name: str) -> list[list[str]]:
    """Lines of every page."""
    try:
        import pypdf
    except ImportError:
        hint = "pip install 'qianhang[plan]'"
        raise MissingExtra("QH810", f"{name}: PDF needs the library pypdf", hint=hint) from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
    # A spoilt file makes the library raise whatever its own code trips over.
    except Exception as cause:
        locked = type(cause).__name__ in ("DependencyError", "WrongPasswordError")
        if not locked:
            raise _broken(name, cause) from None
    if locked:
        message = f"{name}: found a PDF locked with a password"
        raise ContractError("QH129", message, hint="save it without the password")
    try:
        if len(reader.pages) <= _PAGES:
            return list(_lines(reader.pages))
        message = f"{name}: found {len(reader.pages):,} pages, expected at most {_PAGES}"
    except Exception as cause:
        raise _broken(name, cause) from None
    raise ContractError("QH127", message, hint="save the plan's own pages alone")


def _lines(pages: Iterable[Any]) -> Iterator[list[str]]:
    columns: tuple[Column, ...] = ()
    for page in pages:
        lines, columns = page_lines(page, columns)
        yield [_closed(_RADICAL.sub(_whole, line.translate(_LONG))) for line in lines]


def _whole(radical: re.Match[str]) -> str:
    """The character for a radical that looks like it, which some fonts name in its place."""
    sign = radical.group()
    return RADICALS.get(sign) or unicodedata.normalize("NFKC", sign)


def _closed(line: str) -> str:
    """A line without the blanks that some writers put between all characters."""
    loose = len(_SPACED.findall(line))
    return _SPACED.sub("", line) if loose > 0.3 * len(line.replace(" ", "")) else line


def _tight(paragraph: str) -> str:
    """A paragraph without blanks around its numbers; that behind an ordinal stays."""
    ordinal = _ORDINAL.match(paragraph)
    head = ordinal.end() if ordinal else 0
    return paragraph[:head] + _GAPS.sub("", paragraph[head:])


def _broken(name: str, cause: Exception) -> ContractError:
    why = " ".join(str(cause).split())[:120] or type(cause).__name__
    message = f"{name}: found a damaged PDF ({why})"
    return ContractError("QH118", message, hint="copy or export it again")


def without_repeats(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """The pages without page numbers and without first and last lines that most pages share."""
    seen = Counter(key for page in pages for key in _edge_keys(page).values() if key)
    least = max(3, len(pages) // 2)
    repeated = {key for key, count in seen.items() if count >= least}
    found = []
    for page in pages:
        keys = _edge_keys(page)
        numbered = {i for i in keys if _FOLIO.fullmatch(unicodedata.normalize("NFKC", page[i]))}
        gone = numbered | {i for i, key in keys.items() if key in repeated}
        found.append([line for i, line in enumerate(page) if i not in gone])
    return found


def _edge_keys(page: Sequence[str]) -> dict[int, tuple[int, str] | None]:
    """Index -> place from the edge, and line without digits, so that numbered headers are alike;
    None for a line that ends a sentence or names units, which text does and headers do not."""
    keys: dict[int, tuple[int, str] | None] = {}
    places = [*range(-_EDGE, 0), *range(_EDGE)]
    for place in (p for p in places if -len(page) <= p < len(page)):
        line = page[place]
        told = line[-1] in _ENDED or line[-1] in ")）】]" or "\t" in line or _OPENS.match(line)
        keys[place % len(page)] = None if told else (place, _VARYING.sub("", line))
    return keys


def joined(lines: Sequence[str]) -> Iterator[str]:
    """Paragraphs: a line that fills the page's width goes on in the next one, unless that is
    indented or a heading, or, where no indents are known, unless a sentence ends there."""
    widths = sorted(_width(line) for line in lines if "\t" not in line)
    full = _FULL * widths[3 * len(widths) // 4] if widths else 0
    indented = sum(line.startswith(INDENT) for line in lines) > 1
    held = ""
    last = 0
    for line in lines:
        opens = line.startswith(INDENT) or _OPENS.match(line) or "\t" in line + held
        if held and (opens or last < full or _ended(held, indented=indented)):
            yield held
            held = ""
        gap = " " if held and held[-1].isascii() and line[0].isascii() else ""
        held += gap + line
        last = _width(line)
    if held:
        yield held


def _ended(held: str, *, indented: bool) -> bool:
    """Whether a paragraph ends with its last line, which is full."""
    if held[-1] in "：:":
        return max(map(held.rfind, "(（【[")) <= max(map(held.rfind, ")）】]"))
    return held[-1] in _ENDED and not indented


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line)
