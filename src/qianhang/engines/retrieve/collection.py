"""A folder of somebody's documents as passages that can be cited."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from qianhang.engines.retrieve.document import READABLE, decoded, paragraphs
from qianhang.engines.retrieve.outline import Numbering, cut

__all__ = ["Piece", "collect"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One passage: its document's title and date (ISO or ""), its number as printed, its words.

    id : file stem and path of ordinals, such as "notice/2.3"
    """

    id: str
    title: str
    date: str
    printed: str
    heading: str
    text: str


def collect(
    files: Mapping[str, bytes], *, numbering: Numbering, patterns: Mapping[str, str]
) -> list[Piece]:
    """The passages of all documents, in the order of their names.

    files : file name -> bytes; text, HTML, Word, or CSV with a column text (title, no, date too)
    patterns : `title` of a whole line, `title_cut` taken off it, `date` with groups year, month,
    day
    Raises ValueError naming the file that cannot be read.
    """
    pieces: list[Piece] = []
    for name in sorted(files):
        place = PurePath(name)
        try:
            if place.suffix.lower() == ".csv":
                pieces += _rows(place.stem, files[name])
            elif place.suffix.lower() in READABLE:
                lines = paragraphs(place.suffix, files[name])
                pieces += _sections(place.stem, lines, numbering, patterns)
            else:
                raise ValueError(f"readable are .csv, {', '.join(READABLE)}")
        except ValueError as cause:
            raise ValueError(f"{name}: {cause}") from None
    return pieces


def _sections(
    stem: str, lines: Sequence[str], numbering: Numbering, patterns: Mapping[str, str]
) -> Iterator[Piece]:
    title = _title(lines, patterns) or stem
    date = _date(lines, patterns["date"])
    for section in cut(lines, numbering):
        printed = "".join(section.printed)
        heading = " ".join(section.headings)
        yield Piece(f"{stem}/{section.path}", title, date, printed, heading, section.text)


def _title(lines: Sequence[str], patterns: Mapping[str, str]) -> str:
    for line in lines:
        bare = re.sub(patterns["title_cut"], "", line)
        found = re.fullmatch(patterns["title"], bare)
        if found:
            return found["name"]
    return ""


def _date(lines: Sequence[str], pattern: str) -> str:
    """The day that stands on a line of its own, the last such; else the first day mentioned."""
    alone = [m for line in lines if (m := re.fullmatch(pattern, line))]
    within = [m for line in lines if (m := re.search(pattern, line))]
    found = alone[-1] if alone else within[0] if within else None
    if found is None:
        return ""
    year, month, day = (int(found[g]) for g in ("year", "month", "day"))
    return f"{year:04d}-{month:02d}-{day:02d}"


def _rows(stem: str, data: bytes) -> Iterator[Piece]:
    reader = csv.DictReader(io.StringIO(decoded(data)))
    if "text" not in (reader.fieldnames or ()):
        raise ValueError("a table of passages needs a column text")
    for number, row in enumerate(reader, start=1):
        said = {k: (row.get(k) or "").strip() for k in ("text", "title", "no", "date", "heading")}
        if said["text"]:
            yield Piece(
                f"{stem}/{number}",
                said["title"] or stem,
                said["date"],
                said["no"] or str(number),
                said["heading"],
                said["text"],
            )
