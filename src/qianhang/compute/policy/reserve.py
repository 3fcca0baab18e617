"""Room kept for jobs past their due time: one reservation a pool, where it is soonest."""

from __future__ import annotations

from collections.abc import Iterator

from qianhang.compute.policy.decision import Reserve
from qianhang.compute.policy.entry import Entry, Head, Klass
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.rack import Rack
from qianhang.compute.policy.view import View

__all__ = ["reserve", "soonest"]


def reserve(view: View, queue: Queue, now: float, params: Params) -> Reserve | None:
    """The next reservation to make or to make anew, or None."""
    if now >= view.renew:
        found = _renewed(view, queue, now, params)
        if found:
            return found
    if queue.review and view.open:
        for entry, racks, hard in _candidates(view, queue, now):
            if entry.kept is None:
                found = _best(entry, racks, now=now, params=params, hard=hard)
                if found:
                    return found
    return None


def _renewed(view: View, queue: Queue, now: float, params: Params) -> Reserve | None:
    """The first reservation whose time has passed, or that is old, made anew."""
    for rack in view.holds.values():
        hold = rack.hold
        if hold and (hold.at <= now or now >= hold.made + params.renew_s):
            entry = queue.entries[hold.job]
            passed = hold.at <= now
            found = _best(
                entry, [rack, *_open(entry.klass)] if passed else [rack], now=now, params=params,
                hard=hold.hard, strict=hold.strict or passed,
            )  # fmt: skip
            if found:
                return found
    return None


def _open(klass: Klass) -> list[Rack]:
    return [option.rack for option in klass.options if not option.lent and option.rack.open]


def _candidates(view: View, queue: Queue, now: float) -> Iterator[tuple[Entry, list[Rack], bool]]:
    """Who may have a reservation, on which racks, and whether for its hard age.

    By due time, jobs that ask for one, and the first and the oldest of each class past their hard
    age; then the first job of each pool's order, once it has waited long enough for that.
    """
    found = []
    for klass in queue.old:
        if klass.stale:
            klass.renew()
        if klass.asks > now or (klass.pinned and not klass.options[0].rack.open):
            continue
        racks = _open(klass)
        calm = racks
        if klass.crowding:
            calm = [rack for rack in racks if view.quiet.get(rack.pool.id, 0.0) <= now]
        heads = [line[0][4] for line in klass.lines.values() if line] if racks else ()
        for entry in dict.fromkeys((klass.late[0][2], *heads)) if racks else ():
            if entry.late and not entry.ripe:
                found.append((entry.due, entry.job.id, entry, racks, False))
            elif calm and now >= (hard_at := entry.job.submitted + klass.hard_s):
                found.append((hard_at, entry.job.id, entry, calm, True))
    if found:
        for _, _, entry, racks, hard in sorted(found, key=lambda one: one[:2]):
            yield entry, racks, hard
    for entry in _ripe(view, now):
        racks = _open(entry.klass)
        if racks:
            yield entry, racks, False


def _ripe(view: View, now: float) -> list[Entry]:
    """First jobs of the pools without a hold that have waited long enough, in order."""
    ripe: dict[Entry, Head] = {}
    for rack in view.open:
        head = rack.first()
        if head is not None and head[4].ripe <= now:
            ripe[head[4]] = head
    return sorted(ripe, key=lambda entry: ripe[entry]) if len(ripe) > 1 else list(ripe)


def _best(
    entry: Entry, racks: list[Rack], *, now: float, params: Params, hard: bool, strict: bool = False
) -> Reserve | None:
    best, least = racks[0], soonest(racks[0], entry, now=now, params=params)
    for rack in racks[1:]:
        found = soonest(rack, entry, now=now, params=params)
        if found[0] < least[0]:
            best, least = rack, found
    at, nodes, needs = least
    if at == float("inf"):
        return None
    return Reserve(entry.job.id, best.pool.id, at, best.index, nodes, needs, hard, strict)


def soonest(
    rack: Rack, entry: Entry, *, now: float, params: Params
) -> tuple[float, tuple[int, ...], tuple[int, ...]]:
    """When the rack is expected to have room for the job, on which nodes,
    with how many chips of each.

    Infinite where it never has. The time is above now: a job that fits now needs no reservation.
    """
    klass = entry.klass
    if rack.loose:
        free = rack.free
        if free >= klass.total:
            return now + 1.0, (), ()
        for end, _, run in rack.ends.expected(now, params.overrun):
            free += run.klass.total
            if free >= klass.total:
                return end, (), ()
        return float("inf"), (), ()
    chips, free_on = klass.chips, list(rack.node_free)
    slots = sum(free // chips for free in free_on)
    if slots >= klass.replicas:
        return now + 1.0, *_chosen(rack, free_on, chips, replicas=klass.replicas)
    for end, _, run in rack.ends.expected(now, params.overrun):
        for node in run.nodes:
            slots -= free_on[node] // chips
            free_on[node] += run.klass.chips
            slots += free_on[node] // chips
        if slots >= klass.replicas:
            return end, *_chosen(rack, free_on, chips, replicas=klass.replicas)
    return float("inf"), (), ()


def _chosen(
    rack: Rack, free_on: list[int], chips: int, *, replicas: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Nodes that hold the replicas by then, those that are emptiest already first."""
    order = sorted(
        (node for node, free in enumerate(free_on) if free >= chips),
        key=lambda node: (-rack.node_free[node], node),
    )
    nodes, needs = [], []
    for node in order:
        if replicas <= 0:
            break
        count = min(free_on[node] // chips, replicas)
        nodes.append(node)
        needs.append(count * chips)
        replicas -= count
    return tuple(nodes), tuple(needs)
