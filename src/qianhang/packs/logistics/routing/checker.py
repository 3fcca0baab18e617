"""A plan costed and checked leg by leg with plain arithmetic; shares nothing with the search."""

from __future__ import annotations

import math

import pandas as pd

from qianhang.packs.logistics.routing.network import Network

__all__ = ["broken", "length", "total"]

_SLACK = 1e-6


def length(network: Network, a: int, b: int) -> float:
    """Length of the way from stop a to stop b, in the network's distance unit."""
    if network.measure == "matrix":
        return float(network.distance[a, b]) * network.step
    (p, q), (r, s) = (tuple(map(float, network.places[k])) for k in (a, b))
    if network.measure == "earth":
        return network.detour * _great_circle(p, q, r, s)
    straight = math.hypot(p - r, q - s)
    if network.measure == "round":
        return float(math.floor(straight + 0.5))
    if network.measure == "dimacs":
        return math.floor(10.0 * straight) / 10.0
    return network.detour * straight


def _great_circle(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Length in m by the law of cosines of the sphere, in its form for small angles."""
    a, b = math.radians(lat1), math.radians(lat2)
    turn = math.radians(lon2 - lon1)
    y = math.hypot(
        math.cos(b) * math.sin(turn),
        math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(turn),
    )
    x = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return 6371008.8 * math.atan2(y, x)


def _routes(table: pd.DataFrame) -> dict[object, list[tuple[float, str]]]:
    found: dict[object, list[tuple[float, str]]] = {}
    for row in table[["route", "position", "stop"]].to_dict("records"):
        found.setdefault(row["route"], []).append((float(row["position"]), str(row["stop"])))
    return {route: sorted(stops) for route, stops in found.items()}


def total(network: Network, table: pd.DataFrame) -> float:
    """Cost of the routes: lengths times the cost of a unit, and of each vehicle that drives."""
    number = {name: k for k, name in enumerate(network.stops)}
    cost = 0.0
    for stops in _routes(table).values():
        way = [0, *(number[s] for _, s in stops), 0]
        legs = sum(length(network, a, b) for a, b in zip(way, way[1:], strict=False))
        cost += network.per_vehicle + network.per_unit * legs
    return cost


def broken(network: Network, table: pd.DataFrame) -> list[str]:
    """What the routes break, one sentence each: visits, order, loads, fleet, times."""
    number = {name: k for k, name in enumerate(network.stops)}
    said = [f"{s}: not a stop" for s in table["stop"].astype(str) if s not in number]
    if said:
        return said
    counts = table["stop"].astype(str).value_counts()
    said += [f"{s}: visited {n} times" for s, n in counts.items() if n != 1]
    said += [f"{s}: not visited" for s in network.stops[1:] if s not in counts.index]
    said += ["the depot is visited as a stop"] if network.stops[0] in counts.index else []
    for row in table[["stop", "demand"]].to_dict("records"):
        wanted = float(network.demand[number[str(row["stop"])]])
        if abs(float(row["demand"]) - wanted) > _SLACK * max(1.0, wanted):
            said.append(f"{row['stop']}: brings {row['demand']:g}, asked for {wanted:g}")
    routes = _routes(table)
    if network.vehicles and len(routes) > network.vehicles:
        said.append(f"{len(routes)} vehicles, there are {network.vehicles}")
    for route, stops in routes.items():
        said += _route(network, route, stops, number)
    return said


def _route(
    network: Network, route: object, stops: list[tuple[float, str]], number: dict[str, int]
) -> list[str]:
    said = []
    if [p for p, _ in stops] != list(range(1, len(stops) + 1)):
        said.append(f"route {route}: its stops are not numbered 1 to {len(stops)}")
    if not float(str(route)).is_integer() or float(str(route)) < 1:
        said.append(f"route {route}: not a vehicle")
    visited = [number[s] for _, s in stops]
    load = sum(float(network.demand[k]) for k in visited)
    if load > network.capacity * (1 + _SLACK):
        said.append(f"route {route}: {load:g} on board, {network.capacity:g} fit")
    return said + (_late(network, route, visited) if network.timed else [])


def _late(network: Network, route: object, visited: list[int]) -> list[str]:
    """Stops that are reached after they close, and a route that takes too long even if it starts as
    late as its stops allow."""
    way = [0, *visited, 0]
    begun, late = _times(network, way, float(network.opens[0]))
    if late:
        return [f"route {route}: {network.stops[late]} is reached after it closes"]
    if not network.shift or begun[-1] - begun[0] <= network.shift + 1e-3:
        return []
    # Bisect the latest start from which every stop is still open and the end is no later.
    early, too_late = begun[0], begun[-1]
    for _ in range(60):
        middle = (early + too_late) / 2
        times, missed = _times(network, way, middle)
        if missed or times[-1] > begun[-1] + 1e-9:
            too_late = middle
        else:
            early = middle
    spent = begun[-1] - early
    if spent <= network.shift + 1e-3:
        return []
    return [f"route {route}: takes {spent:g}, the shift is {network.shift:g}"]


def _times(network: Network, way: list[int], start: float) -> tuple[list[float], int]:
    """When each stop of the way is begun, and the first that is reached too late (0 for none)."""
    begun = [start]
    for a, b in zip(way, way[1:], strict=False):
        leave = begun[-1] + (float(network.service[a]) if a else 0.0)
        moment = max(leave + length(network, a, b) / network.pace, float(network.opens[b]))
        if moment > float(network.closes[b]) + 1e-3:
            return begun, b or way[-2]
        begun.append(moment)
    return begun, 0
