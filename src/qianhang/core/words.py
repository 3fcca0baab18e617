"""What a person reads, kept out of the code: one catalogue of texts in each language."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, Literal

__all__ = ["LANGUAGES", "Lang", "catalogue", "flat", "has", "language", "say"]

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")


def language() -> Lang:
    """The reader's language from QIANHANG_LANG (`en`, `en_GB`, `zh`, ...); Chinese by default."""
    return "en" if os.environ.get("QIANHANG_LANG", "").lower().startswith("en") else "zh"


@functools.cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Dotted key -> text, every one of the given language."""
    import tomli

    path = Path(__file__).with_name(f"words_{lang}.toml")
    return flat(tomli.loads(path.read_text(encoding="utf8")))


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted key -> text of nested tables."""
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found


def has(key: str) -> bool:
    """Whether the catalogues hold this key, so that a caller can fall back to a plain name."""
    return key in catalogue("zh")


def say(key: str, *, lang: Lang | None = None, **values: object) -> str:
    """The text of `key` in the reader's language, or in `lang`, with `{names}` filled in.

    Raises KeyError for a key, or a value, that is missing.
    """
    text = catalogue(lang or language())[key]
    return text.format(**values) if values else text
