"""Parameters and counts of a run, names and values, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qianhang.charts import number
from qianhang.core import words
from qianhang.core.manifest import Manifest, Words
from qianhang.core.names import called
from qianhang.core.words import Lang, say
from qianhang.runs.report.shape import listed

__all__ = ["Teller", "teller"]

# Sentences that runs of earlier versions kept where there is a code now.
_OF_OLD = (
    (re.compile(r".*: collect more, or pool"), "none"),
    (re.compile(r".*: only with shrinkage"), "shrinkage"),
    (re.compile(r".*: regression, no trees"), "regression"),
    (re.compile(r".*: any model class"), "any"),
    (re.compile(r"of the last linear program"), "last_linear_program"),
)
_SUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Teller:
    """Words for what one pack's runs were given and counted.

    titles : the pack's words for tables and scores; columns : those of its columns
    most : values of a list that are spelt out; None spells all
    """

    lang: Lang
    titles: Mapping[str, Words]
    columns: Mapping[str, Words]
    most: int | None = None

    def param(self, name: str) -> str:
        """What a parameter is called; "" where nobody has words for it."""
        return called(name, "param", lang=self.lang) or called(
            name, "column", lang=self.lang, titles=self.titles
        )

    def choice(self, name: str, value: Any) -> str:
        """What a parameter is set to, in the words for `name.value`; "" where there are none."""
        return called(f"{name}.{value}", lang=self.lang, titles=self.titles)

    def fact(self, name: str) -> str:
        """What a count is called; "" where nobody has words for it."""
        return called(name, "fact", lang=self.lang) or called(
            name, "metric", "column", lang=self.lang, titles={**self.columns, **self.titles}
        )

    def value(self, value: Any, *, of: str = "") -> str:
        """A value of a record as text; of : the fact whose value it is, so that codes are told."""
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return say("word.yes" if value else "word.no", lang=self.lang)
        if isinstance(value, int | float):
            return number.exact(value)
        if isinstance(value, Mapping):
            return self._list([f"{self._part(str(k))} {self.value(v)}" for k, v in value.items()])
        if isinstance(value, list | tuple):
            return self._list([self.value(v, of=of) for v in value])
        text = str(value)
        if _SUM.fullmatch(text):
            return f"{text[:12]}…"
        return (self._code(text, of) or text) if of else text

    def _list(self, parts: list[str]) -> str:
        if self.most is not None and len(parts) > self.most:
            return say("report.values", lang=self.lang, count=len(parts))
        return listed(parts, self.lang) or "–"

    def _part(self, name: str) -> str:
        told = called(name, "column", "metric", lang=self.lang, titles=self.columns)
        return told or name

    def _code(self, text: str, of: str) -> str:
        if of == "split":
            return called(text, "splitkind", lang=self.lang)
        code = next((code for form, code in _OF_OLD if form.fullmatch(text)), text)
        known = f"factvalue.{code}"
        if words.has(known):
            return say(known, lang=self.lang)
        return called(text, "column", lang=self.lang, titles=self.columns)


def teller(manifest: Manifest | None, case: str, lang: Lang, *, most: int | None = None) -> Teller:
    """The words of a pack for the case, and the catalogue's alone where the pack is gone."""
    if manifest is None:
        return Teller(lang, {}, {}, most)
    every = next((c.columns for c in manifest.case if c.name == case), {}) or manifest.columns
    columns = {n: c.title for n, c in every.items() if c.title}
    return Teller(lang, manifest.page.titles, columns, most)
