"""Routes as tables that a dispatcher reads: stops in order, legs on a map, vehicles over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qianhang.packs.logistics.routing.network import Network

__all__ = ["facts", "plan_table"]

_LANES = 20


def plan_table(network: Network, routes: Sequence[Sequence[int]]) -> pd.DataFrame:
    """One row a visit: route, position, stop, demand, arrives, leaves, driven since the depot."""
    lines = []
    for number, route in enumerate(routes, start=1):
        moment, way, at = float(network.opens[0]), 0.0, 0
        for position, stop in enumerate(route, start=1):
            leg = float(network.distance[at, stop]) * network.step
            way += leg
            arrive = moment + float(network.duration[at, stop]) / network.clock
            begin = max(arrive, float(network.opens[stop]))
            moment = begin + float(network.service[stop])
            lines.append(
                (
                    number,
                    position,
                    network.stops[stop],
                    float(network.demand[stop]),
                    begin,
                    moment,
                    way,
                )
            )
            at = stop
    columns = ["route", "position", "stop", "demand", "arrives", "leaves", "driven"]
    return pd.DataFrame(lines, columns=columns)


def facts(network: Network, routes: Sequence[Sequence[int]]) -> dict[str, pd.DataFrame]:
    """map (a row each leg and place), vehicles (a row each), schedule (of the first vehicles)."""
    legs, vehicles, lanes = [], [], []
    for number, route in enumerate(routes, start=1):
        way = [0, *route, 0]
        for a, b in zip(way, way[1:], strict=False):
            legs.append((*_xy(network, a), *_xy(network, b), float(number), ""))
        length = float(sum(network.distance[a, b] for a, b in zip(way, way[1:], strict=False)))
        load = float(network.demand[list(route)].sum())
        share = load / network.capacity if network.capacity else float("nan")
        vehicles.append((number, len(route), load, share, length * network.step))
        if number <= _LANES:
            lanes += _lane(network, number, route)
    places = [(*_xy(network, k), np.nan, np.nan, np.nan, "") for k in range(len(network.stops))]
    places[0] = (*places[0][:5], network.stops[0])
    columns = ["x", "y", "x2", "y2", "value", "mark"]
    return {
        "map": pd.DataFrame([*places, *legs], columns=columns),
        "vehicles": pd.DataFrame(vehicles, columns=["route", "visits", "load", "filled", "length"]),
        "schedule": pd.DataFrame(lanes, columns=["lane", "start", "end", "item"]),
    }


def _xy(network: Network, stop: int) -> tuple[float, float]:
    """Easting and northing; latitudes stand first in places on the earth."""
    a, b = (float(v) for v in network.places[stop])
    return (b, a) if network.measure == "earth" else (a, b)


def _lane(
    network: Network, number: int, route: Sequence[int]
) -> list[tuple[str, float, float, str]]:
    """The visits of one vehicle as pieces of time, the way between them left open."""
    found = []
    moment, at = float(network.opens[0]), 0
    for stop in route:
        moment += float(network.duration[at, stop]) / network.clock
        moment = max(moment, float(network.opens[stop]))
        wide = max(float(network.service[stop]), 0.0)
        found.append((f"{number}", moment, moment + wide, network.stops[stop]))
        moment, at = moment + wide, stop
    back = moment + float(network.duration[at, 0]) / network.clock
    return [(f"{number}", float(network.opens[0]), back, network.stops[0]), *found]
