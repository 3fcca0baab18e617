"""The frame of every page: head, language switch, foot; no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from qianhang import __version__
from qianhang.core.words import LANGUAGES, Lang, say
from qianhang.runs.report.shape import e
from qianhang.runs.report.sheet import sheet

__all__ = ["Choice", "chosen", "frame"]

Choice = Literal["both", "zh", "en"]
# The page may hold its own style and pictures, and may ask for nothing at all.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_TAGS: Mapping[Lang, str] = {"zh": "zh-CN", "en": "en"}


def chosen(lang: str) -> tuple[Lang, ...]:
    """The languages that a page shall hold, the first shown first.

    Raises ValueError for a language that the catalogue does not have.
    """
    if lang == "both":
        return LANGUAGES
    found = tuple(known for known in LANGUAGES if known == lang)
    if not found:
        raise ValueError(f"lang {lang!r} is none of both, {', '.join(LANGUAGES)}")
    return found


def frame(titles: Mapping[Lang, str], bodies: Mapping[Lang, str]) -> str:
    """A whole HTML file around one body for each language."""
    languages = tuple(bodies)
    first = languages[0]
    picks = "".join(_pick(lang, checked=lang == first) for lang in languages)
    mains = "".join(
        f'<main class="{lang}" lang="{_TAGS[lang]}" id="main-{lang}">{body}{_foot(lang)}</main>'
        for lang, body in bodies.items()
    )
    title = " · ".join(titles[lang] for lang in languages)
    return (
        f'<!DOCTYPE html>\n<html lang="{_TAGS[first]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{e(title)}</title><style>{sheet()}</style></head><body>"
        f"{picks}<div class=wrap>{_top(languages)}{mains}</div></body></html>\n"
    )


def _pick(lang: Lang, *, checked: bool) -> str:
    mark = " checked" if checked else ""
    label = e(_name(lang))
    return (
        f'<input class="pick" type="radio" name="lang" id="lang-{lang}"{mark} aria-label="{label}">'
    )


def _name(lang: Lang) -> str:
    """A language's name in that language."""
    return say("report.this_language", lang=lang)


def _top(languages: tuple[Lang, ...]) -> str:
    skips = "".join(
        f'<a class="skip {lang}" href="#main-{lang}" lang="{_TAGS[lang]}">'
        f"{say('report.skip', lang=lang)}</a>"
        for lang in languages
    )
    tabs = ""
    if len(languages) > 1:
        labels = "".join(
            f'<label for="lang-{lang}" lang="{_TAGS[lang]}">{e(_name(lang))}</label>'
            for lang in languages
        )
        tabs = f'<div class="tabs">{labels}</div>'
    names = say("report.brand", lang="zh"), say("report.brand", lang="en")
    brand = f'<span class="brand">{names[0]} <small>{names[1]}</small></span>'
    return f'{skips}<header class="top">{brand}{tabs}</header>'


def _foot(lang: Lang) -> str:
    return f"<footer>{e(say('report.made_by', lang=lang, version=__version__))}</footer>"
