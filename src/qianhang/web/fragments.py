"""Pieces of pages that come again and again: rendered once for each set of values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable

import jinja2
from markupsafe import Markup

__all__ = ["Fragments"]

_MOST = 8192


class Fragments:
    """Macros of parts/kept.html, whose result depends on nothing but what they are given.

    edition : the templates, all in one language
    """

    def __init__(self, edition: jinja2.Environment) -> None:
        self._edition = edition
        self._macros: dict[str, Callable[..., str]] = {}
        self._made = functools.lru_cache(_MOST)(self._make)

    def one(self, name: str, *values: Hashable) -> Markup:
        """What the macro makes of the values."""
        return self._made(name, *values)

    def rows(self, name: str, rows: Iterable[Iterable[Hashable]]) -> Markup:
        """One after the other, what the macro makes of each row's values."""
        made = self._made
        # Joined as text: the macro has escaped what it was given.
        return Markup("".join([made(name, *row) for row in rows]))  # noqa: S704  # as above

    def _make(self, name: str, *values: Hashable) -> Markup:
        macro = self._macros.get(name)
        if macro is None:
            module = self._edition.get_template("parts/kept.html").module
            macro = self._macros[name] = getattr(module, name)
        return Markup(macro(*values))  # noqa: S704  # a macro of our own has escaped its values
