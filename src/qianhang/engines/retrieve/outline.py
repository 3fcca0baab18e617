"""A document's paragraphs cut into sections by their printed numbering."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Numbering", "Section", "cut"]


@dataclass(frozen=True, slots=True)
class Numbering:
    """How headings are printed, outermost first.

    levels : patterns with a group `number`, and a group `title` where the heading is run in
    leaf : position of the level whose sections are cut no further (an article of a law), or -1
    plain : headings without numbers, used where a document has no heading of the outer levels
    shortest, longest : characters below which a section is dropped, above which it is parted
    """

    levels: tuple[re.Pattern[str], ...]
    plain: re.Pattern[str]
    leaf: int = -1
    outer: int = 1
    shortest: int = 12
    longest: int = 1500

    @classmethod
    def of(cls, table: Mapping[str, object]) -> Numbering:
        """The numbering that a table of patterns and numbers describes."""
        levels = table["levels"]
        if not isinstance(levels, Sequence):
            raise ValueError("levels: expected a list of patterns")
        names = ("leaf", "outer", "shortest", "longest")
        numbers = {n: int(str(table[n])) for n in names if n in table}
        patterns = tuple(re.compile(str(p)) for p in levels)
        return cls(patterns, re.compile(str(table["plain"])), **numbers)


@dataclass(slots=True)
class Section:
    """One section: path of ordinals from the outermost ("2.3"), headings above it, its text.

    printed : the numbering as printed, outermost first
    """

    path: str
    headings: tuple[str, ...]
    printed: tuple[str, ...]
    paragraphs: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All paragraphs, a line each."""
        return "\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class _Head:
    level: int
    ordinal: str
    printed: str
    title: str


def cut(paragraphs: Sequence[str], numbering: Numbering) -> tuple[Section, ...]:
    """The sections of a document in order; what stands before the first heading has path "0"."""
    lines = [line.strip() for line in paragraphs if line.strip()]
    outer = numbering.levels[: numbering.outer]
    plain = not any(pattern.match(line) for line in lines for pattern in outer)
    sections = [Section("0", (), ())]
    stack: list[_Head] = []
    for line in lines:
        head = _head(line, numbering, plain=plain, stack=stack)
        if head is None:
            sections[-1].paragraphs.append(line)
            continue
        stack = [h for h in stack if h.level < head.level] + [head]
        path = ".".join(h.ordinal for h in stack)
        headings = tuple(h.title for h in stack if h.title)
        sections.append(Section(path, headings, tuple(h.printed for h in stack), [line]))
    parted = (part for section in sections for part in _part(section, numbering.longest))
    return tuple(s for s in parted if len(s.text) >= numbering.shortest)


def _head(line: str, numbering: Numbering, *, plain: bool, stack: Sequence[_Head]) -> _Head | None:
    inside = any(h.level == numbering.leaf for h in stack)
    for level, pattern in enumerate(numbering.levels):
        if inside and level > numbering.leaf >= 0:
            return None
        found = pattern.match(line)
        if found:
            named = found.groupdict()
            ordinal = str(_number(named["number"]))
            return _Head(level, ordinal, found.group(0).strip(), _title(line, found))
    if plain and numbering.plain.fullmatch(line):
        return _Head(-1, line, line, line)
    return None


def _title(line: str, found: re.Match[str]) -> str:
    """The heading's words: up to the first sentence end, or nothing where that is far off."""
    rest = line[found.end() :].strip()
    title = re.split(r"[\u3002\uff1b;\n]", rest, maxsplit=1)[0]
    return title if len(title) <= 40 else ""


def _number(text: str) -> int:
    """The value of a numeral as printed, in digits or in characters that stand for numbers."""
    text = unicodedata.normalize("NFKC", text)
    if text.isdecimal():
        return int(text)
    total = pending = 0
    for character in text:
        value = int(unicodedata.numeric(character, 0))
        if value >= 10:
            total += max(pending, 1) * value
            pending = 0
        else:
            pending = value
    return total + pending


def _part(section: Section, longest: int) -> Iterator[Section]:
    """The section whole, or its paragraphs in groups of at most `longest` characters."""
    groups: list[list[str]] = [[]]
    for paragraph in section.paragraphs:
        if groups[-1] and sum(map(len, groups[-1])) + len(paragraph) > longest:
            groups.append([])
        groups[-1].append(paragraph)
    for number, group in enumerate(groups, start=1):
        path = section.path if number == 1 else f"{section.path}#{number}"
        yield Section(path, section.headings, section.printed, group)
