"""Usage records: what was used, by whom, from when to when, and how those times are known.

A record is never changed. A correction is a new record that names the one it replaces. What
cannot be proven is not recorded, and nothing is recorded of a pool while it is not known to work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from qianhang.billing.amount import decimal_text, exact
from qianhang.billing.moment import stamp
from qianhang.core.errors import BillingError

__all__ = ["CATEGORIES", "UNITS", "Energy", "Proof", "UsageRecord", "model_call"]

Unit = Literal["card_hour", "pflops_hour", "token", "call", "gb"]
Category = Literal["compute", "storage", "network", "model"]
UNITS: tuple[str, ...] = ("card_hour", "pflops_hour", "token", "call", "gb")
CATEGORIES: tuple[str, ...] = ("compute", "storage", "network", "model")
_NAMES = ("job", "attempt", "org", "operator", "pool", "flavour")
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Energy:
    """What a task drew, and by which figures it becomes energy at the site and carbon.

    it_kwh : kWh at the racks; measured : whether by a meter, else from a model of the card
    pue : site over racks, with `pue_source` naming who says so and for which period
    grid_kg : kg of CO2 a kWh of the grid, with its source
    """

    it_kwh: Decimal = Decimal(0)
    measured: bool = False
    pue: Decimal = Decimal(1)
    pue_source: str = ""
    grid_kg: Decimal = Decimal(0)
    grid_source: str = ""

    def __post_init__(self) -> None:
        for name in ("it_kwh", "pue", "grid_kg"):
            object.__setattr__(self, name, exact(getattr(self, name), name))
        if self.it_kwh < 0 or self.pue < 1 or self.grid_kg < 0:
            _refuse("energy", f"{self.it_kwh} kWh, PUE {self.pue}, {self.grid_kg} kg/kWh cannot be")
        if (self.pue != 1 and not self.pue_source) or (self.grid_kg and not self.grid_source):
            _refuse("energy", "a PUE or a grid factor without its source")

    @property
    def facility_kwh(self) -> Decimal:
        """KWh at the site's own meter."""
        return self.it_kwh * self.pue

    @property
    def kg_co2(self) -> Decimal:
        """Kg of CO2 of that energy."""
        return self.facility_kwh * self.grid_kg


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the two times are known from: what said so, such as `sacct End of 4711`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """One stretch of one attempt on one pool.

    epoch, sequence : which try of the attempt, which stretch of the try, from 0
    task : kind of task; scenario, project : "" where there is none
    cards : cards held, a fraction where a card is shared; tflops : FP16 TFlops of one card
    unit, count : for what has no cards: how many tokens, calls, GB
    corrects : id of the record that this one replaces, with `why`
    Raises BillingError where times are not proven or figures cannot be.
    """

    job: str
    attempt: str
    epoch: int = 0
    sequence: int = 0
    org: str
    project: str = ""
    scenario: str = ""
    operator: str
    pool: str
    flavour: str
    task: str = ""
    category: Category = "compute"
    start: datetime
    end: datetime
    proof: Proof
    cards: Decimal = Decimal(0)
    tflops: Decimal = Decimal(0)
    unit: Unit = "card_hour"
    count: Decimal = Decimal(0)
    energy: Energy = field(default_factory=Energy)
    corrects: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        for name in ("cards", "tflops", "count"):
            object.__setattr__(self, name, exact(getattr(self, name), name))
            if getattr(self, name) < 0:
                _refuse(self.id, f"{name} {getattr(self, name)} is below zero")
        for name in _NAMES:
            if not 0 < len(getattr(self, name)) <= (40 if name in ("org", "operator") else 80):
                _refuse(self.id, f"{name} {getattr(self, name)!r} is empty or too long")
        _times(self)
        _sizes(self)

    @property
    def id(self) -> str:
        """The name of the record: attempt, epoch and sequence."""
        return f"{self.attempt}/{self.epoch}/{self.sequence}"

    @property
    def card_seconds(self) -> Fraction:
        """Cards x seconds, exact."""
        return Fraction(self.cards) * self._microseconds / 1_000_000

    @property
    def pflops_hours(self) -> Fraction:
        """Cards x FP16 TFlops x hours / 1000, exact."""
        return self.card_seconds / 3600 * Fraction(self.tflops) / 1000

    @property
    def _microseconds(self) -> int:
        gap = self.end - self.start
        return (gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds

    def quantity(self, unit: str) -> Fraction:
        """How much of `unit` was used, exact.

        Raises ValueError where the record does not count that unit.
        """
        if self.unit == "card_hour" and unit in ("card_hour", "pflops_hour"):
            return self.card_seconds / 3600 if unit == "card_hour" else self.pflops_hours
        if unit != self.unit:
            raise ValueError(f"{self.id} counts {self.unit}, not {unit}")
        return Fraction(self.count)

    def told(self) -> dict[str, Any]:
        """The record as JSON that `retold` reads back, with what follows from it."""
        said: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        said |= {name: str(getattr(self, name)) for name in ("cards", "tflops", "count")}
        energy = self.energy
        return said | {
            "start": stamp(self.start), "end": stamp(self.end),
            "proof": {"start": self.proof.start, "end": self.proof.end},
            "energy": {
                "it_kwh": str(energy.it_kwh), "measured": energy.measured, "pue": str(energy.pue),
                "pue_source": energy.pue_source, "grid_kg": str(energy.grid_kg),
                "grid_source": energy.grid_source, "facility_kwh": str(energy.facility_kwh),
                "kg_co2": str(energy.kg_co2),
            },
            "card_seconds": decimal_text(self.card_seconds),
            "pflops_hours": decimal_text(self.pflops_hours),
        }  # fmt: skip


_PLAIN = (
    "job", "attempt", "epoch", "sequence", "org", "project", "scenario", "operator", "pool",
    "flavour", "task", "category", "unit", "corrects", "why",
)  # fmt: skip


def model_call(record: str, *, count: int, unit: Unit = "token", **facts: Any) -> UsageRecord:
    """The usage of a model: tokens or calls of one call, or of many up to one time.

    record : the call's own id, charged once however often it is told
    facts : org, operator, pool (the gateway), flavour (the model; `name.in` and `name.out` where
        input and output differ in price), start, end, proof
    """
    named = {"job": record, "attempt": record, "category": "model", "unit": unit} | facts
    return UsageRecord(count=Decimal(count), **named)


def retold(said: dict[str, Any]) -> UsageRecord:
    """The record that `told` wrote down."""
    made: dict[str, Any] = {name: said[name] for name in _PLAIN}
    made |= {name: datetime.fromisoformat(said[name]) for name in ("start", "end")}
    made |= {name: Decimal(said[name]) for name in ("cards", "tflops", "count")}
    energy = {name: said["energy"][name] for name in Energy.__slots__}
    return UsageRecord(**made, proof=Proof(**said["proof"]), energy=Energy(**energy))


def _times(record: UsageRecord) -> None:
    if record.start.tzinfo is None or record.end.tzinfo is None:
        _refuse(record.id, "start and end need a time zone")
    if not record.proof.start.strip() or not record.proof.end.strip():
        _refuse(record.id, "its times are not proven: what says when it began and ended?")
    early = record.end < record.start
    if early or (record.end == record.start and record.cards and not record.corrects):
        _refuse(record.id, f"ends {stamp(record.end)}, starts {stamp(record.start)}")


def _sizes(record: UsageRecord) -> None:
    if record.epoch < 0 or record.sequence < 0:
        _refuse(record.id, "epoch and sequence count from 0")
    if record.unit not in UNITS or record.unit == "pflops_hour":
        _refuse(record.id, f"unit {record.unit!r}: a record counts card_hour, token, call or gb")
    if record.category not in CATEGORIES:
        _refuse(record.id, f"category {record.category!r}: expected {', '.join(CATEGORIES)}")
    has_cards = record.unit == "card_hour"
    amount = record.cards if has_cards else record.count
    if not amount and not record.corrects:
        _refuse(record.id, f"counts no {'cards' if has_cards else record.unit}")
    if bool(record.corrects) != bool(record.why.strip()):
        _refuse(record.id, "a correction names the record that it replaces, and why")


def _refuse(what: str, why: str) -> None:
    raise BillingError("QH553", f"usage {what}: {why}", hint="send it again once it is proven")
