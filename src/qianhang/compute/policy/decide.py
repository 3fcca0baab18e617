"""The policy: what to do next, from what runs and what waits. No clock, no input or output."""

from __future__ import annotations

from collections.abc import Iterator

from qianhang.compute.policy.decision import (
    Cost,
    Decision,
    Placement,
    Start,
)
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
    late: Entry | None = None
    best: tuple | None = None
    steps = view.steps
    for klass in queue.touched:
        if klass.late:
            for entry in _first(klass, view, queue):
                if (late is None or _rank(entry) < _rank(late)) and _room(
                    klass, entry, view, now, params
                ):
                    late = entry
        if late is None:
            for org, line in klass.lines.items():
                if not line:
                    continue
                tier, area, since, name, entry = line[0]
                rank = (tier, steps.get(org, 0) if steps else 0, area, since, name, entry)
                if (best is None or rank < best) and _room(klass, entry, view, now, params):
                    best = rank
    chosen = late or (best[-1] if best else None)
    if chosen is not None:
        return (_start(chosen, view, now, params),)
    return reclaim(view, queue, now, params) if view.lends else ()


def _first(klass: Klass, view: View, queue: Queue) -> list[Entry]:
    """The oldest late job of the class, and those for which room is kept."""
    held = [queue.entries[rack.hold.job] for rack in view.holds.values() if rack.hold]
    return [klass.late[0][2], *(entry for entry in held if entry.klass is klass)]


def _rank(entry: Entry) -> tuple[float, str]:
    return entry.due, entry.job.id


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
    total, chips, replicas = klass.total, klass.chips, klass.replicas
    for option in klass.options:
        rack = option.rack
        if (total > rack.free and not klass.part) or not rack.up:
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
            fits = rack.fits_parts(klass.part, replicas, short=short)
        else:
            fits = rack.fits(chips, replicas, short=short)
        if fits:
            found.append(option)
    return found


def _start(entry: Entry, view: View, now: float, params: Params) -> Start:
    klass, job = entry.klass, entry.job
    ways = _room(klass, entry, view, now, params)
    wait = params.waiting(job.tier)
    if len(ways) == 1:
        option, others = ways[0], ()
    else:
        ranked = sorted(
            (_sum(option, entry, wait), option.rack.gap(klass.chips), option.rack.chips, at)
            for at, option in enumerate(ways)
        )
        option = ways[ranked[0][-1]]
        others = tuple((ways[at].rack.pool.id, round(fen)) for fen, _, _, at in ranked[1:])
    run = entry.estimate / option.speed
    rack = option.rack
    place = Placement(rack.pool.id, rack.flavour, klass.replicas, job.want.chips, rack.index)
    cost = Cost(
        int(option.price * run + 0.5), -int(0.5 - option.voucher * run), int(wait * run + 0.5),
        int(wait * option.data_s + 0.5), int(option.power * run + 0.5),
        int(option.carbon * run + 0.5), option.move,
    )  # fmt: skip
    return Start(job.id, place, option.data_s + run, cost, others, entry.parts - entry.left)


def _sum(option: Option, entry: Entry, wait: float) -> float:
    run = entry.estimate / option.speed
    second = option.price + option.voucher + option.power + option.carbon + wait
    return run * second + wait * option.data_s + option.move
