"""A programme's rules one by one, each in words with the sources on which it rests."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.billing.vouchers.page import in_words, rule_label, rule_names, sources_of
from qianhang.billing.vouchers.programme import Programme, Source, stated
from qianhang.core.words import Lang, say

__all__ = ["Rule", "missing", "rulebook"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in words; marks : numbers of its sources from 1, with the sources themselves."""

    field: str
    name: str
    text: str
    marks: tuple[tuple[int, Source], ...]


def rulebook(programme: Programme, lang: Lang) -> tuple[Rule, ...]:
    """What the programme states, in the order of its fields."""
    given = dict(stated(programme))
    return tuple(
        Rule(
            field, rule_label(field, lang), in_words(given[field], lang),
            tuple((n, programme.source[n - 1]) for n in sources_of(programme, field)),
        )
        for field in rule_names(programme)
        if field in given
    )  # fmt: skip


def missing(programme: Programme, lang: Lang) -> str:
    """The names of the fields that its sources do not state."""
    given = dict(stated(programme))
    comma = say("word.list_comma", lang=lang)
    return comma.join(rule_label(f, lang) for f in rule_names(programme) if f not in given)
