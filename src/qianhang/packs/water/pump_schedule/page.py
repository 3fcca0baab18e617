"""Tables that a dispatcher reads: runs, levels, tariff, energy, the map of lowest pressures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from qianhang.packs.water.pump_schedule import check
from qianhang.packs.water.pump_schedule.document import Document, Run
from qianhang.packs.water.pump_schedule.plant import Day, Plant

__all__ = ["tables", "worth_of_water"]


def tables(
    plant: Plant, document: Document, runs: Sequence[Run], day: Day, own: Day
) -> dict[str, pd.DataFrame]:
    """runs (lane, start, end in h), levels, tariff, energy and network, each a frame."""
    bare = document.unscheduled()
    found = check.simulate(bare.with_runs(runs))
    energy = _energy(plant, runs, day, own)
    lowest = found.lowest
    result = {
        "runs": pd.DataFrame(
            {
                "lane": [r.pump for r in runs],
                "start": [r.start / 3600 for r in runs],
                "end": [r.end / 3600 for r in runs],
            }
        ),
        "tariff": _tariff(plant),
        "energy": energy,
        "network": _drawing(document, lowest, set(plant.judged)),
    }
    if plant.tanks:
        result["levels"] = _levels(plant, day)
    return result


def worth_of_water(plant: Plant, worth: Any) -> pd.DataFrame | None:
    """What one more m3 left in each tank at the end of the day costs, by the linear estimate."""
    if worth is None or not plant.tanks:
        return None
    return pd.DataFrame({"tank": list(plant.tanks), "price": np.asarray(worth, dtype=float)})


def _levels(plant: Plant, day: Day) -> pd.DataFrame:
    frame = pd.DataFrame(np.array(day.trace.levels), columns=list(plant.tanks))
    return frame.assign(hour=np.array(day.trace.time) / 3600).set_index("hour").reset_index()


def _tariff(plant: Plant) -> pd.DataFrame:
    """A column for each price curve, named by its pumps."""
    curves: dict[tuple[float, ...], list[str]] = {}
    for pump, prices in zip(plant.pumps, plant.prices.tolist(), strict=True):
        curves.setdefault(tuple(prices), []).append(pump)
    hours = np.arange(plant.prices.shape[1]) * 24 / plant.prices.shape[1]
    named = {", ".join(pumps): list(curve) for curve, pumps in curves.items()}
    return pd.DataFrame({"hour": hours, **named})


def _energy(plant: Plant, runs: Sequence[Run], day: Day, own: Day) -> pd.DataFrame:
    """Each pump's energy under the plan and under the file's own controls, and its starts."""
    times = np.array(day.trace.time)
    hours = np.diff(np.append(times, times[-1])) / 3600
    volume = np.array(day.trace.flows).T @ hours
    rows = []
    for number, pump in enumerate(plant.pumps):
        kwh = float(day.kwh[number])
        lifted = float(volume[number])
        rows.append(
            {
                "pump": pump,
                "mwh": kwh / 1000,
                "mwh_own": float(own.kwh[number]) / 1000,
                "starts": sum(r.pump == pump for r in runs),
                "volume": lifted,
                "kwh_per_m3": kwh / lifted if lifted > 1 else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def _drawing(document: Document, lowest: pd.Series, judged: set[str]) -> pd.DataFrame:
    """Links and demand junctions at their coordinates, value the lowest pressure of the day, m."""
    places = {w[0]: (float(w[1]), float(w[2])) for w in document.rows("COORDINATES")}
    rows = []
    for section in ("PIPES", "PUMPS", "VALVES"):
        for words in document.rows(section):
            name, a, b = words[:3]
            if a in places and b in places:
                value = float(min(lowest.get(a, np.nan), lowest.get(b, np.nan)))
                mark = name if section == "PUMPS" else ""
                rows.append((*places[a], *places[b], value, name, mark))
    ranked = lowest[[n for n in lowest.index if n in judged]].sort_values()
    for name in ranked.index[:3]:
        if name in places:
            rows.append((*places[name], np.nan, np.nan, float(ranked[name]), name, name))
    columns = ["x", "y", "x2", "y2", "value", "name", "mark"]
    return pd.DataFrame(rows, columns=columns)
