"""The knobs of the policy, as one frozen value that is stored with every decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from qianhang.core import schema
from qianhang.core.errors import UsageError

__all__ = ["Params", "load"]

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Params:
    """How jobs are ordered and pools are chosen. Times in seconds, money in fen.

    half_life_s : of an organisation's past use
    share_step : factor of use over its share that puts an organisation one step back; 0: never
    reserve_after_s : age at which the job that is first in its pool's order gets a reservation,
        unless it says its own age
    reserve_per_area : further age, seconds for each chip-second of estimated area, of a job that
        only one rack may take: to wait for room there is dear, nothing else may use it
    hard_after_s : age at which a job that several racks may take gets one, wherever it stands
    pinned_after_s : the same of a job that only one rack may take, within late_share
    late_share : share of a pool's chip-time that goes to these where other jobs have the choice
    area_power, chip_power : the order is by smallest (estimate x chips ** chip_power) ** area_power
    roam_power : jobs that n racks may take stand back by a factor n ** roam_power in that order,
        behind those that have nowhere else to go
    courtesy : share of the waiting that its stay causes to jobs without a choice that a job with
        one waits itself for a calmer rack; 0: it stands back for nobody but those that wait now
    courtesy_s : over so long is learnt how many such jobs wait for a rack
    waiting_fen_h : what an hour of an idle job of tier 0, 1, 2 ... is worth; the last holds on
    carbon_fen_kg : price of a kg CO2
    move_fen : penalty of a pool whose operator has none of the organisation's jobs yet
    with_power : whether electricity counts beside the price (where the price does not hold it)
    deadline_lead_s : a reservation for a deadline is made so long before the latest safe start
    renew_s : a reservation is worked out anew after so long, and whenever its time has passed
    overrun : a job past its expected end is expected to run so many times what it has run
    margin : estimates are multiplied by it before a backfill is tested against a reservation
    rates : fen for a second of waiting of tier 0, 1, 2 ...
    """

    half_life_s: float = 7 * _DAY
    share_step: float = 0.0
    reserve_after_s: float = 3600.0
    reserve_per_area: float = 10.0
    hard_after_s: float = 1.5 * _DAY
    pinned_after_s: float = 10 * _DAY
    late_share: float = 0.05
    area_power: float = 1.0
    chip_power: float = 1.0
    roam_power: float = 2.0
    courtesy: float = 0.3
    courtesy_s: float = 3 * _DAY
    waiting_fen_h: tuple[int, ...] = (2000, 500, 100)
    carbon_fen_kg: float = 0.0
    move_fen: int = 0
    with_power: bool = True
    deadline_lead_s: float = 3600.0
    renew_s: float = 600.0
    overrun: float = 1.0
    margin: float = 1.0
    rates: tuple[float, ...] = field(
        init=False, repr=False, compare=False, metadata={"derived": True}
    )

    def __post_init__(self) -> None:
        rates = tuple(fen / 3600.0 for fen in self.waiting_fen_h) or (0.0,)
        object.__setattr__(self, "rates", rates)

    def waiting(self, tier: int) -> float:
        """Fen for a second of waiting of a job of this tier."""
        rates = self.rates
        return rates[tier] if tier < len(rates) else rates[-1]


def load(path: Path | None) -> Params:
    """The knobs of a TOML file, the default of each that it leaves out; all defaults without one.

    Raises UsageError QH534 naming the key that is wrong.
    """
    if path is None:
        return Params()
    table = schema.read_toml(path, error=UsageError, code="QH534")
    return schema.read(Params, table, where=path.name, error=UsageError, code="QH534")
