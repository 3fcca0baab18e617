"""A voucher programme (算力券、智能券、模型券) as data: what its text states, and nothing else.

Every field but a few may be left out: the text does not state it. Amounts in files are whole yuan
(`_cny`), ratios whole percent; the core reckons in fen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

__all__ = [
    "Applicants",
    "Apply",
    "Charge",
    "Checks",
    "Claiming",
    "Entity",
    "Evidence",
    "Fund",
    "Kind",
    "Names",
    "Programme",
    "Ratio",
    "Resources",
    "Scale",
    "Settlement",
    "Site",
    "Size",
    "Source",
    "Stacking",
    "Suppliers",
    "Tier",
    "Use",
    "Validity",
    "Window",
    "fields",
    "stated",
]

Chips = Literal["any", "domestic", "other"]
Side = Literal["demand", "supply", "either"]
Kind = Literal["enterprise", "institute", "university", "public_body", "maker", "solo"]
Size = Literal["startup", "micro", "small", "medium", "large"]
Use = Literal["training", "inference", "application", "agent", "testing", "research"]
Charge = Literal["compute", "model", "storage", "network", "security", "data", "other"]
Site = Literal["supercomputing_centre", "ai_centre", "data_centre"]
Evidence = Literal[
    "contract", "invoice", "payment", "delivery", "usage_record", "electricity", "verification",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """A name or sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from and how far it was read.

    read : the full text, an excerpt of it (or a report that quotes it), or recalled, unchecked
    states : the fields of the file that rest on it, dotted
    """

    document: str
    url: str
    read: Literal["full", "excerpt", "recalled"]
    states: tuple[str, ...]
    number: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Fund:
    """The money of a programme; shares says in words who bears it."""

    total_cny: int | None = None
    per_year_cny: int | None = None
    shares: Names | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """What one applicant may have; total is a cap for which the text names no period.

    minimum_cny : least amount that is granted
    years : for how many years at most
    counts : whether a grant that lapsed unused still counts towards the year (granted) or not
    (kept); granted where the text does not say
    """

    per_year_cny: int | None = None
    total_cny: int | None = None
    per_contract_cny: int | None = None
    minimum_cny: int | None = None
    years: int | None = None
    counts: Literal["granted", "kept"] | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A share of the cost, and for whom; an empty condition fits everyone.

    classes : names that the reviewer gives to an application; a tier that names some goes before
    those that do not
    year_up_to_cny : sum of the applicant's contracts of the year
    above_cny, up_to_cny : amount of the contract
    """

    percent: int
    chips: Chips = "any"
    uses: tuple[Use, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sizes: tuple[Size, ...] = ()
    classes: tuple[str, ...] = ()
    year_up_to_cny: int | None = None
    above_cny: int | None = None
    up_to_cny: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.percent <= 100:
            raise ValueError(f"percent: found {self.percent}, expected 1 to 100")


@dataclass(frozen=True, slots=True)
class Ratio:
    """The shares that a programme pays; base is the amount that they are a share of."""

    tiers: tuple[Tier, ...]
    base: Literal["contract", "paid", "used"] | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a grant holds, and whether it may pass to others."""

    months: int | None = None
    transferable: bool | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Days between which applications are taken, both included."""

    opens: date
    closes: date

    def __post_init__(self) -> None:
        if self.closes < self.opens:
            raise ValueError(f"closes {self.closes} is before opens {self.opens}")


@dataclass(frozen=True, slots=True)
class Apply:
    """When applications are taken, and for which contracts.

    year_at_least_cny : least sum of the applicant's costs of the year
    """

    windows: tuple[Window, ...] = ()
    contracts_from: date | None = None
    contract_months: int | None = None
    year_at_least_cny: int | None = None
    once_per_contract: bool | None = None


@dataclass(frozen=True, slots=True)
class Applicants:
    """Who may apply; conditions are those that a person has to judge."""

    regions: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sizes: tuple[Size, ...] = ()
    conditions: tuple[Names, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """A kind of site, and how large it has to be."""

    kind: Site
    pflops_at_least: int = 0
    racks_at_least: int = 0


@dataclass(frozen=True, slots=True)
class Suppliers:
    """From whom: one of these scales; listed: only those on the programme's own list."""

    regions: tuple[str, ...] = ()
    scales: tuple[Scale, ...] = ()
    listed: bool | None = None
    criteria: tuple[Names, ...] = ()


@dataclass(frozen=True, slots=True)
class Resources:
    """What may be paid for; charges names the kinds of charge that count."""

    chips: Chips | None = None
    pools: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    charges: tuple[Charge, ...] = ()
    charges_not: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True)
class Checks:
    """Related parties and double subsidies; where the text is silent both are refused here."""

    related_party: Literal["refused", "allowed"] | None = None
    same_contract: Literal["once", "may_repeat"] | None = None
    other_subsidies: Literal["refused", "allowed"] | None = None


@dataclass(frozen=True, slots=True)
class Stacking:
    """With which other programmes on one contract, in which order, up to which share in all."""

    beside: tuple[str, ...] = ()
    order: int | None = None
    ceilings: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Claiming:
    """Who claims, with what proof; verified_pflops is the scale that a third party confirms."""

    side: Side | None = None
    evidence: tuple[Evidence, ...] = ()
    verifier: Names | None = None
    verified_pflops: int | None = None
    floor_pflops: int | None = None
    every: Literal["month", "quarter", "half_year", "year"] | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How money moves and which body has which of the three roles."""

    payout: Literal["deducted", "reimbursed"] | None = None
    review: str = ""
    pay: str = ""
    audit: str = ""


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme's rules; see the classes of its parts.

    status : in force, published for consultation, or over; None where the sources do not tell
    notes : what the text says and no field holds
    """

    id: str
    kind: Literal["compute", "model"]
    name: Names
    issuer: str
    region: str
    source: tuple[Source, ...]
    status: Literal["in_force", "consultation", "over"] | None = None
    fund: Fund = field(default_factory=Fund)
    entity: Entity = field(default_factory=Entity)
    ratio: Ratio | None = None
    validity: Validity = field(default_factory=Validity)
    apply: Apply = field(default_factory=Apply)
    applicants: Applicants = field(default_factory=Applicants)
    suppliers: Suppliers = field(default_factory=Suppliers)
    resources: Resources = field(default_factory=Resources)
    checks: Checks = field(default_factory=Checks)
    stacking: Stacking = field(default_factory=Stacking)
    claim: Claiming = field(default_factory=Claiming)
    settlement: Settlement = field(default_factory=Settlement)
    notes: tuple[Names, ...] = ()

    def __post_init__(self) -> None:
        if not self.source:
            raise ValueError("source: found none, expected at least one")
        known = {name for name, _ in stated(self)}
        for source in self.source:
            for name in source.states:
                if name not in known:
                    raise ValueError(
                        f"source {source.document!r} is said to state {name!r}, "
                        f"which the file leaves empty"
                    )
        missing = known - {n for s in self.source for n in s.states} - _OURS
        if missing:
            raise ValueError(f"no source is named for {', '.join(sorted(missing))}")


# What names the programme rather than being one of its rules.
_OURS = {"id", "kind", "name", "issuer", "region", "source", "status", "notes"}


def stated(programme: Programme) -> Iterator[tuple[str, object]]:
    """(dotted name, value) of every field that the file gives, parts unfolded."""
    for name, value in fields(programme):
        if value not in (None, "", ()):
            yield name, value


def fields(programme: Programme) -> Iterator[tuple[str, object]]:
    """(dotted name, value) of every field there is, given or not."""
    for each in dataclasses.fields(programme):
        value = getattr(programme, each.name)
        if each.name == "ratio":
            yield "ratio.tiers", value.tiers if value else ()
            yield "ratio.base", value.base if value else None
        elif dataclasses.is_dataclass(value) and not isinstance(value, Names):
            for inner in dataclasses.fields(value):
                yield f"{each.name}.{inner.name}", getattr(value, inner.name)
        else:
            yield each.name, value
