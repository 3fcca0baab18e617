"""The search itself, by PyVRP, and a bound that holds without one.

Source: Wouda, Lan & Kool (2024), PyVRP: a high-performance VRP solver package, INFORMS Journal on
Computing 36, 943-955; Haimovich & Rinnooy Kan (1985), Mathematics of Operations Research 10,
527-542 for the radial bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qianhang.packs.logistics.routing.network import Network

__all__ = ["bound", "search"]

_NEVER = 10**9


def search(network: Network, *, iterations: int, seed: int) -> list[list[int]]:
    """Routes after so many iterations of iterated local search; the same seed gives the same.

    Empty where no plan was found that keeps load, fleet and times.
    """
    from pyvrp import Client, Depot, Location, ProblemData, VehicleType, solve
    from pyvrp.stop import MaxIterations

    n, clock = len(network.stops), network.clock

    def at(moment: float) -> int:
        return int(np.floor(moment * clock)) if moment < _NEVER else np.iinfo(np.int64).max

    clients = [
        Client(
            k,
            delivery=[_whole(network, network.demand[k])],
            service_duration=int(np.ceil(network.service[k] * clock)),
            tw_early=int(np.ceil(network.opens[k] * clock)),
            tw_late=at(float(network.closes[k])),
        )
        for k in range(1, n)
    ]
    fixed = network.per_vehicle / max(network.per_unit * network.step, 1e-12)
    vehicle = VehicleType(
        network.vehicles or n - 1,
        [int(network.capacity * _unit(network) + 1e-6)],
        fixed_cost=round(fixed),
        shift_duration=at(network.shift) if network.shift else np.iinfo(np.int64).max,
        tw_early=int(np.ceil(network.opens[0] * clock)),
        tw_late=at(float(network.closes[0])),
    )
    places = [Location(float(x), float(y)) for x, y in network.places]
    ways: Any = ([network.distance], [network.duration])
    data = ProblemData(places, clients, [Depot(0)], [vehicle], *ways)
    found = solve(data, stop=MaxIterations(iterations), seed=seed, display=False)
    if not found.is_feasible():
        return []
    return [
        [act.idx + 1 for act in route.schedule() if act.is_client()]
        for route in found.best.routes()
    ]


def _unit(network: Network) -> float:
    """By what demands are multiplied so that they are whole."""
    return 1.0 if np.array_equal(network.demand, np.rint(network.demand)) else 1000.0


def _whole(network: Network, amount: float) -> int:
    return int(np.ceil(amount * _unit(network) - 1e-6))


def bound(network: Network) -> float:
    """A cost below which no plan can be, proven but far away.

    The larger of two. Every stop and the depot have legs, each counted at both of its ends and no
    shorter than the shortest there. And whoever brings a load goes as far as it is asked for and
    back, which is shared out over a full vehicle.
    """
    far = network.distance.astype(float).copy()
    np.fill_diagonal(far, np.inf)
    fewest = int(np.ceil(network.demand.sum() / network.capacity - 1e-9))
    near = np.minimum(far, far.T)
    least = np.sort(near, axis=1)
    # A stop alone on its route has the depot on both sides.
    pair = least[1:, 0] + (least[1:, 1] if len(far) > 2 else least[1:, 0])
    legs = np.minimum(pair, 2 * near[1:, 0]).sum() / 2
    depot = least[0, : max(fewest, 1)].sum()
    radial = 0.0
    if len(far) <= 1500:
        radial = 2 * float((_shortest(network)[1:] * network.demand[1:]).sum()) / network.capacity
    longest = max(legs + depot, radial) * network.step
    return float(network.per_unit * longest + network.per_vehicle * max(fewest, 1))


def _shortest(network: Network) -> np.ndarray:
    """(n,) length of the shortest way from the depot to each stop, over any others."""
    from scipy.sparse.csgraph import dijkstra

    both = np.minimum(network.distance, network.distance.T).astype(float)
    # A length of zero would be no way at all.
    return np.asarray(dijkstra(np.maximum(both, 1e-9), directed=False, indices=0))
