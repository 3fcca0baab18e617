"""From a network and readings to alarms: the model that is fitted, and the watch that it keeps."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.detect import Places, Settings, SourceModel, cover
from qianhang.packs.water.leak_detection.network import Network
from qianhang.packs.water.leak_detection.plant import Cell, WatchedNetwork, find_cells
from qianhang.packs.water.leak_detection.prior import Errors, covariances
from qianhang.packs.water.leak_detection.readings import match_readings

__all__ = ["alarm_frame", "drawing", "junction_distance", "learn", "settings_of", "watch"]

Array = NDArray[np.float64]
Params = Mapping[str, Any]
_SIZES = (3.0, 15.0)  # m3/h


def learn(path: Path, table: pd.DataFrame, params: Params) -> SourceModel:
    """What leaks would look like in this network, and how wrong the network file may be.

    table : readings that say which sensors there are and how the network is run, no leaks needed
    """
    with Network(path) as network:
        readings = match_readings(table, network, offset_s=float(params["clock_offset_s"]))
        cells = find_cells(network, readings, levels=int(params["levels"]), least=0.05)
        between = junction_distance(network)
        places = cover(between, float(params["spacing_m"]))
        plant = WatchedNetwork(network, readings, cells, places=places.tolist())
        count = range(len(places))
        responses = np.array(
            [plant.responses(0, count, sizes=np.full(len(count), q), known={}) for q in _SIZES]
        )
        pipes = plant.busiest_pipes(int(params["pipes"]))
        owner = between[:, places].argmin(axis=1)
        errors = _errors(params)
        bias, noise = covariances(
            plant, responses[0], owner, plant.roughness_effects(pipes.tolist()), errors
        )
    notes = {
        "network": path.read_text(encoding="latin-1"),
        "cells": [asdict(cell) for cell in cells],
        "places": places.tolist(),
        "offset_s": float(params["clock_offset_s"]),
    }
    distance = between[np.ix_(places, places)]
    spots = Places(responses, _SIZES, distance, float(params["reach_m"]))
    return SourceModel(spots, bias, noise, settings_of(params), notes)


def watch(model: SourceModel, table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Alarms day by day, and what led to them: the statistic of each day, residual by sensor.

    Alarms have start (end of the day that brought it), place (pipe), size (m3/h), score (chance
    that the pipe is within reach), node, since, sensors.
    """
    with tempfile.TemporaryDirectory(prefix="qianhang_leak_") as folder:
        path = Path(folder) / "network.inp"
        path.write_text(str(model.notes["network"]), encoding="latin-1")
        with Network(path) as network:
            readings = match_readings(table, network, offset_s=model.notes["offset_s"])
            cells = [_cell(c) for c in model.notes["cells"]]
            plant = WatchedNetwork(network, readings, cells, places=model.notes["places"])
            tracker = model.tracker(plant)
            rows: list[dict[str, Any]] = []
            for day in range(plant.days):
                for alarm in tracker.step():
                    response = tracker.sources[alarm.source].response
                    rows.append(_alarm(alarm, response, plant, day))
            trace = pd.DataFrame(
                {
                    "time": [readings.index[t.period * readings.per_day] for t in tracker.trace],
                    "statistic": [t.statistic for t in tracker.trace],
                    "threshold": model.settings.open_at,
                    "held": [t.held for t in tracker.trace],
                    "leakage": [t.total for t in tracker.trace],
                }
            )
    return alarm_frame(rows, table.index), {"statistic": trace}


def alarm_frame(rows: list[dict[str, Any]], index: pd.Index) -> pd.DataFrame:
    """Alarms as a frame, with the same columns and types where there are none."""
    names = ("start", "place", "size", "score", "node", "since", "sensors")
    frame = pd.DataFrame(rows, columns=names)
    kinds = {"place": str, "size": float, "score": float, "node": str, "sensors": str}
    frame = frame.astype(kinds)
    for column in ("start", "since"):
        frame[column] = (
            pd.DatetimeIndex(frame[column]).as_unit("ns")
            if len(frame)
            else (pd.DatetimeIndex([], tz=pd.DatetimeIndex(index).tz).as_unit("ns"))
        )
    return frame


def _alarm(alarm: Any, response: Array, plant: WatchedNetwork, day: int) -> dict[str, Any]:
    readings, network = plant.readings, plant.network
    junction = plant.places[alarm.place]
    last = min((day + 1) * readings.per_day - 1, len(readings.index) - 1)
    drop = response.reshape(len(plant.cells), plant.rows)[:, : len(readings.nodes)].mean(axis=0)
    top = np.argsort(drop)[:3]
    return {
        "start": readings.index[last],
        "place": network.pipe_at(network.junctions[junction]),
        "size": round(float(alarm.size), 3),
        "score": round(float(alarm.chance), 4),
        "node": network.junctions[junction],
        "since": readings.index[alarm.start * readings.per_day],
        "sensors": ", ".join(
            f"{readings.nodes[k]} {100 * drop[k] * alarm.size:+.0f} cm" for k in top
        ),
    }


def junction_distance(network: Network) -> Array:
    """Shortest way along pipes between junctions, (junctions, junctions), m."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    model = network.model
    number = {n: i for i, n in enumerate(model.node_name_list)}
    ends = [(number[k.start_node_name], number[k.end_node_name]) for _, k in model.links()]
    length = [max(float(getattr(k, "length", 0.0) or 0.0), 0.01) for _, k in model.links()]
    start, end = np.array(ends).T
    graph = csr_matrix((length, (start, end)), shape=(len(number), len(number)))
    rows = np.array([number[n] for n in network.junctions])
    between: Array = dijkstra(graph, directed=False, indices=rows)[:, rows]
    return between


def settings_of(params: Params) -> Settings:
    """The thresholds of the tracker, from the pack's parameters."""
    return Settings(
        open_at=float(params["open_at"]),
        sure=float(params["sure"]),
        likely=float(params["likely"]),
        settle=int(params["settle_days"]),
        worth=float(params["worth_m3h"]),
    )


def _errors(params: Params) -> Errors:
    return Errors(
        demand=float(params["demand_error"]),
        roughness=float(params["roughness_error"]),
        sensor=float(params["sensor_error_m"]),
    )


def _cell(held: Mapping[str, Any]) -> Cell:
    return Cell(
        float(held["above"]),
        float(held["below"]),
        tuple(held["running"]),
        tuple(held["demand"]),
        tuple(held["level"]),
    )


def drawing(path: Path, alarms: pd.DataFrame) -> pd.DataFrame:
    """Pipes and alarmed junctions at their coordinates: x, y, x2, y2, value (m3/h), name, mark."""
    with Network(path) as network:
        model, size = network.model, alarms.groupby("place")["size"].max()
        rows = []
        for name, link in model.links():
            start, end = link.start_node.coordinates, link.end_node.coordinates
            leak = float(size.get(name, 0.0))
            mark = name if leak else ""
            rows.append((start[0], start[1], end[0], end[1], leak, name, mark))
    return pd.DataFrame(rows, columns=["x", "y", "x2", "y2", "value", "name", "mark"])
