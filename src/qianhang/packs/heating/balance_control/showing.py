"""Scores beside the weather curve, and what a page shows: course, buildings, map, states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.results import Episode
from qianhang.engines.control.heatnet import steady_state
from qianhang.packs.heating.balance_control.physics import GROUND
from qianhang.packs.heating.balance_control.simulator import SETTLE_H, HeatedTown

__all__ = ["compare", "tables"]

Floats = NDArray[np.float64]
Totals = Sequence[Mapping[str, float]]
Played = Mapping[str, Mapping[str, Episode]]
_WORST = {"coldest": min, "supply_low": min, "spare_bar": min, "supply_high": max, "ramp": max}
_SHOWN = {"ours": "after", "trivial": "before"}
_POINTS = (0.02, 0.25, 0.5, 0.9)  # shares of the season that is colder


def compare(totals: Totals, fixed: Totals) -> dict[str, float]:
    """Means over towns (extremes of all), and the same beside the weather curve.

    heat_share 1; heat_saved %; cold_extra : most that a town has more cold hours, % points;
    chill_extra : most that a town has more degree-hours below 18 degC, K h
    """
    mean = {k: float(np.mean([t[k] for t in totals])) for k in totals[0]}
    worst = {k: float(f(t[k] for t in totals)) for k, f in _WORST.items()}
    share = sum(t["heat_gj"] for t in totals) / max(sum(t["heat_gj"] for t in fixed), 1e-9)
    pairs = list(zip(totals, fixed, strict=True))
    return {
        "heat_share": share,
        "heat_saved": 100 * (1 - share),
        "cold_extra": max(t["cold_share"] - f["cold_share"] for t, f in pairs),
        "chill_extra": max(t["short_k_h"] - f["short_k_h"] for t, f in pairs),
        **mean,
        **worst,
    }


def tables(house: HeatedTown, unit: str, played: Played) -> dict[str, pd.DataFrame]:
    """course and rooms (6-hourly), buildings, map_before, map_after, states of one town."""
    course, rooms = _course(house, unit, played)
    buildings = _buildings(house, unit, played)
    return {
        "course": course,
        "rooms": rooms,
        "buildings": buildings,
        "map_before": _map(house, buildings, "room_before"),
        "map_after": _map(house, buildings, "room_after"),
        "states": _states(house, played["ours"][unit].table),
    }


def _course(house: HeatedTown, unit: str, played: Played) -> tuple[pd.DataFrame, pd.DataFrame]:
    stamps = house.weather.times[::6]
    course, rooms = pd.DataFrame({"time": stamps}), pd.DataFrame({"time": stamps})
    for name, when in _SHOWN.items():
        table = played[name][unit].table
        slow = table[["outdoor", "supply", "coldest_room", "room_mean", "warmest_room"]]
        slow = slow.groupby(np.arange(len(slow)) // 6).mean()
        course["outdoor"] = slow["outdoor"]
        course[f"supply_{when}"] = slow["supply"]
        for what in ("coldest_room", "room_mean", "warmest_room"):
            rooms[f"{what}_{when}"] = slow[what]
    return course, rooms


def _buildings(house: HeatedTown, unit: str, played: Played) -> pd.DataFrame:
    """Each building before and after, its valve and what role it plays."""
    network = house.town.network
    frame = pd.DataFrame({"building": house.names})
    for name, when in _SHOWN.items():
        table = played[name][unit].table.iloc[SETTLE_H:]
        frame[f"room_{when}"] = [table[f"room_{n}"].mean() for n in house.names]
    after = played["ours"][unit].table.iloc[SETTLE_H:]
    frame["valve"] = 100 * np.array([after[f"valve_{n}"].mean() for n in house.names])
    frame["wide_open"] = 100 * np.array([(after[f"valve_{n}"] > 0.95).mean() for n in house.names])
    frame["distance_m"] = network.length @ network.path
    frame["role"] = _roles(frame)
    frame["x"], frame["y"] = network.x[network.consumer], network.y[network.consumer]
    return frame.sort_values("valve", ascending=False, ignore_index=True)


def _roles(frame: pd.DataFrame) -> list[str]:
    """index : sets the supply, its valve is open most; throttled : got too much before."""
    heard = frame["room_after"].notna()
    index = frame.loc[heard, "wide_open"].idxmax() if heard.any() else -1
    roles = np.where(frame["valve"] < 50, "throttled", "regulated")
    roles = np.where(heard, roles, "no_sensor")
    return ["index" if i == index else str(r) for i, r in enumerate(roles)]


def _map(house: HeatedTown, buildings: pd.DataFrame, column: str) -> pd.DataFrame:
    """Pipes as links without a value, buildings as nodes coloured by mean room temperature."""
    net = house.town.network
    pipes = pd.DataFrame(
        {"x": net.x[net.start], "y": net.y[net.start], "x2": net.x[net.end], "y2": net.y[net.end]}
    )
    nodes = buildings.rename(columns={"building": "name", column: "value"})
    nodes = nodes.assign(mark=nodes["role"] == "index")[["name", "x", "y", "value", "mark"]]
    return pd.concat([pipes.assign(name="", mark=False), nodes], ignore_index=True)


def _states(house: HeatedTown, steps: pd.DataFrame) -> pd.DataFrame:
    """The network at a few moments of the season, ours beside pandapipes."""
    later = steps.iloc[SETTLE_H:]
    order = np.argsort(later["outdoor"].to_numpy(), kind="stable")
    rows = [later.iloc[order[int(p * (len(order) - 1))]] for p in _POINTS]
    return pd.DataFrame([_state(house, row) for row in rows])


def _state(house: HeatedTown, row: pd.Series) -> dict[str, float]:
    town = house.town
    net = town.network
    opening = np.array([row[f"valve_{n}"] for n in house.names])
    mass = net.settled(opening * town.valve, town.head)
    supply = float(row["supply"])
    inlet = GROUND + (supply - GROUND) * net.arriving(mass)
    back = np.minimum([row[f"back_{n}"] for n in house.names], inlet - 0.5)
    told = steady_state(net, mass, supply=supply, back=back, ground=GROUND)
    ours = net.pressure(mass, town.head) / 1e5
    lift = town.head / 1e5 - told["lift_bar"]
    return {
        "outdoor": float(row["outdoor"]),
        "supply": supply,
        "flow_kg_s": float(mass.sum()),
        "heat_mw": told["heat_w"] / 1e6,
        "loss_pandapipes": 100 * told["loss_w"] / told["heat_w"],
        "index_bar": float(ours.min()),
        "index_bar_pandapipes": float(told["pressure"].min() + lift),
        "arriving_gap_k": float(np.abs(told["arriving"] - inlet).max()),
    }
