"""What a check of data or of the log found and expected, said in the reader's language."""

from __future__ import annotations

import re

from qianhang.core.words import Lang
from qianhang.web import words

__all__ = ["phrase"]

# The few forms in which data/, the log and a run say what was found; their parts are data.
_FORMS = tuple(
    (re.compile(form), f"phrase.{key}")
    for form, key in (
        (r"a number in (?P<unit>.+)", "number_in"),
        (r"a number", "number"),
        (r"a whole number", "whole"),
        (r"a time such as (?P<example>.+)", "time_such"),
        (r"a time that names one instant", "instant"),
        (r"a time", "time"),
        (r"text", "text"),
        (r"a category", "category"),
        (r"true or false", "truth"),
        (r"no value", "no_value"),
        (r"at least (?P<low>.+)", "at_least"),
        (r"at most (?P<high>.+)", "at_most"),
        (r"(?P<low>-?[\d.,e+-]+) to (?P<high>-?[\d.,e+-]+.*)", "range"),
        (r"each time once", "once"),
        (r"a row every (?P<step>.+)", "every"),
        (r"(?P<count>[\d,]+) cells", "cells"),
        (r"(?P<count>[\d,]+) missing after (?P<time>.+)", "lost"),
        (r"(?P<time>.+), which the clock of (?P<zone>.+) shows twice or never", "twice"),
        (r"(?P<time>\d{4}-.+) again", "again"),
        (r"record (?P<seq>\d+) is absent.*", "log_absent"),
        (r"record (?P<seq>\d+) was changed.*", "log_changed"),
        (r"record 1 does not begin the log.*", "log_first"),
        (r"record (?P<seq>\d+) was rewritten: record (?P<other>\d+) .*", "log_rewritten"),
        (r"record (?P<seq>\d+) is not the one written down before.*", "log_anchor"),
        (r"record (?P<seq>\d+) refers to file (?P<name>\S+) .*", "log_file"),
        (r"record (?P<seq>\d+) is last, .*", "log_headless"),
        (r"record (?P<seq>\d+) is cut off.*", "log_cut"),
        (r"record (?P<seq>\d+) was added from outside.*", "log_added"),
        (r"stopped by the user", "stopped"),
        (r"(?:the )?process died", "died"),
        (r"(?P<names>.+) and (?P<count>\d+) more", "more"),
    )
)


def phrase(text: str, *, lang: Lang) -> str:
    """The text in the language; as it is where it is nothing but data."""
    if lang == "en":
        return text
    for form, key in _FORMS:
        match = form.fullmatch(text)
        if match:
            return words.say(key, lang=lang, **match.groupdict())
    return text
