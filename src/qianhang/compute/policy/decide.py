"""The policy: what to do next, from what runs and what waits. No clock, no input or output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qianhang.compute.policy.courtesy import polite
from qianhang.compute.policy.decision import Decision, Start
from qianhang.compute.policy.entry import Entry
from qianhang.compute.policy.option import Option, lend_cap
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.reclaim import reclaim
from qianhang.compute.policy.reserve import reserve
from qianhang.compute.policy.view import View

__all__ = ["at_once", "decide", "settle"]

_MAKE = tuple.__new__  # what the class itself calls, a layer of Python less


def decide(view: View, queue: Queue, now: float, params: Params) -> tuple[Decision, ...]:
    """What to do next; carry it out and ask again until nothing is left.

    view, queue : read, never changed, but for what entries keep of being told to stand back
    now : seconds since 1970 UTC
    The order: jobs for which room is kept, by age; then tier, fair share of the organisation,
    smallest estimated area, age. A job may start where that does not put off a reservation.
    """
    if queue.review or now >= view.renew:
        found = reserve(view, queue, now, params)
        if found is not None:
            return (found,)
    if view.holds:
        chosen = _late(view, queue, now, params)
        if chosen is not None:
            return (chosen,)
    best: tuple | None = None
    ways: Sequence[Option] = ()
    steps = view.steps
    for klass, options in queue.touched.items():
        for org, line in klass.lines.items():
            if line:
                rank: tuple = line[0]
                if steps:
                    rank = (rank[0], steps.get(org, 0), *rank[1:])
                if best is None or rank < best:
                    found_ways = _room(rank[-1], options, view, now=now, params=params)
                    if found_ways:
                        best, ways = rank, found_ways
    if best is not None:
        return (_start(best[-1], ways, now, params),)
    return reclaim(view, queue, now) if view.lends else ()


def _late(view: View, queue: Queue, now: float, params: Params) -> Start | None:
    """The start of the oldest job for which room is kept and that has room now."""
    entries, touched = queue.entries, queue.touched
    able: list[Entry] = []
    for klass in touched:
        if klass.kept:
            break
    else:
        return None
    for rack in view.holds.values():
        if rack.hold is not None:
            entry = entries[rack.hold.job]
            if touched.get(entry.klass):
                able.append(entry)
    if len(able) > 1:
        able.sort(key=lambda one: (one.due, one.job.id))
    for entry in able:
        ways = _room(entry, touched[entry.klass], view, now=now, params=params)
        if ways:
            return _start(entry, ways, now, params)
    return None


def settle(view: View, queue: Queue, now: float, params: Params) -> Iterator[Decision]:
    """Every decision of this moment, each carried out in the ledgers before the next is made."""
    queue.tick(now)
    while queue.touched or queue.review:
        found = decide(view, queue, now, params)
        if not found:
            view.rest(queue, now)
            return
        for decision in found:
            view.carry_out(decision, queue, now)
            yield decision


def at_once(entry: Entry, view: View, queue: Queue, *, now: float, params: Params) -> Start | None:
    """The start of a job that has just come and stands in no queue yet, as `decide` would make it.

    None where it has to be queued: no room, or something else may have to be decided first.
    """
    klass, job = entry.klass, entry.job
    idle = not (queue.touched or queue.review or klass.waiting) and now < view.renew
    calm = job.deadline is None and job.max_wait_s is None
    if not (idle and calm) or view.lends or klass.parts > 1:
        return None
    ways = _room(entry, klass.ranked, view, now=now, params=params)
    return _start(entry, ways, now, params) if ways else None


def _room(
    entry: Entry, options: Sequence[Option], view: View, *, now: float, params: Params
) -> Sequence[Option]:
    """Those options on which the job fits now without putting off a reservation for another."""
    klass = entry.klass
    total, chips, alone = klass.total, klass.chips, klass.replicas == 1
    if klass.pinned and options:
        rack = options[0].rack
        if rack.loose and rack.hold is None and klass.plain:
            return options if total <= rack.free and rack.up else ()
        return options if _fits(entry, options[0], view, now, params) else ()
    found = []
    for option in options:
        rack = option.rack
        if rack.hold is None and klass.plain:
            if total > rack.free or not rack.up or rack.wanted:
                continue
            if rack.loose or (rack.top >= chips and (alone or rack.slots(chips) >= klass.replicas)):
                found.append(option)
        elif _fits(entry, option, view, now, params):
            found.append(option)
    if view.crowded and len(klass.options) > 1 and found:
        return polite(entry, found, now, params)
    return found


def _fits(entry: Entry, option: Option, view: View, now: float, params: Params) -> bool:
    rack, klass = option.rack, entry.klass
    if not rack.up or (klass.total > rack.free and not klass.part):
        return False
    hold = rack.hold
    own = hold is not None and hold.job == entry.job.id
    if rack.wanted and not klass.pinned and not own:
        return False
    if option.lent and view.lent[rack.pool.id] + klass.total > lend_cap(rack.pool):
        return False
    believed = entry.job.estimate_s if hold is not None and hold.strict else entry.estimate
    run_s = option.data_s + believed / option.speed
    short = hold is None or own or now + run_s * params.margin <= hold.at
    if klass.part:
        return rack.fits_parts(klass.part, klass.replicas, short=short)
    return rack.fits(klass.chips, klass.replicas, short=short)


def _start(entry: Entry, ways: Sequence[Option], now: float, params: Params) -> Start:
    job, rates = entry.job, params.rates
    wait = rates[job.tier] if job.tier < len(rates) else rates[-1]
    option = ways[0] if len(ways) == 1 else _cheapest(entry, ways, wait, now)
    run_s = entry.estimate / option.speed
    part = entry.parts - entry.left
    return _MAKE(Start, (job.id, option, run_s, wait, job.want, part))


def _cheapest(entry: Entry, ways: Sequence[Option], wait: float, now: float) -> Option:
    """The way of the lowest sum.

    Of equals the rack that fewest jobs without another place want, then that with the smallest gap
    and the smallest pool; where there are such jobs, the emptier goes before the smaller gap.
    """
    klass = entry.klass
    flat, chips, best, least = klass.flat, klass.chips, ways[0], None
    crowded = any([option.rack.own_work for option in ways])  # noqa: C419 - half the time
    if flat and not crowded:
        return _snuggest(ways, chips)
    for at, option in enumerate(ways):
        rack = option.rack
        cost = 0.0 if flat else option.fen(entry.estimate / option.speed, wait)
        crowd = rack.pressure(now) - rack.free / rack.chips if crowded else 0.0
        if least is not None and (cost > least[0] or (cost == least[0] and crowd > least[1])):
            continue
        rank = (cost, crowd, rack.gap(chips), rack.chips, at)
        if least is None or rank < least:
            best, least = option, rank
    return best


def _snuggest(ways: Sequence[Option], chips: int) -> Option:
    """The way of the smallest gap, and of these the first: the smallest pools come first."""
    best, least = ways[0], ways[0].rack.gap(chips)
    for option in ways:
        if not least:
            break
        gap = option.rack.gap(chips)
        if gap < least:
            best, least = option, gap
    return best
