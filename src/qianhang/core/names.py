"""What a name in code (a column, a parameter, a score) is called in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from qianhang.core import words
from qianhang.core.manifest import Words
from qianhang.core.words import Lang

__all__ = ["called"]


def called(name: str, *sections: str, lang: Lang, titles: Mapping[str, Words] | None = None) -> str:
    """The words of `titles`, else those of the first of the catalogue's sections that has the name.

    Returns "" where nobody has words for it.
    """
    if titles and name in titles:
        found = titles[name]
        return found.zh if lang == "zh" else found.en
    for section in sections:
        if words.has(f"{section}.{name}"):
            return words.say(f"{section}.{name}", lang=lang)
    return ""
