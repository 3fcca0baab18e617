"""What an organisation asks for: chips, for how long, by when, on which data, at which price."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["DataRef", "Job", "Want"]


@dataclass(frozen=True, slots=True)
class Want:
    """Replicas of so many chips, each replica within one node.

    chips : per replica; a whole number, or a fraction below 1, which is a part of one chip
    flavours : ids of the flavours that will do; empty: any
    gang : all replicas at once or none; else each starts as soon as it can
    """

    chips: float = 1
    replicas: int = 1
    flavours: tuple[str, ...] = ()
    gang: bool = True

    def __post_init__(self) -> None:
        if self.replicas < 1 or not self.chips > 0:
            raise ValueError(f"{self.replicas} x {self.chips:g} chips: both must be above zero")
        if self.chips >= 1 and self.chips != math.floor(self.chips):
            raise ValueError(f"{self.chips:g} chips: whole chips, or a part of one chip")

    @property
    def total(self) -> float:
        """Chips of all replicas."""
        return self.replicas * self.chips


@dataclass(frozen=True, slots=True)
class DataRef:
    """Data that a job reads.

    zone : where they lie; stay : whether only a pool that holds this zone may read them
    gb : decimal GB to move where the pool does not hold the zone
    """

    zone: str
    gb: float = 0.0
    stay: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One request of one organisation. Times are seconds since 1970 UTC.

    key : the asker's own name for the request; the same key is never admitted twice
    estimate_s : run time as the asker believes it on a V100-like chip, s
    pools : ids of the pools it may run on; empty: every pool (a job that cannot move names one)
    tier : 0 goes first
    checkpoint_s : time to write a checkpoint when asked to stop; used where `preemptible`
    grade : security class that its data need, 1 to 5
    price_cap_fen : most that a chip-hour may cost, fen
    home : pool where its checkpoint or its organisation's work lies
    deadline, max_wait_s : latest end; age at which a reservation is made for it
    """

    id: str
    org: str
    want: Want
    submitted: float
    estimate_s: float
    project: str = ""
    name: str = ""
    scenario: str = ""
    key: str = ""
    task_kind: str = ""
    pools: tuple[str, ...] = ()
    tier: int = 1
    preemptible: bool = False
    checkpoint_s: float = 0.0
    data: tuple[DataRef, ...] = ()
    grade: int = 1
    price_cap_fen: int | None = None
    home: str = ""
    deadline: float | None = None
    max_wait_s: float | None = None

    def __post_init__(self) -> None:
        if not self.estimate_s > 0:
            raise ValueError(f"job {self.id}: the estimate must be above zero")
        if not 1 <= self.grade <= 5 or self.tier < 0:
            raise ValueError(f"job {self.id}: grade is 1 to 5, tier is not negative")
