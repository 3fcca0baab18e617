"""A made-up town on a real network layout: what its buildings are is drawn from a hidden seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.engines.control.heatnet import CP, HeatNetwork

__all__ = ["Town", "draw", "example_layout", "layout_of", "supply_curve"]

Floats = NDArray[np.float64]

_LEAST_HEAD = 6e4  # Pa that the last consumer's station needs at design flow
_AGE = 2.0  # pipes that have lain for decades lose about twice what new ones do
_SPREAD = 35.0  # K between supply and return at design


@dataclass(frozen=True, slots=True)
class Town:
    """Buildings (b,) and their network; everything but names, design and area is hidden.

    design : W at the design temperature; area : m2; loss : W/K through walls and windows
    leak : W/K with the air; light, heavy : J/K of rooms and of walls; tie : W/K between them
    gains : W from people and devices; aperture : m2 of sun let in
    radiator : W/K**1.3; worst : K that the coldest room lies below the mean of its building
    valve : kg/s at 1 Pa ** 0.5, fully open; balanced : opening that a technician would set
    head : Pa of the pump; outside : design temperature, degC; sensor : has a room sensor
    """

    names: tuple[str, ...]
    network: HeatNetwork
    design: Floats
    area: Floats
    loss: Floats
    leak: Floats
    light: Floats
    heavy: Floats
    tie: Floats
    gains: Floats
    aperture: Floats
    radiator: Floats
    worst: Floats
    valve: Floats
    balanced: Floats
    sensor: NDArray[np.bool_]
    head: float
    outside: float


def supply_curve(outdoor: Floats | float, *, outside: float) -> Floats:
    """Supply temperature, degC, that radiators of 80/45 need at 20 degC indoors.

    Source: radiator law with exponent 1.3, supply and return from the heat balance.
    """
    share = np.clip((20.0 - np.asarray(outdoor, dtype=np.float64)) / (20.0 - outside), 0.02, 1.2)
    mean = 20.0 + (62.5 - 20.0) * share ** (1 / 1.3)
    return np.asarray(mean + 0.5 * _SPREAD * share, dtype=np.float64)


def draw(
    names: tuple[str, ...], network: HeatNetwork, *, seed: int, outside: float,
    design: Floats | None = None, area: Floats | None = None,
) -> Town:  # fmt: skip
    """The town of a seed; design loads W and areas m2 where they are known.

    Walls, gains, radiators, balancing and sensors are drawn; ranges are stated in the README.
    """
    rng, b = np.random.default_rng(seed), len(names)
    size = rng.lognormal(np.log(120e3), 0.5, b).clip(40e3, 400e3) if design is None else design
    floor = size / rng.uniform(45, 65, b) if area is None else area
    need = size / (20.0 - outside) * rng.lognormal(np.log(0.80), 0.10, b)
    flow = size / (CP * _SPREAD)
    net = network.sized(flow)
    net = replace(net, loss=_AGE * net.loss)
    head = _LEAST_HEAD - float(net.pressure(flow, 0.0).min())
    wanted = flow / np.sqrt(net.pressure(flow, head))
    open_wide = flow / np.sqrt(_LEAST_HEAD) * rng.lognormal(0.0, 0.15, b)
    return Town(
        names, net, size, floor,
        loss=0.7 * need, leak=0.3 * need,
        light=floor * 6e4, heavy=floor * rng.uniform(2.0e5, 4.5e5, b), tie=floor * 12.0,
        gains=floor * rng.uniform(2.0, 4.5, b), aperture=floor * rng.uniform(0.015, 0.035, b),
        radiator=size / 42.5**1.3 * rng.lognormal(np.log(1.1), 0.10, b),
        worst=rng.uniform(0.2, 0.8, b),
        valve=open_wide, balanced=np.clip(wanted * rng.lognormal(0, 0.1, b) / open_wide, 0.1, 1.0),
        sensor=rng.random(b) > 0.1, head=head, outside=outside,
    )  # fmt: skip


@lru_cache(maxsize=1)
def example_layout() -> tuple[tuple[str, ...], HeatNetwork]:
    """Consumers and pipes of pandapipes' example heating network (Schutterwald)."""
    from pandapipes.networks import schutterwald_heat

    net = schutterwald_heat()
    plant = int(net.circ_pump_pressure.flow_junction.iloc[0])
    pipes = net.pipe[["from_junction", "to_junction"]].to_numpy()
    valves = net.valve[["junction", "element"]].to_numpy()
    ends = np.vstack([pipes, valves])
    lengths = np.concatenate([net.pipe.length_km.to_numpy() * 1000, np.zeros(len(valves))])
    side = _reached(ends, plant)  # the supply side: the return side is its mirror image
    number = {node: i for i, node in enumerate(side)}
    keep = np.array([a in number and b in number for a, b in ends.tolist()])
    mapped = [[number[a], number[b]] for a, b in ends[keep].tolist()]
    consumers = [int(n) for n in net.heat_consumer.from_junction]
    places = net.junction_geodata.loc[side, ["x", "y"]].to_numpy()
    network = HeatNetwork.of(
        places - places.mean(axis=0), mapped, lengths[keep], plant=number[plant],
        consumers=[number[n] for n in consumers],
    )  # fmt: skip
    return tuple(f"B{i + 1:02d}" for i in range(len(consumers))), network


def layout_of(buildings: pd.DataFrame) -> tuple[tuple[str, ...], HeatNetwork]:
    """A network of the shortest pipes that join the plant and the buildings of a list.

    buildings : columns name, x, y m; the row named plant is the source, else it stands at the mean
    Raises ContractError where fewer than two buildings are given or two share a place.
    """
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial.distance import cdist

    is_plant = buildings["name"].astype(str).str.lower().isin(["plant", "热源", "热源厂"])
    homes = buildings[~is_plant]
    if len(homes) < 2:
        raise ContractError("QH132", f"buildings: found {len(homes)}, expected at least 2")
    spots = homes[["x", "y"]].to_numpy(dtype=np.float64)
    source = buildings.loc[is_plant, ["x", "y"]].to_numpy(dtype=np.float64)[:1]
    source = source if len(source) else spots.mean(axis=0, keepdims=True) + 1e-3
    places = np.vstack([source, spots])
    apart = cdist(places, places)
    if (apart[np.triu_indices(len(places), 1)] <= 0).any():
        raise ContractError("QH132", "buildings: two of them stand at the same x, y")
    tree = minimum_spanning_tree(apart).tocoo()
    ends, nodes = np.column_stack([tree.row, tree.col]), np.arange(1, len(places))
    network = HeatNetwork.of(places, ends, tree.data, plant=0, consumers=nodes)
    return tuple(homes["name"].astype(str)), network


def _reached(ends: NDArray[np.int64], plant: int) -> list[int]:
    """Nodes that hang together with the plant."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = int(ends.max()) + 1
    graph = coo_array((np.ones(len(ends)), ends.T), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    return [int(n) for n in np.flatnonzero(label == label[plant])]
