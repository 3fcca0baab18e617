"""The gate: from the facts of a run to the stage that its model may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qianhang.safety.wording import words

__all__ = ["Facts", "Reason", "Verdict", "gate"]

Stage = Literal["rejected", "research_only", "accepted"]
Effect = Literal["rejected", "research_only", "note"]
_WORST: tuple[Stage, ...] = ("accepted", "research_only", "rejected")
_UNREGISTERED = frozenset({"II", "III", "undetermined"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run showed, and what its manifest says.

    bars_met : None where these data have no bar, such as a user's own
    ordered : whether there is a time, place or group column
    duplicates : pairs of near-duplicates between training and test
    probability : whether the model gives probabilities of something about a person, so that
        calibration can be asked for
    source : what it was measured on
    """

    risk: str
    beats_trivial: bool
    bars_met: bool | None
    split: str
    ordered: bool = True
    duplicates: int = 0
    enough_events: bool = True
    source: Literal["real", "own", "simulator", "sample"] = "real"
    probability: bool = True
    calibration: bool = False
    subgroups: bool = False
    human_role: bool = False
    device_class: str = "none"
    registration: str = ""
    licence_class: str = "C"


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding: its code, what it does to the stage, and a detail in figures."""

    code: str
    effect: Effect
    detail: str = ""

    def text(self, language: Literal["zh", "en"]) -> str:
        """The finding in one line."""
        said: str = getattr(words(self.code).title, language)
        return f"{said} ({self.detail})" if self.detail else said

    def todo(self, language: Literal["zh", "en"]) -> str:
        """What the reader can do about it."""
        said: str = getattr(words(self.code).todo, language)
        return said


@dataclass(frozen=True, slots=True)
class Verdict:
    """The stage that a model may have, and why."""

    stage: Stage
    reasons: tuple[Reason, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the model may serve."""
        return self.stage == "accepted"


def gate(facts: Facts) -> Verdict:
    """The verdict on these facts alone: the worst effect of all findings decides."""
    reasons = (*_trust(facts), *_high_risk(facts), *_rights(facts))
    effects = {reason.effect for reason in reasons}
    stage = max((s for s in _WORST if s in effects), key=_WORST.index, default="accepted")
    return Verdict(stage, reasons)


def _trust(facts: Facts) -> Iterator[Reason]:
    """Whether the figures mean what they say."""
    if facts.source == "sample":
        yield Reason("sample_data", "rejected")
    if facts.ordered and facts.split in ("", "none", "random"):
        yield Reason("random_split", "rejected")
    if facts.duplicates > 0:
        yield Reason("duplicates_across_split", "rejected", str(facts.duplicates))
    if not facts.enough_events:
        yield Reason("too_few_events", "rejected")
    if not facts.beats_trivial:
        yield Reason("no_better_than_baseline", "rejected")
    if facts.bars_met is False:
        yield Reason("bars_unmet", "research_only")
    if facts.bars_met is None:
        yield Reason("own_data_without_bar", "note")
    if facts.source == "simulator":
        yield Reason("simulator", "note")


def _high_risk(facts: Facts) -> Iterator[Reason]:
    """What has to be there before a high-risk model may serve."""
    if facts.risk != "high":
        return
    if facts.probability and not facts.calibration:
        yield Reason("no_calibration", "research_only")
    if facts.probability and not facts.subgroups:
        yield Reason("no_subgroups", "research_only")
    if not facts.human_role:
        yield Reason("no_human_role", "research_only")


def _rights(facts: Facts) -> Iterator[Reason]:
    """Whether law and licence let it serve."""
    if facts.device_class in _UNREGISTERED and not facts.registration:
        yield Reason("device_unregistered", "research_only", facts.device_class)
    if facts.source == "own":
        return
    if facts.licence_class == "R":
        yield Reason("licence_research", "research_only")
    if facts.licence_class == "N":
        yield Reason("licence_non_commercial", "research_only")
    if facts.licence_class == "G":
        yield Reason("licence_copyleft", "note")
