"""Words around a quantity that say what it is: verbs of building, heads of counts, the past."""

from __future__ import annotations

import re

from qianhang.plan.reading.lexicon import either, words

__all__ = ["PAST_CUE", "PURSUE", "SPELT_STRUCTURE", "STRUCTURE", "VERBS", "before_noun"]

VERBS = words("verbs", "build")
PURSUE = re.compile(either(VERBS))
_SOFT = words("verbs", "soft")
_HARD = either(tuple(v for v in VERBS if v not in _SOFT))
_LEAD = re.compile(
    rf"^(?:[、,:;\s。的—–-]|{either(words('verbs', 'leading'), literal=False)}|"
    rf"(?:{_HARD})(?!率|值|额|量|面积|强度|器|业|者)|"
    rf"(?:{either(_SOFT)})(?!{either(words('verbs', 'nouns'), literal=False)}))"
)
_TAIL = re.compile(rf"(?:{either(words('verbs', 'trailing'), literal=False)})$")
STRUCTURE = re.compile(rf"(?:{either(words('structure', 'heads'), literal=False)})$")
SPELT_STRUCTURE = re.compile(rf"(?:{either(words('structure', 'spelt'))})$")
PAST_CUE = re.compile(either(words("past", "cues"), literal=False))


def before_noun(text: str) -> str:
    """An indicator's own words: leading verbs and trailing words of comparison taken off."""
    last = None
    while text != last:
        last = text
        text = _LEAD.sub("", text, count=1)
        text = _TAIL.sub("", text).rstrip(",、:; ")
    return text
