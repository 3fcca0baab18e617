"""The sentences of a passage that answer a question, word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["extract"]

_SENTENCE = re.compile(r"[^\u3002\uff01\uff1f\uff1b!?;\n]*[\u3002\uff01\uff1f\uff1b!?;\n]?")


def extract(text: str, weights: Mapping[str, float], *, longest: int = 160, shown: str = "") -> str:
    """Whole neighbouring sentences of a passage, those that hold most of the question.

    weights : n-grams of the question and how much each tells
    longest : characters; one sentence may be longer
    shown : the same passage in the script in which it is quoted, sentence by sentence
    """
    quoted = shown or text
    if len(quoted) <= longest:
        return quoted.strip()
    sentences = [s for s in _SENTENCE.findall(text) if s]
    prints = [s for s in _SENTENCE.findall(quoted) if s]
    if len(prints) != len(sentences):
        sentences, prints = [text], [quoted]
    best, gain = (0, 1), -1.0
    for start in range(len(sentences)):
        stop = _window(prints, start, longest)
        held = "".join(sentences[start:stop]).lower()
        worth = sum(weight for gram, weight in weights.items() if gram in held)
        if worth > gain:
            best, gain = (start, stop), worth
    return "".join(prints[slice(*best)]).strip()


def _window(sentences: list[str], start: int, longest: int) -> int:
    """Where a run of whole sentences from `start` ends, at most `longest` characters on."""
    stop, length = start + 1, len(sentences[start])
    while stop < len(sentences) and length + len(sentences[stop]) <= longest:
        length += len(sentences[stop])
        stop += 1
    return stop
