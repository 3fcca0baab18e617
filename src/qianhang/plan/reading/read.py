"""A document read whole: every part in folded text, every place given back in the original."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from qianhang.plan.document import Document, Measure, NamedSystem, Section, Target, Task, Units
from qianhang.plan.reading.clutter import body
from qianhang.plan.reading.files import SHEET, Source, text_from, text_of
from qianhang.plan.reading.fold import Folded, fold
from qianhang.plan.reading.heading import Facts, facts
from qianhang.plan.reading.industry import industry
from qianhang.plan.reading.measures import measures
from qianhang.plan.reading.outline import Heading, outline
from qianhang.plan.reading.systems import systems
from qianhang.plan.reading.tables import table_tasks
from qianhang.plan.reading.targets import targets
from qianhang.plan.reading.units import units_of

__all__ = ["read", "read_bytes", "read_text"]

# How a line begins that says who answers.
_OPENS = ("(", "[", "【", "〔", "责任", "牵头", "配合")
Placed = TypeVar("Placed", Target, NamedSystem, Measure, Task)


def read(path: Path) -> Document:
    """The document in a file of text, HTML, PDF, DOCX or XLSX.

    Raises ContractError where the file is none of these, empty, too large, or holds no text.
    """
    return _read(text_of(path))


def read_bytes(data: bytes, *, name: str) -> Document:
    """The document in a file's bytes; `name` stands in errors and decides where the bytes do not.

    Raises as `read` does.
    """
    return _read(text_from(data, name=name))


def _read(source: Source) -> Document:
    found = read_text(source.text, file=source.name)
    # A sheet that begins with its table is known by the name of its file.
    title = found.title or (Path(source.name).stem if source.media == SHEET else "")
    return replace(found, sha256=source.sha256, title=title)


def read_text(text: str, *, file: str) -> Document:
    """The document in a text; offsets are places in that text."""
    folded = fold(text)
    proper = body(folded)
    headings = outline(folded, proper)
    told = facts(folded, proper, headings)
    sections = _sections(folded, headings, told)
    rows = _placed(folded, _under(headings, table_tasks(folded, proper, facts=told)))
    paths = {s.path for s in sections}
    own = [r for r in rows if r.section and r.section not in paths]
    return Document(
        file=file,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=told.title,
        issuer=told.issuer,
        doc_no=told.doc_no,
        date=told.date,
        period=told.period,
        level=told.level,
        status=told.status,
        sections=sections + _numbered(rows),
        tasks=_tasks(sections) + rows,
        targets=_of_rows(_targets(folded, targets(folded, proper, headings, facts=told)), own),
        systems=_of_rows(_placed(folded, systems(folded, headings)), own),
        measures=_of_rows(_placed(folded, measures(folded, headings)), own),
    )


def _sections(folded: Folded, headings: Sequence[Heading], told: Facts) -> tuple[Section, ...]:
    found = []
    tags: dict[str, str | None] = {}
    for i, heading in enumerate(headings):
        parent = tags.get(heading.path.rpartition(".")[0])
        own = folded.text[heading.text : heading.end]
        tag = tags[heading.path] = industry(heading.title, own, parent)
        start, end = folded.span(heading.start, _whole(headings, i))
        units = units_of(folded, heading, facts=told)
        found.append(Section(heading.path, heading.title, start, end, tag, units))
    return _shared(folded, headings, found)


def _shared(
    folded: Folded, headings: Sequence[Heading], found: Sequence[Section]
) -> tuple[Section, ...]:
    """The sections, units on a line of their own behind the last of several items, of which no
    other names any, given to the heading above the items."""
    sections = list(found)
    for i, section in enumerate(found):
        above = section.path + "."
        under = list(_below(found, i))
        items = [k for k in under if "." not in found[k].path.removeprefix(above)]
        named = [k for k in (i, *under) if found[k].units]
        if len(items) < 2 or named != items[-1:] or under[-1] != items[-1]:
            continue
        last = headings[items[-1]]
        lines = folded.text[last.start : last.end].rstrip().split("\n")
        if len(lines) > 1 and lines[-1].lstrip().startswith(_OPENS):
            sections[i] = replace(section, units=found[items[-1]].units)
            sections[items[-1]] = replace(found[items[-1]], units=Units())
    return tuple(sections)


def _below(found: Sequence[Heading] | Sequence[Section], index: int) -> Iterator[int]:
    """The places of the headings under one."""
    above = found[index].path + "."
    for i in range(index + 1, len(found)):
        if not found[i].path.startswith(above):
            return
        yield i


def _whole(headings: Sequence[Heading], index: int) -> int:
    """Where a heading's text ends, that of the headings under it included."""
    return headings[max((index, *_below(headings, index)))].end


def _tasks(sections: Sequence[Section]) -> tuple[Task, ...]:
    """One task for each section without others under it; units stand where the section's do."""
    parents = {s.path.rpartition(".")[0] for s in sections}
    return tuple(
        Task(s.path, s.title, s.start, s.end, s.units) for s in sections if s.path not in parents
    )


def _numbered(rows: Sequence[Task]) -> tuple[Section, ...]:
    """The rows of a table that print a number and who answers: sections of their own."""
    return tuple(
        Section(r.section, r.title, r.start, r.end, industry(r.title, "", None), r.units)
        for r in rows
        if r.section and r.units
    )


def _under(headings: Sequence[Heading], rows: Sequence[Task]) -> tuple[Task, ...]:
    """The rows, those under a heading and not in an annex with its path before their number."""
    starts = [heading.start for heading in headings]
    found = []
    for row in rows:
        above = headings[bisect_right(starts, row.start) - 1] if headings else None
        inside = above is not None and above.text <= row.start and row.end <= above.end
        path = f"{above.path}.{row.section}" if above and inside and row.section else row.section
        found.append(replace(row, section=path))
    return tuple(found)


def _of_rows(items: Sequence[Placed], rows: Sequence[Task]) -> tuple[Placed, ...]:
    """The same items, those that stand in a row of a table under that row's number."""
    starts = [row.start for row in rows]
    found = []
    for item in items:
        at = bisect_right(starts, item.start) - 1
        inside = at >= 0 and item.end <= rows[at].end
        found.append(replace(item, section=rows[at].section) if inside else item)
    return tuple(found)


def _placed(folded: Folded, items: Sequence[Placed]) -> tuple[Placed, ...]:
    """The same items, their places in the original."""
    return tuple(_moved(folded, item) for item in items)


def _moved(folded: Folded, item: Placed) -> Placed:
    start, end = folded.span(item.start, item.end)
    return replace(item, start=start, end=end)


def _targets(folded: Folded, items: Sequence[Target]) -> tuple[Target, ...]:
    return tuple(
        replace(item, also=tuple(folded.span(*place) for place in item.also))
        for item in _placed(folded, items)
    )
