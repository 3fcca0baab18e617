"""The headings that name the columns of a table of tasks, and such tables drawn with blanks."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

__all__ = ["ANSWERS", "WHO", "WORK", "column", "gaps", "is_header"]

WORK = frozenset({"task", "content"})
WHO = frozenset({"lead", "responsible", "support"})
ANSWERS = WHO | {"due"}

_LONG_HEAD, _LONG_LINE, _FEWEST = 14, 120, 3
_REMARK = re.compile(r"[\s*:]|\([^)]*\)")
_YEAR = re.compile(r"^\d{4}年?(?:度)?")
_NUMBER = re.compile(r"\d{1,3}[.、)]?")
_LINE = re.compile(r"[^\n]+")
# Cells apart by wide blanks, or by any.
_WIDE, _ANY = re.compile(r"(?<=\S)  +(?=\S)"), re.compile(r"(?<=\S) +(?=\S)")


def column(text: str) -> str:
    """The column that a header's cell names, "" for none."""
    plain = _YEAR.sub("", _REMARK.sub("", text))
    if not 0 < len(plain) <= _LONG_HEAD:
        return ""
    return next((name for name, pattern in _heads().items() if pattern.fullmatch(plain)), "")


def is_header(cells: Sequence[str]) -> bool:
    """Whether each of these is a heading, and together they are those of a table of tasks."""
    kinds = {column(cell) for cell in cells}
    return "" not in kinds and bool(WORK & kinds) and bool(ANSWERS & kinds)


def gaps(text: str) -> Iterator[tuple[int, int]]:
    """The blanks that part the cells of tables set with blanks: in a line of known headings, and
    under it in lines with as many cells, or of fewer that begin with a number where the blanks are
    wide."""
    blanks, much = _ANY, 0
    for line in _LINE.finditer(text):
        if "\t" in line.group() or not line.group().strip():
            continue
        header = _header(line)
        if header is not None:
            blanks, much = header, len(header.split(line.group().strip()))
        found = list(blanks.finditer(text, *line.span())) if much else []
        every = list(_ANY.finditer(text, *line.span())) if much else []
        found = every if len(every) == much - 1 else found
        numbered = blanks is _WIDE and found and _NUMBER.fullmatch(text, *_first(line, found))
        if len(found) == much - 1 or (numbered and len(found) < much):
            yield from (gap.span() for gap in found)
        else:
            much = 0


def _header(line: re.Match[str]) -> re.Pattern[str] | None:
    """How the cells of a line are parted, where it is a header."""
    if line.end() - line.start() > _LONG_LINE:
        return None
    for blanks in (_WIDE, _ANY):
        cells = blanks.split(line.group().strip())
        if len(cells) >= _FEWEST and is_header(cells):
            return blanks
    return None


def _first(line: re.Match[str], found: Sequence[re.Match[str]]) -> tuple[int, int]:
    """Where the first cell of a line stands."""
    lead = len(line.group()) - len(line.group().lstrip())
    return line.start() + lead, found[0].start()


@functools.cache
def _heads() -> Mapping[str, re.Pattern[str]]:
    """Column -> what its header may say."""
    text = resources.files(__package__).joinpath("tables.toml").read_text("utf8")
    return {name: re.compile("|".join(all_)) for name, all_ in tomllib.loads(text).items()}
