"""A simulated network with hidden errors and leaks: readings for proof, never for service."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.packs.water.leak_detection.network import Network

__all__ = ["Twin", "simulate"]

Array = NDArray[np.float64]
_GROUPS = 12


@dataclass(frozen=True, slots=True)
class Twin:
    """Readings (n, sensors), leaks one row each, outflow (n, leaks) m3/h."""

    table: pd.DataFrame
    truth: pd.DataFrame
    flow: pd.DataFrame


def simulate(path: Path, *, seed: int, days: int, leaks: int, sensors: int) -> Twin:
    """What the sensors of a network read hourly while leaks open and are mended, by EPANET.

    Hidden from the watcher: lasting errors of demand (15 %) and roughness (10 %), wander of the
    demand of parts of the network (10 %) and of the whole (3 %), 2 cm of sensor noise.
    """
    rng = np.random.default_rng(seed)
    index = pd.date_range("2026-01-01", periods=days * 24, freq="h", tz="Asia/Shanghai")
    with Network(path) as network:
        nodes = _spread(network, sensors, rng)
        truth, flow = _leaks(network, index, leaks, rng)
    model = _model(path)
    _disturb(model, len(index), rng)
    for _, leak in truth.iterrows():
        name = f"qh_leak_{leak['place']}"
        model.add_pattern(name, flow[leak["place"]].tolist())
        model.get_node(leak["node"]).add_demand(1 / 3600, name)
    result = _run(model, len(index))
    links = [
        n
        for n, k in model.links()
        if {k.start_node_name, k.end_node_name} & set(model.reservoir_name_list)
    ] + list(model.pump_name_list)
    pressure = result.node["pressure"][nodes].to_numpy() + rng.normal(
        0, 0.02, (len(index), len(nodes))
    )
    table = pd.DataFrame(np.round(pressure, 2), index=index, columns=nodes)
    for link in dict.fromkeys(links):
        table[link] = np.round(result.link["flowrate"][link].to_numpy() * 3600, 3)
    for tank in model.tank_name_list:
        table[tank] = np.round(result.node["pressure"][tank].to_numpy(), 4)
    return Twin(table.rename_axis("time"), truth, flow)


def _model(path: Path) -> Any:
    import wntr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wntr.network.WaterNetworkModel(str(path))


def _run(model: Any, steps: int) -> Any:
    import wntr

    model.options.time.duration = (steps - 1) * 3600
    for name in ("hydraulic_timestep", "pattern_timestep", "report_timestep"):
        setattr(model.options.time, name, 3600)
    with tempfile.TemporaryDirectory(prefix="qianhang_twin_") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Unnamed, EPANET writes what it solves to the working folder.
        model.options.hydraulic.hydraulics = "SAVE"
        model.options.hydraulic.hydraulics_filename = f'"{folder}/run.hyd"'
        return wntr.sim.EpanetSimulator(model).run_sim(file_prefix=f"{folder}/run")


def _wander(rng: np.random.Generator, steps: int, *, hours: float, spread: float) -> Array:
    """An autoregressive path about 1, (steps,)."""
    keep = np.exp(-1 / hours)
    shocks = rng.normal(0, spread * np.sqrt(1 - keep**2), steps)
    path = np.empty(steps)
    state = rng.normal(0, spread)
    for i, shock in enumerate(shocks.tolist()):
        state = keep * state + shock
        path[i] = 1 + state
    return path


def _disturb(model: Any, steps: int, rng: np.random.Generator) -> None:
    whole = _wander(rng, steps, hours=36, spread=0.03)
    parts = [whole * _wander(rng, steps, hours=8, spread=0.1) for _ in range(_GROUPS)]
    made: set[str] = set()
    for name in model.junction_name_list:
        demands = model.get_node(name).demand_timeseries_list
        old = [(d.base_value, d.pattern_name) for d in demands if d.base_value]
        demands.clear()
        group, lasting = int(rng.integers(_GROUPS)), float(np.exp(rng.normal(0, 0.15)))
        for base, pattern in old:
            shape = np.ones(1) if pattern is None else model.get_pattern(pattern).multipliers
            wandering = f"qh_{pattern}_{group}"
            if wandering not in made:
                made.add(wandering)
                model.add_pattern(wandering, (np.resize(shape, steps) * parts[group]).tolist())
            demands.append((base * lasting, wandering, ""))
    for name in model.pipe_name_list:
        pipe = model.get_link(name)
        pipe.roughness *= float(np.clip(1 + rng.normal(0, 0.1), 0.6, 1.4))


def _spread(network: Network, count: int, rng: np.random.Generator) -> list[str]:
    """Junctions far from one another, (count,)."""
    places = np.array([network.model.get_node(n).coordinates for n in network.junctions])
    chosen = [int(rng.integers(len(places)))]
    while len(chosen) < min(count, len(places)):
        away = np.min([np.hypot(*(places - places[c]).T) for c in chosen], axis=0)
        chosen.append(int(away.argmax()))
    return [network.junctions[c] for c in sorted(chosen)]


def _leaks(
    network: Network, index: pd.DatetimeIndex, count: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where, when and how much: half of them burst, half of them grow, some are mended."""
    steps, total = len(index), float(network.demands.sum(axis=1).mean())
    rows: list[dict[str, Any]] = []
    flows: dict[str, Array] = {}
    order = rng.permutation(len(network.junctions))
    for number, junction in enumerate(order[: count * 4]):
        node = network.junctions[int(junction)]
        pipe = network.pipe_at(node)
        if pipe in flows or len(flows) == count or pipe not in network.pipes:
            continue
        start = int(steps * (0.3 + 0.55 * len(flows) / count) + rng.integers(0, 24))
        end = steps if number % 3 else min(steps, start + int(0.2 * steps))
        size = total * rng.uniform(0.02, 0.05)
        grow = 1 if len(flows) % 2 == 0 else int(0.1 * steps)
        shape = np.clip((np.arange(steps) - start + 1) / grow, 0, 1) * (np.arange(steps) < end)
        flows[pipe] = np.round(size * shape, 3)
        rows.append(
            {
                "start": index[start],
                "end": index[end - 1],
                "place": pipe,
                "node": node,
                "size": size,
            }
        )
    return pd.DataFrame(rows), pd.DataFrame(flows, index=index)
