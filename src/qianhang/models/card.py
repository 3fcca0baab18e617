"""The model card: what a model is for, how well it did, what it must not be used for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from qianhang.core import schema
from qianhang.core.errors import ModelError

__all__ = ["Card", "Fact", "Section"]

Language = Literal["zh", "en"]
Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a card's table: label and value as they are to be read, in each language."""

    label: Text
    value: Text


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a card: a heading and its text, in each language."""

    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Card:
    """A card in both languages; every word comes from whoever registers the model."""

    title: Text
    sections: tuple[Section, ...] = ()
    facts: tuple[Fact, ...] = ()

    def to_json(self) -> str:
        """The card as JSON text."""
        return json.dumps(self, default=_plain, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """The card that `to_json` wrote.

        Raises ModelError where it is spoilt.
        """
        try:
            raw = json.loads(text)
        except ValueError as cause:
            raise ModelError("QH606", f"a model card is not JSON: {cause}") from cause
        return schema.read(cls, raw, where="model card", error=ModelError, code="QH606")

    def markdown(self, language: Language) -> str:
        """The card as Markdown in one language: heading, facts, then the sections."""
        lines = [f"# {self.title[language]}"]
        if self.facts:
            lines += ["", "| | |", "|---|---|"]
            lines += [
                f"| {_cell(f.label[language])} | {_cell(f.value[language])} |" for f in self.facts
            ]
        for section in self.sections:
            lines += ["", f"## {section.title[language]}", "", section.text[language]]
        return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Card | Section | Fact):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    raise TypeError(f"a model card cannot hold {type(value).__name__}")
