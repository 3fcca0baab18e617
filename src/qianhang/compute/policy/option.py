"""Where a class of jobs may run, with what a second there costs; and why not elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qianhang.compute.flavour import Flavour
from qianhang.compute.job import Job
from qianhang.compute.network import Link, Pool
from qianhang.compute.policy.decision import Cost, Refusal
from qianhang.compute.policy.params import Params

if TYPE_CHECKING:
    from qianhang.compute.policy.rack import Rack

__all__ = ["Option", "Prices", "options", "refused"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Live prices and vouchers, as billing knows them; list prices of the stock where empty.

    chip_hour : (pool, flavour) -> fen a chip-hour
    voucher : (organisation, pool) -> share of the price that a voucher pays
    worth : (organisation, pool) -> fen that vouchers pay for one job there at most
    least : (pool, flavour) -> fen a chip-hour at its cheapest hour of the day
    """

    chip_hour: Mapping[tuple[str, str], int]
    voucher: Mapping[tuple[str, str], float]
    worth: Mapping[tuple[str, str], int] = field(default_factory=dict)
    least: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One rack that a class of jobs may use.

    lent : whether its jobs borrow there; speed : of the flavour for the task kind
    price, voucher, power, carbon : fen for a second of one such job
    data_s, data : seconds and fen of moving its data; move : fen for leaving the home pool
    worth : fen that vouchers pay for one job at most
    """

    rack: Rack
    lent: bool
    speed: float
    price: float
    voucher: float
    power: float
    carbon: float
    data_s: float
    move: int
    worth: float = float("inf")

    def cost(self, run_s: float, waiting_fen_s: float) -> Cost:
        """What a job of so many seconds costs here, term by term, fen."""
        return Cost(
            price=round(self.price * run_s),
            voucher=round(self._saved(run_s)),
            waiting=round(waiting_fen_s * run_s),
            data=round(waiting_fen_s * self.data_s),
            electricity=round(self.power * run_s),
            carbon=round(self.carbon * run_s),
            move=self.move,
        )

    def fen(self, run_s: float, waiting_fen_s: float) -> float:
        """The sum of these terms, not rounded."""
        second = self.price + self.power + self.carbon + waiting_fen_s
        return run_s * second + self._saved(run_s) + waiting_fen_s * self.data_s + self.move

    def _saved(self, run_s: float) -> float:
        """What vouchers bear of so many seconds, fen, below zero."""
        return max(self.voucher * run_s, -self.worth) if self.voucher else 0.0

    @property
    def rates(self) -> tuple[float, ...]:
        """All that the choice between two pools goes by."""
        return (
            self.speed, self.price + self.voucher + self.power + self.carbon, self.data_s,
            self.move, self.worth if self.voucher else 0.0,
        )  # fmt: skip


def options(job: Job, racks: Iterable[Rack], *, world: World, params: Params) -> tuple[Option, ...]:
    """The racks that may take jobs like this one, ever, in order of pool and stock."""
    return tuple(
        _option(job, rack, world=world, params=params)
        for rack in racks
        if refused(job, rack, world) is None
    )


@dataclass(frozen=True, slots=True)
class World:
    """What decisions know beside what runs and waits: chips, lines, prices."""

    flavours: Mapping[str, Flavour]
    links: Mapping[frozenset[str], Link]
    prices: Prices

    def chip_hour(self, rack: Rack) -> int:
        """Fen for a chip-hour on this rack."""
        listed = next(s.price_fen for s in rack.pool.stock if s.flavour == rack.flavour)
        return self.prices.chip_hour.get((rack.pool.id, rack.flavour), listed)


def refused(job: Job, rack: Rack, world: World) -> Refusal | None:
    """Why jobs like this one may never run on this rack, or None where they may."""
    pool, want = rack.pool, job.want
    chips = 1 if want.chips < 1 else int(want.chips)
    if job.pools and pool.id not in job.pools:
        return Refusal(pool.id, "not_named", pool.id, ", ".join(job.pools))
    if want.flavours and rack.flavour not in want.flavours:
        return Refusal(pool.id, "no_such_chip", rack.flavour, " | ".join(want.flavours))
    if job.grade > pool.security:
        return Refusal(pool.id, "security_class", str(pool.security), f"at least {job.grade}")
    for ref in job.data:
        if ref.stay and ref.zone not in pool.zones:
            return Refusal(pool.id, "residency", ", ".join(pool.zones), ref.zone)
    if job.price_cap_fen is not None and world.chip_hour(rack) > job.price_cap_fen:
        return Refusal(
            pool.id, "price_cap", str(world.chip_hour(rack)), f"at most {job.price_cap_fen}"
        )
    if chips > rack.size:
        return Refusal(pool.id, "replica_too_large", str(rack.size), f"{chips} on one node")
    nodes = rack.chips // rack.size
    if want.gang and want.replicas > nodes * (rack.size // chips):
        return Refusal(pool.id, "pool_too_small", str(rack.chips), f"{want.total:g} at once")
    if _lent(job, pool) and chips * (want.replicas if want.gang else 1) > lend_cap(pool):
        return Refusal(pool.id, "lend_cap", f"{lend_cap(pool):g}", f"{want.total:g}")
    return None


def lend_cap(pool: Pool) -> float:
    """Chips that organisations other than the owners may hold at once."""
    return pool.lending.cap * pool.chips


def _lent(job: Job, pool: Pool) -> bool:
    return bool(pool.lending.owners) and job.org not in pool.lending.owners


def _option(job: Job, rack: Rack, *, world: World, params: Params) -> Option:
    pool, want = rack.pool, job.want
    total = want.chips * (want.replicas if want.gang else 1)
    price = world.chip_hour(rack) * total / 3600.0
    flavour = world.flavours.get(rack.flavour)
    kw = flavour.busy_w.value * total * pool.pue.value / 1000.0 if flavour else 0.0
    power = kw * pool.power_fen_kwh / 3600.0 if params.with_power else 0.0
    carbon = kw * pool.grid_g_kwh / 1000.0 * params.carbon_fen_kg / 3600.0
    purse = (job.org, pool.id)
    voucher = -price * world.prices.voucher.get(purse, 0.0)
    move = params.move_fen if job.home and job.home != pool.id else 0
    speed = flavour.speed_for(job.task_kind) if flavour else 1.0
    return Option(
        rack, _lent(job, pool), speed, price, voucher, power, carbon,
        _transfer_s(job, pool, world), move, world.prices.worth.get(purse, float("inf")),
    )  # fmt: skip


def _transfer_s(job: Job, pool: Pool, world: World) -> float:
    """Seconds until the job's data are there, over the best known line; 0 where they lie there."""
    total = 0.0
    for ref in job.data:
        if ref.gb and ref.zone not in pool.zones and ref.zone != pool.id:
            ends = [ref.zone, job.home]
            lines = (world.links.get(frozenset((end, pool.id))) for end in ends if end)
            times = [line.transfer_s(ref.gb) for line in lines if line]
            total += min(times, default=ref.gb * 8.0)
    return total
