"""The policy: what to do next, from what runs and what waits. No clock, no input or output."""

from __future__ import annotations

from collections.abc import Iterator

from qianhang.compute.policy.decision import Cost, Decision, Placement, Start
from qianhang.compute.policy.option import Option, lend_cap
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.queue import Entry, Klass, Queue
from qianhang.compute.policy.reclaim import reclaim
from qianhang.compute.policy.reserve import reserve
from qianhang.compute.policy.view import View

__all__ = ["decide", "settle"]


def decide(view: View, queue: Queue, now: float, params: Params) -> tuple[Decision, ...]:
    """What to do next; carry it out and ask again until nothing is left.

    view, queue : read, never changed
    now : seconds since 1970 UTC
    The order: jobs past their due time by age; then tier, fair share of the organisation, smallest
    estimated area, age. A job may start where that does not put off a pool's reservation.
    """
    if queue.review or view.holds:
        found = reserve(view, queue, now, params)
        if found is not None:
            return (found,)
        chosen = _late(view, queue, now, params)
        if chosen is not None:
            return (chosen,)
    best: tuple | None = None
    ways: list[Option] = []
    steps = view.steps
    for klass in queue.touched:
        for org, line in klass.lines.items():
            if line:
                tier, area, since, name, entry = line[0]
                rank = (tier, steps[org] if org in steps else 0, area, since, name, entry)
                if best is None or rank < best:
                    open_ = _room(klass, entry, view, now, params)
                    if open_:
                        best, ways = rank, open_
    if best is not None:
        return (_start(best[5], ways, params),)
    return reclaim(view, queue, now, params) if view.lends else ()


def _late(view: View, queue: Queue, now: float, params: Params) -> Start | None:
    """The start of the oldest late job that has room now: of each class the oldest, and holders."""
    held = [queue.entries[rack.hold.job] for rack in view.holds.values() if rack.hold]
    tried = [klass.late[0][2] for klass in queue.touched if klass.late]
    tried += [entry for entry in held if entry.klass in queue.touched]
    for entry in sorted(tried, key=lambda one: (one.due, one.job.id)):
        ways = _room(entry.klass, entry, view, now, params)
        if ways:
            return _start(entry, ways, params)
    return None


def settle(view: View, queue: Queue, now: float, params: Params) -> Iterator[Decision]:
    """Every decision of this moment, each carried out in the ledgers before the next is made."""
    queue.tick(now)
    while queue.touched or queue.review:
        found = decide(view, queue, now, params)
        if not found:
            queue.touched.clear()
            queue.review = False
            return
        for decision in found:
            view.carry_out(decision, queue, now)
            yield decision


def _room(klass: Klass, entry: Entry, view: View, now: float, params: Params) -> list[Option]:
    """The options on which the job fits now without putting off a reservation for another."""
    found = []
    total, chips, alone = klass.total, klass.chips, klass.replicas == 1
    for option in klass.options:
        rack = option.rack
        if total > rack.free or not rack.up:
            if not klass.part or not rack.up:
                continue
        elif alone and rack.top < chips and not rack.held and not rack.loose and not klass.part:
            continue
        if option.lent and view.lent[rack.pool.id] + total > lend_cap(rack.pool):
            continue
        hold = rack.hold
        short = (
            hold is None
            or hold.job == entry.job.id
            or now + (option.data_s + entry.estimate / option.speed) * params.margin <= hold.at
        )
        if klass.part:
            fits = rack.fits_parts(klass.part, klass.replicas, short=short)
        elif hold is None and (alone or rack.loose):
            fits = True
        else:
            fits = rack.fits(chips, klass.replicas, short=short)
        if fits:
            found.append(option)
    return found


def _start(entry: Entry, ways: list[Option], params: Params) -> Start:
    klass, job = entry.klass, entry.job
    wait = params.waiting(job.tier)
    option = ways[0] if len(ways) == 1 else _cheapest(klass, entry, ways, wait)
    run = entry.estimate / option.speed
    rack = option.rack
    place = Placement(rack.pool.id, rack.flavour, klass.replicas, job.want.chips, rack.index)
    cost = Cost(
        int(option.price * run + 0.5), -int(0.5 - option.voucher * run), int(wait * run + 0.5),
        int(wait * option.data_s + 0.5), int(option.power * run + 0.5),
        int(option.carbon * run + 0.5), option.move,
    )  # fmt: skip
    return Start(job.id, place, option.data_s + run, cost, entry.parts - entry.left)


def _cheapest(klass: Klass, entry: Entry, ways: list[Option], wait: float) -> Option:
    """The way of the lowest sum; of equals that with the smallest gap, then the smallest pool."""
    chips, best, least = klass.chips, ways[0], None
    for at, option in enumerate(ways):
        rack = option.rack
        cost = 0.0 if klass.flat else _sum(option, entry, wait)
        if least is not None and cost > least[0]:
            continue
        rank = (cost, rack.gap(chips), rack.chips, at)
        if least is None or rank < least:
            best, least = option, rank
    return best


def _sum(option: Option, entry: Entry, wait: float) -> float:
    run = entry.estimate / option.speed
    second = option.price + option.voucher + option.power + option.carbon + wait
    return run * second + wait * option.data_s + option.move
