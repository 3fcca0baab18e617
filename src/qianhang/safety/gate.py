"""The gate: from the facts of a run to the stage that its model may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qianhang.core.names import called
from qianhang.safety.wording import words

__all__ = ["Facts", "Reason", "Verdict", "gate"]

Stage = Literal["rejected", "research_only", "accepted"]
Blocks = Literal["", "accepted", "research"]
_STAGE: dict[Blocks, Stage] = {"research": "rejected", "accepted": "research_only"}
_UNREGISTERED = frozenset({"II", "III", "undetermined"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run showed, and what its manifest says.

    bars_met : None where these data have no bar, such as a user's own
    ordered : whether there is a time, place or group column
    duplicates : pairs of near-duplicates between training and test
    calibration, subgroups : whether these results are there; asked of high-risk uses on persons
    source : what it was measured on: real, own, simulator or sample
    """

    risk: str
    subject: str
    beats_trivial: bool
    bars_met: bool | None
    split: str
    ordered: bool = True
    duplicates: int = 0
    enough_events: bool = True
    source: str = "real"
    calibration: bool = False
    subgroups: bool = False
    human_role: bool = False
    device_class: str = "none"
    registration: str = ""
    licence_class: str = "C"


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding: its code, the lowest stage that it blocks (none for a remark), a figure."""

    code: str
    blocks: Blocks
    detail: str = ""

    def text(self, language: Literal["zh", "en"]) -> str:
        """The finding in one line."""
        said: str = getattr(words(self.code).title, language)
        detail = called(self.detail, "device", lang=language) or self.detail
        return f"{said} ({detail})" if detail else said

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
    """The verdict on these facts alone: the worst of all findings decides."""
    reasons = (*_trust(facts), *_high_risk(facts), *_rights(facts))
    blocked = {reason.blocks for reason in reasons}
    for blocks, stage in _STAGE.items():
        if blocks in blocked:
            return Verdict(stage, reasons)
    return Verdict("accepted", reasons)


def _trust(facts: Facts) -> Iterator[Reason]:
    """Whether the figures mean what they say."""
    if facts.source == "sample":
        yield Reason("sample_data", "research")
    if facts.ordered and facts.split in ("", "none", "random"):
        yield Reason("random_split", "research")
    if facts.duplicates > 0:
        yield Reason("duplicates_across_split", "research", str(facts.duplicates))
    if not facts.enough_events:
        yield Reason("too_few_events", "research")
    if not facts.beats_trivial:
        yield Reason("no_better_than_baseline", "research")
    if facts.bars_met is False:
        yield Reason("bars_unmet", "accepted")
    if facts.bars_met is None:
        yield Reason("own_data_without_bar", "")
    if facts.source == "simulator":
        yield Reason("simulator", "")


def _high_risk(facts: Facts) -> Iterator[Reason]:
    """What has to be there before a high-risk model may serve."""
    if facts.risk != "high":
        return
    if facts.subject == "person" and not facts.calibration:
        yield Reason("no_calibration", "accepted")
    if facts.subject == "person" and not facts.subgroups:
        yield Reason("no_subgroups", "accepted")
    if not facts.human_role:
        yield Reason("no_human_role", "accepted")


def _rights(facts: Facts) -> Iterator[Reason]:
    """Whether law and licence let it serve."""
    if facts.device_class in _UNREGISTERED and not facts.registration:
        yield Reason("device_unregistered", "accepted", facts.device_class)
    if facts.source == "own":
        return
    if facts.licence_class == "R":
        yield Reason("licence_research", "accepted")
    if facts.licence_class == "N":
        yield Reason("licence_non_commercial", "accepted")
    if facts.licence_class == "G":
        yield Reason("licence_copyleft", "")
