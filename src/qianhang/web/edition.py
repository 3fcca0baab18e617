"""The templates in one language: texts that only it decides are put in where they are compiled."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from qianhang.core.words import Lang
from qianhang.web import words

__all__ = ["Edition"]

_FOLDER = Path(__file__).with_name("templates")
_SETTLED = frozenset({"t", "asset"})


class Edition(jinja2.Environment):
    """The templates in one language: escaped, strict about names, compiled once a process.

    shared : name -> what every template and every macro finds under it, beside `t` and `lang`
    """

    def __init__(self, lang: Lang, shared: Mapping[str, Any]) -> None:
        super().__init__(
            loader=jinja2.FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.globals.update(shared)
        self.globals["t"] = functools.partial(words.say, lang=lang)
        self.globals["lang"] = lang

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        """Jinja's own place for a step between reading a template and compiling it."""
        given = {one.name for one in source.find_all(nodes.Name) if one.ctx != "load"}
        settled = _Settled(self, without=given).visit(source)
        return super()._generate(settled, name, filename, defer_init)


class _Settled(NodeTransformer):
    """Writes `t("a.key")`, `asset("a.file")` and `lang` as what they are in this language.

    without : names to which the template itself gives another meaning
    """

    def __init__(self, edition: Edition, *, without: set[str]) -> None:
        self._edition, self._without = edition, without

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  # as Jinja calls it
        """A call of a name, with a text that stands in the template."""
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or len(node.args) != 1:
            return node
        name, more = node.node.name, (node.kwargs, node.dyn_args, node.dyn_kwargs)
        (given,) = node.args
        if name in _SETTLED - self._without and isinstance(given, nodes.Const) and not any(more):
            found: Callable[[Any], Any] = self._edition.globals[name]  # type: ignore[assignment]
            return self._const(found(given.value), node)
        return node

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802  # as Jinja calls it
        """The language, where it is asked for."""
        if node.name == "lang" and node.name not in self._without:
            return self._const(self._edition.globals["lang"], node)
        return node

    def _const(self, value: Any, node: nodes.Node) -> nodes.Const:
        return nodes.Const(value, lineno=node.lineno, environment=self._edition)
