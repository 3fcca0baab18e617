"""The model card: what a model is for, how well it did, what it must not be used for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from qianhang.core import schema
from qianhang.core.errors import ModelError
from qianhang.core.manifest import Words

__all__ = ["Card", "Fact", "Section"]

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a card's table: its label and the value as it is to be read, unit included."""

    label: Words
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a card: a heading, text, and a table of facts."""

    title: Words
    text: Words | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A card in both languages; every word comes from whoever registers the model.

    data : the same facts for machines, plain JSON
    """

    title: Words
    sections: tuple[Section, ...] = ()
    data: str = "{}"

    @classmethod
    def of(
        cls,
        title: Words,
        sections: tuple[Section, ...],
        *,
        data: Mapping[str, object] | None = None,
    ) -> Card:
        """A card with `data` written as JSON.

        Raises ValueError where `data` holds NaN or what is not JSON.
        """
        text = json.dumps(data or {}, ensure_ascii=False, sort_keys=True, allow_nan=False)
        return cls(title, sections, text)

    def to_json(self) -> str:
        """The card as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """The card that `to_json` wrote.

        Raises ModelError where it is spoilt.
        """
        try:
            raw = _without_none(json.loads(text))
        except ValueError as cause:
            raise ModelError("QH606", f"a model card is not JSON: {cause}") from cause
        return schema.read(cls, raw, where="model card", error=ModelError, code="QH606")

    def markdown(self, language: Language) -> str:
        """The card as Markdown in one language."""
        lines = [f"# {getattr(self.title, language)}"]
        for section in self.sections:
            lines += ["", f"## {getattr(section.title, language)}"]
            if section.text is not None:
                lines += ["", getattr(section.text, language)]
            if section.facts:
                lines += ["", "| | |", "|---|---|"]
                lines += [
                    f"| {_cell(getattr(f.label, language))} | {_cell(f.value)} |"
                    for f in section.facts
                ]
        return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(v) for v in value]
    return value
