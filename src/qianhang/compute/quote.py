"""Quotes: for each pool that may take a job when it starts and ends, what it costs, what it burns.

Pure: what runs and what waits comes as the policy's ledgers, money as a function, history as
learnt quantiles. Waits are foretold from those that came true on the same pool in like cases; as
long as few have, from the queue: how long until what comes first has been worked off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from qianhang.compute.job import Job
from qianhang.compute.policy import Placement, Queue, Refusal, View
from qianhang.compute.policy.entry import Klass
from qianhang.compute.policy.option import Option
from qianhang.compute.policy.rack import Rack
from qianhang.compute.policy.waits import Case, Interval, Waits, case

__all__ = ["Fare", "Fares", "Quote", "Starts", "Told", "Way", "refusals", "ways"]

Basis = Literal["history", "queue", "assumed"]
_COVER = 0.8  # between p10 and p90
_HALF = 0.0  # an interval that covers nothing is the median, kept honest as the others are
# Until twenty starts of its kind are known: the door looks twice a second, engines take seconds.
_AT_ONCE = Interval(0.0, 5.0, 60.0)


@dataclass(frozen=True, slots=True)
class Fare:
    """What a run costs, fen, and what vouchers bear of it.

    source : billing where a published price holds, listed where only the pool's own list names one
    voucher : number of the grant that bears it, 0 for none
    """

    fen: int
    voucher_fen: int = 0
    voucher: int = 0
    source: Literal["billing", "listed"] = "listed"


# fare(placement, start: s since 1970 UTC, run: s)
Fares = Callable[[Placement, float, float], Fare]


class Told(NamedTuple):
    """When a job starts on a pool, s from now: three quantiles, on what they rest, for what case.

    room : whether it could start at once, as far as one sees
    """

    low: float
    p50: float
    p90: float
    basis: Basis
    room: bool
    seen: Case


@dataclass(frozen=True, slots=True)
class Way:
    """What one pool offers a job.

    start : when it starts; run_p50_s, run_p90_s : how long it runs there, s
    data_s : s until its data are there
    fare : of a run of run_p90_s; kwh at the site's meter, kg of CO2, of the same
    terms : the number by which pools are compared, term by term, fen: waiting until the end of the
        run counted; pue : of the site
    """

    pool: str
    flavour: str
    replicas: int
    chips: float
    start: Told
    run_p50_s: float
    run_p90_s: float
    data_s: float
    fare: Fare
    kwh: float
    kg: float
    terms: Mapping[str, int] = field(default_factory=dict)
    pue: float = 1.0

    @property
    def finish_p50_s(self) -> float:
        """Half of such jobs have ended by then, s from now."""
        return self.start.p50 + self.data_s + self.run_p50_s

    @property
    def finish_p90_s(self) -> float:
        """At least nine of ten such jobs have ended by then, s from now."""
        return self.start.p90 + self.data_s + self.run_p90_s

    @property
    def fen(self) -> int:
        """The sum of the terms."""
        return sum(self.terms.values())

    @property
    def yuan(self) -> Decimal:
        """The price before vouchers."""
        return Decimal(self.fare.fen).scaleb(-2)

    @property
    def yuan_after(self) -> Decimal:
        """The price after vouchers."""
        return Decimal(self.fare.fen - self.fare.voucher_fen).scaleb(-2)

    def shown(self) -> dict[str, Any]:
        """The offer as JSON that people's programs read; money as decimal text, yuan."""
        start = {"p50_s": round(self.start.p50), "p90_s": round(self.start.p90)}
        return {
            "pool": self.pool, "flavour": self.flavour, "replicas": self.replicas,
            "chips": self.chips, "start": start | {"basis": self.start.basis},
            "run": {"p50_s": round(self.run_p50_s), "p90_s": round(self.run_p90_s)},
            "finish": {"p50_s": round(self.finish_p50_s), "p90_s": round(self.finish_p90_s)},
            "data_s": round(self.data_s), "yuan": str(self.yuan),
            "yuan_after": str(self.yuan_after), "voucher": self.fare.voucher,
            "price_from": self.fare.source, "kwh": round(self.kwh, 3), "kg": round(self.kg, 3),
            "terms_fen": dict(self.terms), "sum_fen": self.fen,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """What every pool offers a job, the best first, and why each other pool does not take it.

    made, until : when it was made, and up to when it holds
    """

    job: str
    org: str
    made: datetime
    until: datetime
    ways: tuple[Way, ...]
    refused: tuple[Refusal, ...] = ()

    def shown(self) -> dict[str, Any]:
        """The quote as JSON that people's programs read."""
        return {
            "job": self.job, "org": self.org, "made": self.made.isoformat(),
            "until": self.until.isoformat(), "pools": [one.shown() for one in self.ways],
            "refused": [one._asdict() for one in self.refused],
        }  # fmt: skip


class Starts:
    """What is known of how long starts take, pool by pool, from those that came true."""

    def __init__(self) -> None:
        self._waits: dict[tuple[str, bool], tuple[Waits, Waits]] = {}

    def told(self, pool: str, seen: Case, *, room: bool, queue: Interval) -> Told:
        """When a job of this case starts there; by the queue where too few have started yet."""
        wide, half = self._waits.get((pool, room), (None, None))
        found = wide.interval(seen) if wide else None
        middle = half.interval(seen) if half else None
        if found is not None and middle is not None:
            p50 = min(middle.high, found.high)
            return Told(min(found.low, p50), p50, found.high, "history", room, seen)
        return Told(*(_AT_ONCE if room else queue), "assumed" if room else "queue", room, seen)

    def learn(self, pool: str, told: Told, wait_s: float) -> None:
        """A job that was told so started there after so long, s."""
        new = (Waits(cover=_COVER), Waits(cover=_HALF))
        wide, half = self._waits.setdefault((pool, told.room), new)
        known = told.basis == "history"
        wide.learn(told.seen, wait_s, Interval(*told[:3]) if known else None)
        half.learn(told.seen, wait_s, Interval(told.p50, told.p50, told.p50) if known else None)


def ways(
    job: Job, view: View, queue: Queue, *, now: float, starts: Starts, run: tuple[float, float],
    fares: Fares,
) -> tuple[Way, ...]:  # fmt: skip
    """What each rack that may take the job offers, the lowest sum of terms first.

    view, queue : what runs and what waits; neither changes but for the job's class
    now : seconds since 1970 UTC; run : p50 and p90 of its run time on a V100-like chip, s
    """
    klass = view.klass(job, queue)
    loads = _loads(job, klass, run[1], queue)
    found = [
        _way(job, option, view, now=now, klass=klass, load=loads.get(option.rack, (0.0, 0.0)),
             starts=starts, run=run, fares=fares)
        for option in klass.options
        if option.rack.up
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda way: (way.fen, way.pool, way.flavour)))


