"""Room kept for jobs past their due time: one reservation a pool, where it is soonest."""

from __future__ import annotations

from qianhang.compute.policy.decision import Reserve
from qianhang.compute.policy.entry import Entry
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.rack import Rack
from qianhang.compute.policy.view import View

__all__ = ["reserve", "soonest"]


def reserve(view: View, queue: Queue, now: float, params: Params) -> Reserve | None:
    """The next reservation to make or to make anew, or None."""
    for rack in view.holds.values():
        hold = rack.hold
        if hold and (hold.at <= now or now - hold.made >= params.renew_s):
            found = _best(queue.entries[hold.job], [rack], now=now, params=params)
            if found:
                return found._replace(hard=hold.hard, strict=hold.strict or hold.at <= now)
    if not queue.review or len(view.holds) >= len(view.lent):
        return None
    held = {rack.hold.job for rack in view.holds.values() if rack.hold}
    for _, name, entry, hard in _candidates(queue, now, params):
        if name in held:
            continue
        racks = [
            rack
            for rack in _open(entry, view)
            if not hard or view.quiet.get(rack.pool.id, 0.0) <= now
        ]
        found = _best(entry, racks, now=now, params=params) if racks else None
        if found:
            return found._replace(hard=hard)
    return None


def _open(entry: Entry, view: View) -> list[Rack]:
    return [
        option.rack
        for option in entry.klass.options
        if option.rack.up and option.rack.pool.id not in view.holds and not option.lent
    ]


def _candidates(queue: Queue, now: float, params: Params) -> list[tuple[float, str, Entry, bool]]:
    """Late jobs by due time: the first of each class, and the oldest of all past its hard age."""
    found = {
        line[0][3]: (line[0][4].due, line[0][3], line[0][4], False)
        for klass in queue.old
        for line in klass.lines.values()
        if line and line[0][4].late
    }
    for klass in queue.old:
        due, name, entry = klass.late[0]
        if name not in found and now >= due + params.hard_after_s:
            found[name] = (due, name, entry, True)
    return sorted(found.values(), key=lambda one: one[:2])


def _best(entry: Entry, racks: list[Rack], *, now: float, params: Params) -> Reserve | None:
    times = [(soonest(rack, entry, now=now, params=params), at) for at, rack in enumerate(racks)]
    (at, nodes, needs), index = min(times, key=lambda found: (found[0][0], found[1]))
    if at == float("inf"):
        return None
    rack = racks[index]
    return Reserve(entry.job.id, rack.pool.id, at, rack.index, nodes, needs)


def soonest(
    rack: Rack, entry: Entry, *, now: float, params: Params
) -> tuple[float, tuple[int, ...], tuple[int, ...]]:
    """When the rack is expected to have room for the job, on which nodes,
    with how many chips of each.

    Infinite where it never has. The time is above now: a job that fits now needs no reservation.
    """
    klass = entry.klass
    ends = sorted(
        ((run.expected(now, params.overrun), at, run) for at, run in enumerate(rack.runs)),
        key=lambda item: item[:2],
    )
    if rack.loose:
        free = rack.free
        if free >= klass.total:
            return now + 1.0, (), ()
        for end, _, run in ends:
            free += run.klass.total
            if free >= klass.total:
                return end, (), ()
        return float("inf"), (), ()
    chips, free_on = klass.chips, list(rack.node_free)
    slots = sum(free // chips for free in free_on)
    if slots >= klass.replicas:
        return now + 1.0, *_chosen(rack, free_on, chips, replicas=klass.replicas)
    for end, _, run in ends:
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
