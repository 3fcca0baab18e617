"""What a check of data or of the log found and expected, said in the reader's language."""

from __future__ import annotations

import re

from qianhang.core.words import Lang
from qianhang.web import words

__all__ = ["phrase", "told"]

# The few forms in which data/, the log and a run say what was found; their parts are data.
_FORMS = tuple(
    (re.compile(form), f"phrase.{key}")
    for form, key in (
        (r"(?P<guess>\S+) perhaps", "perhaps"),
        (r"one of (?P<names>.+)", "one_of"),
        (r"fields: (?P<names>.+)", "fields"),
        (r"the commands to run", "commands"),
        (r"1 to 120 letters, digits, .+", "job_name"),
        (r"variables and their values", "variables"),
        (r"a variable's name, not beginning with QIANHANG_", "variable"),
        (r"a text or a number", "text_or_number"),
        (r"either accelerators or any_of", "either"),
        (r"the same number of chips of whichever kind", "same_chips"),
        (r"whole chips, or a part of one chip", "whole_chips"),
        (r"a number of chips", "chips"),
        (r"a chip and its number, such as (?P<example>.+)", "chip"),
        (r"the zone in which the data lie", "zone"),
        (r"a list", "list"),
        (r"text of at most (?P<most>[\d,]+) characters", "text_most"),
        (r"a (?:whole )?number from (?P<low>\S+) to (?P<high>\S+)", "range"),
        (r"a number of at least (?P<low>\S+)", "at_least"),
        (r"a number above zero, with or without a \+", "above_zero"),
        (r"a length of time such as (?P<example>.+)", "length"),
        (r"a moment such as (?P<example>.+)", "moment"),
        (r"a moment with its zone, such as (?P<example>.+)", "moment_zone"),
        (r"at least one", "some"),
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
        (r"(?P<count>[\d.,]+) on one node", "on_one_node"),
        (r"(?P<count>[\d.,]+) at once", "at_once"),
        (r"(?P<count>[\d.,]+) lent", "lent"),
        (r"(?P<count>[\d.,]+) chips free", "chips_free"),
        (r"(?P<count>[\d.,]+) chips", "chips_of"),
        (r"(?P<replicas>[\d.,]+) x (?P<count>[\d.,]+)", "copies"),
        (r"more than (?P<count>[\d,]+) files", "more_files"),
        (r"more than (?P<count>[\d,]+) entries", "more_entries"),
        (r"(?P<path>.+): more than (?P<count>[\d,]+) bytes are left for it", "more_left"),
        (r"(?P<path>.+): (?P<count>[\d,]+) bytes", "path_bytes"),
        (r"(?P<held>[\d,]+) \+ (?P<more>[\d,]+) bytes", "bytes_sum"),
        (r"(?P<count>[\d,]+) a file", "a_file"),
        (r"folders (?P<count>\d+) deep", "deep"),
        (r"an earlier attempt", "earlier_attempt"),
        (r"the project's quota is in use", "quota_in_use"),
        (r"stopped by the user", "stopped"),
        (r"(?:the )?process died", "died"),
        (r"(?P<names>.+) and (?P<count>\d+) more", "more"),
    )
)


_PROSE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
_FOUND = re.compile(
    r"(?:(?P<where>.+?): )?found (?P<found>.+), expected (?P<expected>.+)", re.DOTALL
)


def told(message: str, *, lang: Lang) -> dict[str, str]:
    """Where, what was found and what is expected of a message that says so, in the language.

    {} for any other, and where what is expected has no words in the language.
    """
    match = _FOUND.fullmatch(message)
    if match is None:
        return {}
    expected = phrase(match["expected"], lang=lang)
    if lang != "en" and expected == match["expected"] and _PROSE.search(expected):
        return {}
    parts = {"where": match["where"] or "", "found": match["found"], "expected": expected}
    return {name: text for name, text in parts.items() if text}


def phrase(text: str, *, lang: Lang) -> str:
    """The text in the language; as it is where it is nothing but data."""
    if lang == "en":
        return text
    for form, key in _FORMS:
        match = form.fullmatch(text)
        if match:
            return words.say(key, lang=lang, **match.groupdict())
    return text
