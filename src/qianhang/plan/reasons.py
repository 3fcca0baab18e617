"""Why a reading has no figure, or a state is what it is, in the reader's language.

Readings and assessments keep plain sentences of a fixed form, so that what was frozen does not
depend on who froze it; here they become words.
"""

from __future__ import annotations

import ast
import re

from qianhang.core.words import Lang, has, say

__all__ = ["SIDES", "in_words"]

# Part of a ratio -> its word in the catalogues, under ledger.reason.
SIDES = {"value": "numerator", "per": "denominator"}

_FORMS = {
    "no_rule": re.compile(r"no rule"),
    "proposed": re.compile(r"the rule is only proposed: nobody has confirmed it"),
    "no_record": re.compile(r"no record"),
    "only_claims": re.compile(r"only claims"),
    "undefined": re.compile(r"undefined: the denominator is 0"),
    "half": re.compile(r"no evidence for the (?P<part>numerator|denominator)(?:: (?P<rest>.*))?"),
    "none_counts": re.compile(r"none of (?P<count>\d+) records counts: (?P<rest>.*)"),
    "passed": re.compile(r"the deadline has passed"),
    "open": re.compile(r"no deadline: nothing can be expected by now"),
    "due": re.compile(r"(?P<share>\S+%) of the way, due (?P<day>\S+)"),
    "way": re.compile(r"(?P<share>\S+%) of the way, (?P<expected>\S+%) expected by now"),
    "times": re.compile(r"(?P<count>\d+) × (?P<rest>.*)"),
    "retracted": re.compile(r"retracted(?:: (?P<why>.*))?", re.DOTALL),
    "later": re.compile(r"observed later"),
    "earlier": re.compile(r"before this year \((?P<year>\d+)\)"),
    "stale": re.compile(r"older than (?P<days>\d+) days"),
    "region": re.compile(r"region (?P<found>.*), not (?P<wanted>.*)"),
    "fails": re.compile(r"does not qualify(?:: (?P<why>.*))?", re.DOTALL),
    "once": re.compile(r"counted once(?:: record (?P<number>\d+) is newer)?"),
    "blank": re.compile(r"has no value"),
    "typed": re.compile(r"only a claim"),
    "unit": re.compile(r"(?P<found>.*) cannot be read as (?P<wanted>.*)"),
}
# What a rule asked of a record, and what the record says: both as Python writes them.
_FACT = re.compile(
    r"(?P<name>\S+) is (?P<found>.*), not (?P<sign>==|!=|>=|<=|>|<|in) (?P<wanted>.*)", re.DOTALL
)
_SIGNS = {"==": "eq", "!=": "ne", ">=": "ge", "<=": "le", ">": "gt", "<": "lt", "in": "in"}


def in_words(reason: str, lang: Lang | None = None) -> str:
    """The reason in words; what is of no known form stays as it is."""
    parts = [_one(part, lang) for part in reason.split("; ") if part]
    return say("word.semicolon", lang=lang).join(parts)


def _one(part: str, lang: Lang | None) -> str:
    for key, form in _FORMS.items():
        found = form.fullmatch(part)
        if found:
            parts = found.groupdict(default="")
            told = {name: _inner(name, text, lang) for name, text in parts.items()}
            return say(f"ledger.reason.{key}", lang=lang, **told).rstrip("：: ")
    return part


def _inner(name: str, text: str, lang: Lang | None) -> str:
    """A part of a reason: another reason, the side of a ratio, a unit, or as it is."""
    if name == "rest":
        parts = (_one(p, lang) for p in text.split(" + ") if p)
        return say("word.semicolon", lang=lang).join(parts)
    if name == "part":
        return say(f"ledger.reason.{text}", lang=lang)
    if text == "no unit":
        return say("ledger.reason.no_unit", lang=lang)
    fact = _FACT.fullmatch(text) if name == "why" else None
    return _asked(fact, lang) if fact else text


def _asked(fact: re.Match[str], lang: Lang | None) -> str:
    """What a fact of a record is, and what the rule asks for."""
    return say(
        "ledger.reason.fact",
        lang=lang,
        name=_word(fact["name"], lang, "fact"),
        found=_value(fact["found"], lang, of=fact["name"]),
        sign=say(f"ledger.sign.{_SIGNS[fact['sign']]}", lang=lang),
        wanted=_value(fact["wanted"], lang, of=fact["name"]),
    )


def _value(text: str, lang: Lang | None, *, of: str) -> str:
    """A fact's value in words, where the catalogue has them; the members of a list side by side."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    parts = value if isinstance(value, list | tuple) else [value]
    shown = (_word(_own(of, str(part)), lang, "value", "evidence") for part in parts)
    return say("word.list_comma", lang=lang).join(shown)


def _own(fact: str, plain: str) -> str:
    """The key of a value that means something else in this fact, where there is one."""
    own = f"{fact}_{plain}"
    return own if has(f"ledger.value.{own}") else plain


def _word(plain: str, lang: Lang | None, *tables: str) -> str:
    """The word for it in the first of the tables that has one."""
    keys = (f"ledger.{table}.{plain}" for table in tables)
    return next((say(key, lang=lang) for key in keys if has(key)), plain)
