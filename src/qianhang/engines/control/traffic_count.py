"""What SUMO wrote about a run, as totals."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

__all__ = ["totals"]

_LATE = 10.0  # s that a vehicle may be due before the end without counting as left outside


def totals(folder: Path, *, hours: float) -> dict[str, float]:
    """Totals of the run whose trips.xml, edges.xml and whole.xml lie in the folder.

    delay_s, s a vehicle : time loss on the road, until the end for those still on it, plus the wait
    to enter, until the end for those that never could (the definition of RESCO)
    undeparted : vehicles that waited more than 10 s to enter and never did
    stops, travel_s, co2_kg, teleports, collisions, vehicles, arrived, hours, lost_h (vehicle-hours)
    `lost:E` vehicle-seconds of time loss and `passed:E` vehicles on edge E
    Source: Ault and Sharon 2021, Reinforcement Learning Benchmarks for Traffic Signal Control.
    """
    count = lost = outside = arrived = stops = travel = carbon = 0.0
    for _, element in ET.iterparse(folder / "trips.xml"):  # noqa: S314 - written by SUMO just now
        if element.tag == "emissions":
            carbon += float(element.get("CO2_abs", 0))
        if element.tag != "tripinfo":
            continue
        wait = float(element.get("departDelay", 0))
        count += 1
        lost += max(float(element.get("timeLoss", 0)), 0.0) + wait
        outside += float(element.get("depart", 0)) < 0 and wait > _LATE
        arrived += float(element.get("arrival", -1)) >= 0
        stops += float(element.get("waitingCount", 0))
        travel += float(element.get("duration", 0))
        element.clear()
    each = max(count, 1.0)
    return {
        "delay_s": lost / each,
        "undeparted": outside,
        "stops": stops / each,
        "travel_s": travel / each,
        "co2_kg": carbon / 1e6,
        "vehicles": count,
        "arrived": arrived,
        "hours": hours,
        "lost_h": lost / 3600,
        **_safety(folder / "whole.xml"),
        **_edges(folder / "edges.xml"),
    }


def _safety(path: Path) -> dict[str, float]:
    root = ET.parse(path).getroot()  # noqa: S314 - written by SUMO just now
    jumps, safety = root.find("teleports"), root.find("safety")
    return {
        "teleports": float(jumps.get("total", 0)) if jumps is not None else 0.0,
        "collisions": float(safety.get("collisions", 0)) if safety is not None else 0.0,
    }


def _edges(path: Path) -> dict[str, float]:
    found = {}
    for _, element in ET.iterparse(path):  # noqa: S314 - written by SUMO just now
        if element.tag == "edge":
            name = element.get("id", "")
            found[f"lost:{name}"] = float(element.get("timeLoss", 0))
            found[f"passed:{name}"] = float(element.get("entered", 0)) + float(
                element.get("departed", 0)
            )
    return found
