"""The console's texts: one catalogue in each language, over the product's own."""

from __future__ import annotations

import functools
from pathlib import Path

import tomli

from qianhang.core import words
from qianhang.core.words import Lang

__all__ = ["catalogue", "has", "say"]


@functools.cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Dotted key -> text of the console in the given language."""
    path = Path(__file__).with_name(f"words_{lang}.toml")
    return words.flat(tomli.loads(path.read_text(encoding="utf8")))


def has(key: str) -> bool:
    """Whether the console's or the product's catalogue holds the key."""
    return key in catalogue("zh") or words.has(key)


def say(key: str, *, lang: Lang, **values: object) -> str:
    """The console's text for `key`, else the product's, with `{names}` filled in.

    Raises KeyError for a key, or a value, that is missing.
    """
    text = catalogue(lang).get(key)
    if text is None:
        return words.say(key, lang=lang, **values)
    return text.format(**values) if values else text
