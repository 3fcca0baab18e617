"""Policy instruments and mechanisms: vouchers, open bidding, sandboxes, funds, task forces."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib import resources

from qianhang.plan.document import Measure
from qianhang.plan.reading.clauses import Clause, clauses, titles
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.outline import Heading

__all__ = ["measures"]

# Between a verb or a mark and the instrument stands what it is for: 人工智能领域|专项基金.
_FOR = re.compile(r"[^\s,。;:、“”\"《》()和与及并或]{0,18}$")

# Who is in it is not part of its name: 各单位负责人为成员的|领导小组.
_OF = re.compile(r"为(?:副?组长|成员|召集人)的$")


@dataclass(frozen=True, slots=True)
class _Found:
    """key : what makes two mentions one; bare : without what it is for."""

    start: int
    end: int
    kind: str
    key: str
    bare: bool


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """kinds : its name -> pattern; any : one pattern for all of them.

    whole : kinds whose name takes in what it is for
    each : kinds of which every name counts, not the first alone
    verbs : behind these a name begins
    topics : kinds that a heading names without setting one up
    """

    kinds: Mapping[str, re.Pattern[str]]
    any: re.Pattern[str]
    whole: frozenset[str]
    each: frozenset[str]
    verbs: re.Pattern[str]
    topics: frozenset[str]


def measures(folded: Folded, headings: Sequence[Heading]) -> tuple[Measure, ...]:
    """The instruments under the headings, each where it is first named; folded offsets.

    A later mention that says what the instrument is for stands for an earlier bare one.
    """
    first: dict[str, tuple[bool, Measure]] = {}
    told = [(c, p) for c in clauses(folded, headings) for p in _found(c.text)]
    for clause, part in (*told, *_titled(folded, headings, {p.key for _, p in told})):
        if part.key in first and (part.bare or not first[part.key][0]):
            continue
        start, end = clause.place(part.start, part.end)
        name = _unquoted(clause.text[part.start : part.end])
        measure = Measure(clause.section, name, folded.quote(start, end), start, end)
        first[part.key] = part.bare, measure
    return tuple(sorted((m for _, m in first.values()), key=lambda m: m.start))


def _titled(
    folded: Folded, headings: Sequence[Heading], told: Set[str]
) -> Iterator[tuple[Clause, _Found]]:
    """The instruments that headings alone name; what merely is their topic left out."""
    topics = _lexicon().topics
    for clause in titles(folded, headings):
        for part in _found(clause.text):
            if part.key not in told and part.kind not in topics:
                yield clause, part


def _found(clause: str) -> Iterator[_Found]:
    """The instruments of a clause in order, the longer where two overlap."""
    lexicon = _lexicon()
    if not lexicon.any.search(clause):
        return
    found = [
        _part(clause, mention, kind)
        for kind, pattern in lexicon.kinds.items()
        for mention in pattern.finditer(clause)
    ]
    place = 0
    for part in sorted(found, key=lambda p: (p.start, -p.end)):
        if part.start >= place:
            place = part.end
            yield part


def _part(clause: str, mention: re.Match[str], kind: str) -> _Found:
    lexicon = _lexicon()
    start, end = mention.span()
    begin = _begin(clause, start, lexicon) if kind in lexicon.whole else start
    key = clause[begin:end] if kind in lexicon.each else kind
    return _Found(begin, end, kind, key, begin == start)


def _begin(clause: str, start: int, lexicon: _Lexicon) -> int:
    """Where the name begins: behind the last verb or mark before the instrument."""
    before = _FOR.search(clause, 0, start)
    first = before.start() if before else start
    for verb in lexicon.verbs.finditer(clause, first):
        if verb.end() > start:
            break
        first = verb.end()
    made_up = _OF.search(clause, first, start)
    return made_up.end() if made_up else first


def _unquoted(name: str) -> str:
    """The name without marks that hold all of it or have no counterpart in it."""
    bare = name.strip('“”"《》')
    whole = name.startswith("“") and "”" in name[:-1]
    return name if whole else bare


@functools.cache
def _lexicon() -> _Lexicon:
    text = resources.files(__package__).joinpath("measures.toml").read_text("utf8")
    told = tomllib.loads(text)
    kinds = {kind: re.compile(pattern) for kind, pattern in told["kinds"].items()}
    verbs = "|".join(sorted(told["names"]["before"].split(), key=len, reverse=True))
    whole, each, topics = (
        frozenset(told["names"][key].split()) for key in ("whole", "each", "topics")
    )
    any_kind = re.compile("|".join(told["kinds"].values()))
    return _Lexicon(kinds, any_kind, whole, each, re.compile(verbs), topics)
