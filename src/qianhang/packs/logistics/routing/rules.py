"""What dispatchers do without a search: the nearest next stop, and Clarke and Wright's savings.

Source: Clarke & Wright (1964), Operations Research 12, 568-581.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qianhang.core.errors import ContractError
from qianhang.packs.logistics.routing.network import Network

__all__ = ["fits", "impossible", "nearest", "savings"]


def fits(network: Network, route: Sequence[int]) -> bool:
    """Whether a vehicle can drive the route: load, opening times, shift."""
    if network.demand[list(route)].sum() > network.capacity * (1 + 1e-9):
        return False
    if not network.timed:
        return True
    clock, go = network.clock, network.duration
    moment = start = float(network.opens[0]) * clock
    waited, slack, at = 0.0, float("inf"), 0
    for stop in (*route, 0):
        arrive = moment + network.service[at] * clock + go[at, stop]
        moment = max(arrive, network.opens[stop] * clock)
        if moment > network.closes[stop] * clock:
            return False
        waited += moment - arrive
        slack = min(slack, waited + network.closes[stop] * clock - moment)
        at = stop
    # Whoever starts later waits less on the way, as far as nobody closes.
    return not network.shift or moment - start - min(waited, slack) <= network.shift * clock


def impossible(network: Network) -> ContractError:
    """The error for a network without a plan, with the stops that no vehicle serves even alone."""
    alone = [n for k, n in enumerate(network.stops) if k and not fits(network, [k])]
    hint = "more vehicles (--param vehicles=0 for no limit), wider windows, a longer shift"
    if alone:
        hint = f"not to be served even alone: {', '.join(alone[:8])}"
    said = "no plan found that keeps loads, fleet and opening times"
    return ContractError("QH147", f"{network.name}: {said}", hint=hint)


def nearest(network: Network) -> list[list[int]]:
    """Routes in which each vehicle goes on to the nearest stop that still fits."""
    left = set(range(1, len(network.stops)))
    routes: list[list[int]] = []
    route: list[int] = []
    while left:
        at = route[-1] if route else 0
        near = sorted(left, key=lambda k, at=at: (int(network.distance[at, k]), k))  # type: ignore[misc]  # a default of the loop's own value
        chosen = next((k for k in near if fits(network, [*route, k])), None)
        if chosen is None and not route:
            chosen = near[0]  # nobody can serve it: the checker will say so
        if chosen is None:
            routes.append(route)
            route = []
            continue
        route = [*route, chosen]
        left.remove(chosen)
    return [*routes, route] if route else routes


def savings(network: Network) -> list[list[int]]:
    """Routes by savings: one for each stop, then ends joined where it saves most and still fits."""
    d = network.distance
    n = len(network.stops)
    i, j = np.triu_indices(n - 1, k=1)
    i, j = i + 1, j + 1
    saved = d[i, 0] + d[0, j] - d[i, j]
    order = np.argsort(-saved, kind="stable")
    order = order[saved[order] > 0]
    route = {k: [k] for k in range(1, n)}
    load = {k: float(network.demand[k]) for k in range(1, n)}
    head = {k: k for k in range(1, n)}  # stop -> name of its route
    for a, b in zip(i[order].tolist(), j[order].tolist(), strict=True):
        one, two = head[a], head[b]
        if one == two or load[one] + load[two] > network.capacity * (1 + 1e-9):
            continue
        joined = _joined(route[one], route[two], a, b)
        if joined is None or not _works(network, joined):
            continue
        route[one] = joined if fits(network, joined) else joined[::-1]
        load[one] += load[two]
        for stop in route.pop(two):
            head[stop] = one
    return list(route.values())


def _works(network: Network, route: list[int]) -> bool:
    return not network.timed or fits(network, route) or fits(network, route[::-1])


def _joined(one: list[int], two: list[int], a: int, b: int) -> list[int] | None:
    """The two routes as one where a and b are ends, a beside b; None where either is inside."""
    if a not in (one[0], one[-1]) or b not in (two[0], two[-1]):
        return None
    left = one if one[-1] == a else one[::-1]
    right = two if two[0] == b else two[::-1]
    return left + right
