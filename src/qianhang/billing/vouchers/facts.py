"""What the rules of a programme are held against: who, from whom, what, when, at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from qianhang.billing.vouchers.programme import Charge, Evidence, Kind, Site, Size, Use

__all__ = ["Applicant", "Bill", "Contract", "Facts", "Line", "Spent", "Supplier", "yuan"]


def yuan(fen: int) -> str:
    """An amount as people read it: 1,234.05 yuan."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d} yuan"


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks: related holds the ids of the entities that it is related to."""

    id: str
    region: str = ""
    kind: Kind | None = None
    size: Size | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who supplies: lists holds the programmes on whose list it stands."""

    id: str
    region: str = ""
    kind: Site | None = None
    lists: tuple[str, ...] = ()
    pflops: int = 0
    racks: int = 0


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract behind the use: subsidies holds other programmes' ids that pay on it already.

    fen : amount agreed; paid_fen : really paid so far
    """

    id: str
    signed: date
    fen: int
    paid_fen: int = 0
    months: int = 0
    subsidies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `eligible` looks at.

    pflops : scale that a third party confirmed, P at FP16, 0 where none did
    evidence : kinds of paper at hand, looked at only where a claim is made
    """

    applicant: Applicant
    supplier: Supplier
    contract: Contract
    at: date
    use: Use | None = None
    chips: Literal["domestic", "other"] = "other"
    pool: str = ""
    pool_region: str = ""
    charges: tuple[Charge, ...] = ("compute",)
    side: Literal["demand", "supply"] = "demand"
    classes: tuple[str, ...] = ()
    year_fen: int = 0
    pflops: int = 0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill: its kind of charge and its amount in fen."""

    charge: str
    fen: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid, and what decides on the share that a programme bears."""

    lines: tuple[Line, ...]
    contract_fen: int = 0
    paid_fen: int = 0
    chips: Literal["domestic", "other"] = "other"
    use: Use | None = None
    kind: Kind | None = None
    size: Size | None = None
    classes: tuple[str, ...] = ()
    year_fen: int = 0

    @property
    def fen(self) -> int:
        """The whole bill."""
        return sum(line.fen for line in self.lines)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a programme has given so far, in fen.

    others_fen : what other programmes give on this very bill
    """

    entity_year_fen: int = 0
    entity_fen: int = 0
    contract_fen: int = 0
    fund_year_fen: int = 0
    fund_fen: int = 0
    others_fen: int = 0
