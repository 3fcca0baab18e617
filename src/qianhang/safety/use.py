"""Whether a use may be registered at all, and at which risk level."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qianhang.core import schema
from qianhang.core.errors import GateClosed
from qianhang.core.manifest import Words

__all__ = ["Floor", "Level", "Refusal", "Use", "check_use", "floor", "negative_list", "refusal"]

Level = Literal["minimal", "limited", "high"]
_ORDER = ("minimal", "limited", "high")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Use:
    """What a scenario is for, in the words of its manifest."""

    subject: str
    industry: str
    purpose: str
    device_class: str = "none"

    @property
    def words(self) -> frozenset[str]:
        """The single words of the purpose in lower case, plurals also without their s."""
        found = self.purpose.lower().replace("-", " ").replace("_", " ").split()
        return frozenset(found) | {word.removesuffix("s") for word in found}

    def speaks_of(self, phrases: tuple[str, ...]) -> bool:
        """Whether the purpose holds every word of at least one of the phrases."""
        return any(self.words.issuperset(phrase.split()) for phrase in phrases)


@dataclass(frozen=True, slots=True)
class Floor:
    """A rule that holds the risk level up; an empty list matches everything."""

    level: Level
    reason: Words
    subject: tuple[str, ...] = ()
    industry: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    device_class: tuple[str, ...] = ()
    source: str = ""

    def matches(self, use: Use) -> bool:
        """Whether the rule speaks of this use."""
        return (
            (not self.subject or use.subject in self.subject)
            and (not self.industry or use.industry in self.industry)
            and (not self.purpose or use.speaks_of(self.purpose))
            and (not self.device_class or use.device_class in self.device_class)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line of the negative list: what is refused, the clause, and what to build instead."""

    code: str
    subject: tuple[str, ...]
    words: tuple[str, ...]
    use: Words
    safe: Words
    clause: Words
    verified: Literal["read", "secondary"]


@dataclass(frozen=True, slots=True)
class _Floors:
    floor: tuple[Floor, ...]


@dataclass(frozen=True, slots=True)
class _Refused:
    refused: tuple[Refusal, ...]


def floor(use: Use) -> Floor:
    """The highest rule that matches the use: its level is the lowest that a pack may declare."""
    matching = [rule for rule in _floors() if rule.matches(use)]
    return max(matching, key=lambda rule: _ORDER.index(rule.level))


def refusal(use: Use) -> Refusal | None:
    """The line of the negative list that the use falls under, or None."""
    for line in negative_list():
        if use.subject in line.subject and use.speaks_of(line.words):
            return line
    return None


def check_use(use: Use, *, risk: str, scenario: str) -> None:
    """Nothing, where the scenario may be registered at the risk level that it declares.

    Raises GateClosed naming the safe form of a refused use, or the floor that is not kept.
    """
    line = refusal(use)
    if line is not None:
        raise GateClosed(
            "QH401",
            f"{scenario}: {line.use.zh} / {line.use.en}: {line.clause.en}",
            hint=f"{line.safe.zh} / {line.safe.en}",
        )
    lowest = floor(use)
    if risk not in _ORDER or _ORDER.index(risk) < _ORDER.index(lowest.level):
        raise GateClosed(
            "QH402",
            f"{scenario}: risk is {risk!r}, its floor is {lowest.level!r}: "
            f"{lowest.reason.zh} / {lowest.reason.en}",
            hint=f'risk = "{lowest.level}"',
        )


@functools.cache
def negative_list() -> tuple[Refusal, ...]:
    """Every refused use, in the order of the data file."""
    path = _FOLDER / "negative.toml"
    return schema.read(_Refused, schema.read_toml(path), where=path.name).refused


@functools.cache
def _floors() -> tuple[Floor, ...]:
    path = _FOLDER / "floors.toml"
    return schema.read(_Floors, schema.read_toml(path), where=path.name).floor
