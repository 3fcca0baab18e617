"""Pieces of pages that come again and again: rendered once for each language and set of values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable

import jinja2
from markupsafe import Markup

from qianhang.core.words import Lang
from qianhang.web import forms, words

__all__ = ["Fragments"]

_MOST = 4096


class Fragments:
    """Macros of the templates whose result depends on nothing but what they are given."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment
        self._made = functools.lru_cache(_MOST)(self._make)
        self._macros: dict[tuple[Lang, str], Callable[..., str]] = {}

    def of(self, lang: Lang) -> Callable[..., Markup]:
        """kept(name, *values): what the macro of parts/kept.html makes of hashable values."""
        return functools.partial(self._made, lang)

    def rows(self, lang: Lang) -> Callable[..., Markup]:
        """kept_rows(name, rows): one after the other, what the macro makes of each row's values."""

        def made(name: str, rows: Iterable[Iterable[Hashable]]) -> Markup:
            # Joined outside the template, each of whose calls costs as much as the look-up here.
            return Markup("").join(self._made(lang, name, *row) for row in rows)

        return made

    def _make(self, lang: Lang, name: str, *values: Hashable) -> Markup:
        macro = self._macros.get((lang, name))
        if macro is None:
            macro = self._macros[lang, name] = self._macro(lang, name)
        return Markup(macro(*values))  # noqa: S704  # a macro of our own has escaped its values

    def _macro(self, lang: Lang, name: str) -> Callable[..., str]:
        shared = {
            "lang": lang,
            "t": functools.partial(words.say, lang=lang),
            "show": forms.Shown(lang),
        }
        module = self._environment.get_template("parts/kept.html").make_module(shared)
        found: Callable[..., str] = getattr(module, name)
        return found
