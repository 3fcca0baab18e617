"""A heating network as a tree of twin pipes: flows, pressures, temperatures on arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CP", "HeatNetwork", "steady_state"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CP = 4186.0  # J/(kg K)
_RHO, _MU = 983.0, 4.7e-4  # water at 60 degC
_ROUGH_M = 5e-5
_LIFT_BAR = 6.0  # any lift will do for pandapipes: consumers set the flow
# inner diameter, m, of steel pipes in plastic jackets, and heat loss of one pipe, W/(m K)
_SIZES = np.array([21.7, 28.5, 37.2, 43.1, 54.5, 70.3, 82.5, 107.1, 132.5, 160.3, 210.1, 263.0,
                   312.7, 344.4, 393.8]) / 1000  # fmt: skip
_LOSS = np.array([0.13, 0.15, 0.17, 0.19, 0.21, 0.25, 0.26, 0.27, 0.31, 0.36, 0.39, 0.37, 0.43,
                  0.42, 0.44])  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeatNetwork:
    """Twin pipes from a plant to b consumers, without loops; supply and return are alike.

    x, y : (n,) places of nodes, m; start, end : (e,) nodes of each pipe, plant side first
    length : (e,) m; bore : (e,) inner diameter, m; loss : (e,) heat loss of one pipe, W/(m K)
    consumer : (b,) nodes; path : (e, b) 1 where a pipe lies on a consumer's way
    """

    x: Floats
    y: Floats
    start: Ints
    end: Ints
    length: Floats
    bore: Floats
    loss: Floats
    consumer: Ints
    path: Floats

    @classmethod
    def of(cls, places: ArrayLike, pipes: ArrayLike, lengths: ArrayLike, *, plant: int,
           consumers: ArrayLike) -> Self:  # fmt: skip
        """The tree in a list of pipes; pipes that lead to no consumer are dropped.

        places (n, 2) m; pipes (e, 2) nodes in any order; lengths (e,) m, zero for a valve
        Raises ValueError where a consumer is not reached, or the pipes close a loop.
        """
        spots = np.asarray(places, dtype=np.float64)
        ends = np.asarray(pipes, dtype=np.int64)
        wanted = np.asarray(consumers, dtype=np.int64)
        above = _walk(len(spots), ends, plant)
        path = np.zeros((len(ends), len(wanted)))
        for i, at in enumerate(map(int, wanted)):
            node: int = at
            while node != plant:
                if node not in above:
                    raise ValueError(f"consumer {at} is not connected to the plant")
                path[above[node][0], i] = 1.0
                node = above[node][1]
        used = np.flatnonzero(path.any(axis=1))
        down = {pipe: (node, parent) for node, (pipe, parent) in above.items()}
        end, start = np.array([down[int(p)] for p in used], dtype=np.int64).T
        length = np.maximum(np.asarray(lengths, dtype=np.float64)[used], 0.1)
        blank = np.full(len(used), _SIZES[-1])
        return cls(
            spots[:, 0], spots[:, 1], start, end, length, blank, np.full(len(used), _LOSS[-1]),
            wanted, path[used],
        )  # fmt: skip

    def sized(self, design: ArrayLike, *, gradient: float = 120.0) -> Self:
        """The same tree with the smallest bores that carry `design` (b,) kg/s.

        gradient : the most friction at design flow, Pa/m
        """
        flow = self.path @ np.asarray(design, dtype=np.float64)
        friction = (
            _square(_SIZES)[None] * flow[:, None] ** 2 + _linear(_SIZES)[None] * flow[:, None]
        )
        fits = friction <= gradient
        pick = np.where(fits.any(axis=1), np.argmax(fits, axis=1), len(_SIZES) - 1)
        return replace(self, bore=_SIZES[pick], loss=_LOSS[pick])

    @property
    def friction(self) -> tuple[Floats, Floats]:
        """(e,), (e,): linear and square coefficient of one pipe, Pa/(kg/s) and Pa/(kg/s)^2."""
        return _linear(self.bore) * self.length, _square(self.bore) * self.length

    def pressure(self, mass: Floats, head: float) -> Floats:
        """(..., b) Pa between supply and return at each consumer, mass (..., b) kg/s, head Pa."""
        linear, square = self.friction
        flow = mass @ self.path.T
        drop = linear * flow + square * flow**2
        spare: Floats = head - 2 * drop @ self.path
        return spare

    def arriving(self, mass: Floats) -> Floats:
        """(..., b) share of the excess over the ground that supply water still has on arrival."""
        flow = np.maximum(mass @ self.path.T, 1e-4)
        cooled = (self.loss * self.length / (CP * flow)) @ self.path
        return np.asarray(np.exp(-cooled), dtype=np.float64)

    def settled(self, capacity: Floats, head: float, *, rounds: int = 200) -> Floats:
        """(b,) kg/s that flow where consumer valves pass capacity (b,) kg/s at 1 Pa ** 0.5."""
        mass = capacity * np.sqrt(0.5 * head)
        for _ in range(rounds):
            mass = 0.6 * mass + 0.4 * capacity * np.sqrt(np.maximum(self.pressure(mass, head), 0))
        return np.asarray(mass, dtype=np.float64)


def steady_state(
    network: HeatNetwork, mass: ArrayLike, *, supply: float, back: ArrayLike, ground: float
) -> dict[str, Any]:
    """The same state by pandapipes: pressures, temperatures and heat loss of the whole network.

    mass (b,) kg/s through each consumer; supply degC at the plant; back (b,) degC behind each
    consumer; ground degC. Returns pressure (b,) bar and arriving (b,) degC at consumers, return_c
    degC at the plant, loss_w, heat_w at the plant, lift_bar of its pump.
    """
    import pandapipes as pp

    net = _pandapipes(network, np.asarray(mass, float), supply, np.asarray(back, float), ground)
    pp.pipeflow(net, mode="bidirectional", iter=200)
    n = len(network.x)
    return {
        "pressure": (net.res_junction.p_bar.to_numpy()[network.consumer]
                     - net.res_junction.p_bar.to_numpy()[network.consumer + n]),
        "arriving": net.res_junction.t_k.to_numpy()[network.consumer] - 273.15,
        "return_c": float(net.res_circ_pump_pressure.t_from_k.iloc[0]) - 273.15,
        "loss_w": float(_loss(net)),
        "lift_bar": _LIFT_BAR,
        "heat_w": float(abs(net.res_circ_pump_pressure.qext_w.iloc[0])),
    }  # fmt: skip


def _pandapipes(
    network: HeatNetwork, mass: Floats, supply: float, back: Floats, ground: float
) -> Any:
    import pandapipes as pp

    net = pp.create_empty_network(fluid="water")
    n, warm = len(network.x), ground + 273.15
    pp.create_junctions(net, 2 * n, pn_bar=6.0, tfluid_k=supply + 273.15)
    size = {"inner_diameter_mm": network.bore * 1000, "k_mm": _ROUGH_M * 1000,
            "u_w_per_m2k": network.loss / (np.pi * network.bore), "text_k": warm}  # fmt: skip
    km = network.length / 1000
    pp.create_pipes_from_parameters(net, network.start, network.end, km, **size)
    pp.create_pipes_from_parameters(net, network.end + n, network.start + n, km, **size)
    plant = int(np.setdiff1d(network.start, network.end)[0])
    pp.create_circ_pump_const_pressure(
        net, plant + n, plant, p_flow_bar=12.0, plift_bar=_LIFT_BAR, t_flow_k=supply + 273.15
    )
    for node, flow, cold in zip(network.consumer, mass, back, strict=True):
        pp.create_heat_consumer(
            net, int(node), int(node) + n, controlled_mdot_kg_per_s=float(flow),
            treturn_k=float(cold) + 273.15,
        )  # fmt: skip
    return net


def _loss(net: Any) -> float:
    pipes = net.res_pipe
    drop = pipes.t_from_k - pipes.t_outlet_k
    return float((abs(pipes.mdot_from_kg_per_s) * CP * drop).sum())


def _walk(count: int, ends: Ints, plant: int) -> dict[int, tuple[int, int]]:
    """Node -> (pipe above it, node above it), from the plant outwards."""
    beside: dict[int, list[tuple[int, int]]] = {i: [] for i in range(count)}
    for pipe, (a, b) in enumerate(ends.tolist()):
        beside[a].append((pipe, b))
        beside[b].append((pipe, a))
    above: dict[int, tuple[int, int]] = {}
    todo = [plant]
    while todo:
        node = todo.pop()
        for pipe, other in beside[node]:
            if other != plant and other not in above:
                above[other] = (pipe, node)
                todo.append(other)
            elif above.get(node, (pipe,))[0] != pipe and above.get(other, (-1,))[0] != pipe:
                raise ValueError("the pipes close a loop: only trees can be worked out")
    return above


def _square(bore: Floats) -> Floats:
    rough = 1 / (2 * np.log10(3.71 * bore / _ROUGH_M)) ** 2
    return 8 * rough / (np.pi**2 * _RHO * bore**5)


def _linear(bore: Floats) -> Floats:
    return 128 * _MU / (np.pi * _RHO * bore**4)
