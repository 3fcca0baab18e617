"""Why a reading has no figure, or a state is what it is, in the reader's language.

Readings and assessments keep plain sentences of a fixed form, so that what was frozen does not
depend on who froze it; here they become words.
"""

from __future__ import annotations

import re

from qianhang.core.words import Lang, say

__all__ = ["in_words"]

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
    "unit": re.compile(r"(?P<found>.*) cannot be read as (?P<wanted>.*)"),
}


def in_words(reason: str, lang: Lang | None = None) -> str:
    """The reason in words; what is of no known form stays as it is."""
    parts = [_one(part, lang) for part in reason.split("; ") if part]
    return say("word.semicolon", lang=lang).join(parts)


def _one(part: str, lang: Lang | None) -> str:
    for key, form in _FORMS.items():
        found = form.fullmatch(part)
        if found:
            values = {k: v or "" for k, v in found.groupdict().items()}
            if "rest" in values:
                inner = (_one(p, lang) for p in values["rest"].split(" + ") if p)
                values["rest"] = say("word.list_comma", lang=lang).join(inner)
            if "part" in values:
                values["part"] = say(f"ledger.reason.{values['part']}", lang=lang)
            return say(f"ledger.reason.{key}", lang=lang, **values).rstrip("：: ")
    return part