def refusals(job: Job, view: View, queue: Queue) -> tuple[Refusal, ...]:
    """Why each pool of which no rack takes the job does not, once for each reason."""
    options = view.klass(job, queue).options
    taking = {option.rack.pool.id for option in options if option.rack.up}
    down = dict.fromkeys(o.rack.pool.id for o in options if not o.rack.up)
    never = [one for one in view.refusals(job) if one.pool not in taking and one.pool not in down]
    return (*dict.fromkeys(never), *(Refusal(pool, "pool_down") for pool in down))


def _way(
    job: Job, option: Option, view: View, *, now: float, klass: Klass, load: tuple[float, float],
    starts: Starts, run: tuple[float, float], fares: Fares,
) -> Way:  # fmt: skip
    rack, want, params = option.rack, job.want, view.params
    pool = rack.pool
    short, long = (one / option.speed for one in run)
    room = _room(rack, klass)
    drain = _drain(rack, klass, load, now=now, overrun=params.overrun)
    running = sum(max(0.0, one.end - now) * one.klass.total for one in rack.runs)
    seen = case(klass, long, waiting_chip_s=load[0] + running, chips=rack.chips)
    start = starts.told(pool.id, seen, room=room, queue=drain)
    place = Placement(pool.id, rack.flavour, want.replicas, want.chips, rack.index)
    wait = params.waiting(job.tier)
    cost = option.cost(long, wait)
    cost = cost._replace(waiting=cost.waiting + round(wait * start.p50))
    chip = view.world.flavours.get(rack.flavour)
    it_kwh = (chip.busy_w.value if chip else 0.0) * want.total / 1000.0 * long / 3600.0
    kwh = it_kwh * pool.pue.value
    return Way(
        pool.id, rack.flavour, want.replicas, want.chips, start, short, long, option.data_s,
        fares(place, now + start.p50 + option.data_s, long), kwh, kwh * pool.grid_g_kwh / 1000.0,
        {term.name: term.fen for term in cost.terms() if term.fen}, pool.pue.value,
    )  # fmt: skip


def _room(rack: Rack, klass: Klass) -> bool:
    """Whether the job could start there at once, none that waits coming first."""
    if rack.hold is not None or any(other.waiting for other in rack.klasses):
        return False
    if klass.part:
        return rack.fits_parts(klass.part, klass.replicas, short=True)
    return rack.fits(klass.chips, klass.replicas, short=True)


def _loads(
    job: Job, klass: Klass, estimate: float, queue: Queue
) -> dict[Rack, tuple[float, float]]:
    """Rack -> chip-seconds of what waits for it and comes first, as predicted and as asked for.

    What may go to several racks counts on each by its share of their chips.
    """
    mine = (job.tier, estimate * klass.weight)
    work: dict[Klass, tuple[float, float]] = {}
    for entry in queue.entries.values():
        if (entry.job.tier, entry.estimate * entry.klass.weight) <= mine:
            short, long = work.get(entry.klass, (0.0, 0.0))
            chips = entry.klass.total * entry.left
            asked = entry.job.estimate_s * chips
            work[entry.klass] = (short + entry.estimate * chips, long + asked)
    found: dict[Rack, tuple[float, float]] = {}
    for other, (short, long) in work.items():
        racks = [option.rack for option in other.options]
        whole = sum(rack.chips for rack in racks)
        for rack in racks:
            had, share = found.get(rack, (0.0, 0.0)), rack.chips / whole
            found[rack] = (had[0] + short * share, had[1] + long * share)
    return found


def _drain(
    rack: Rack, klass: Klass, load: tuple[float, float], *, now: float, overrun: float
) -> Interval:
    """How long until the job's turn comes, s: as predicted; by the limits asked for at the most."""
    ends = [(run.expected(now, overrun) - now, run.limit - now, run.klass.total)
            for run in rack.runs]  # fmt: skip
    soon = _worked_off(rack, klass.total, load[0], ((end, total) for end, _, total in ends))
    late = _worked_off(rack, klass.total, load[1], ((end, total) for _, end, total in ends))
    return Interval(0.0, soon, max(soon, late, _AT_ONCE.high))


def _worked_off(rack: Rack, need: int, load: float, ends: Iterable[tuple[float, int]]) -> float:
    """S until so many chip-seconds are worked off by chips as they come free, and `need` are."""
    free, at, done = float(rack.free), 0.0, 0.0
    for end, total in sorted(ends):
        if free >= need and done + free * (end - at) >= load:
            break
        if end > at:
            done, at = done + free * (end - at), end
        free += total
    return at + max(0.0, load - done) / max(free, 1.0)
