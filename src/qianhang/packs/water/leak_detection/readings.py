"""A table of readings matched to a network: which column is what, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.packs.water.leak_detection.network import Network

__all__ = ["Readings", "match_readings"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of one network on an even clock.

    index : (n,) times ; step_s : spacing, s ; offset_s : model clock at midnight of the first day
    nodes, links, tanks, pumps : names ; pressure (n, nodes) m ; flow (n, links) m3/h
    level (n, tanks) m ; running (n, pumps) ; gain (n, tanks) m3/h net inflow
    total : (n,) all that is drawn, m3/h ; steady : (n,) False where a pump switched
    """

    index: pd.DatetimeIndex
    step_s: float
    offset_s: float
    nodes: tuple[str, ...]
    links: tuple[str, ...]
    tanks: tuple[str, ...]
    pumps: tuple[str, ...]
    pressure: Array
    flow: Array
    level: Array
    running: NDArray[np.bool_]
    gain: Array
    total: Array
    steady: NDArray[np.bool_]

    @property
    def per_day(self) -> int:
        """Readings a day."""
        return round(86400 / self.step_s)

    @property
    def measured(self) -> Array:
        """Pressures, flows and tank gains side by side, (n, rows)."""
        return np.hstack([self.pressure, self.flow, self.gain])

    def nominal(self, network: Network) -> Array:
        """Demand that the network file foresees at each reading, (n, junctions), m3/h."""
        since = (self.index - self.index[0].normalize()).total_seconds().to_numpy()
        slot = ((since + self.offset_s) // network.step_s).astype(int) % len(network.demands)
        result: Array = network.demands[slot]
        return result


def match_readings(table: pd.DataFrame, network: Network, *, offset_s: float = 0.0) -> Readings:
    """The readings that belong to the network's nodes and links.

    table : (n, columns) evenly spaced in time, a column for each node (pressure m), link (m3/h)
        and tank (level m), named as in the network file
    Raises ContractError where columns and network do not belong together.
    """
    names = {str(c) for c in table.columns}
    nodes = tuple(n for n in network.junctions if n in names)
    links = tuple(k for k in network.model.link_name_list if k in names)
    _refuse_strangers(names - {*nodes, *links, *network.tanks}, network)
    _require(network.tanks, names, what="level of tank", unit="m")
    _require(network.pumps, names, what="flow of pump", unit="m3/h")
    sources = _sources(network)
    _require(list(sources), names, what="flow out of a reservoir, link", unit="m3/h")
    if len(nodes) < 2:
        raise ContractError(
            "QH161",
            f"readings: found {len(nodes)} columns named after junctions of the network, "
            "expected pressures at 2 or more",
            hint=f"junctions are named like {', '.join(network.junctions[:3])}",
        )
    step = _step(table.index)
    level = table[network.tanks].to_numpy(float)
    areas = np.array([network.area(t) for t in network.tanks])
    gain = np.vstack([np.diff(level, axis=0), np.full((1, level.shape[1]), np.nan)])
    gain = gain * areas * 3600 / step
    running = table[network.pumps].to_numpy(float) > 1.0
    change = (running[1:] != running[:-1]).any(axis=1)
    steady = ~np.append(change, True) & ~np.insert(change, 0, False)
    total = sum(sign * table[k].to_numpy(float) for k, sign in sources.items()) - gain.sum(axis=1)
    return Readings(
        index=pd.DatetimeIndex(table.index),
        step_s=step,
        offset_s=offset_s,
        nodes=nodes,
        links=links,
        tanks=tuple(network.tanks),
        pumps=tuple(network.pumps),
        pressure=table[list(nodes)].to_numpy(float),
        flow=table[list(links)].to_numpy(float),
        level=level,
        running=running,
        gain=gain,
        total=np.asarray(total, dtype=float),
        steady=steady,
    )


def _sources(network: Network) -> dict[str, float]:
    """Links at reservoirs, with the sign that makes flow into the network positive."""
    found: dict[str, float] = {}
    for name, link in network.model.links():
        if link.start_node_name in network.reservoirs:
            found[name] = 1.0
        elif link.end_node_name in network.reservoirs:
            found[name] = -1.0
    return found


def _require(wanted: list[str], names: set[str], *, what: str, unit: str) -> None:
    lacking = [w for w in wanted if w not in names]
    if lacking:
        raise ContractError(
            "QH161",
            f"readings: no column for {what} {', '.join(lacking[:5])}, {unit}",
            hint="name each column as the network file names the element",
        )


def _refuse_strangers(strangers: set[str], network: Network) -> None:
    if not strangers:
        return
    from qianhang.core.schema import nearest

    first = sorted(strangers)[0]
    guess = nearest(first, [*network.junctions, *network.model.link_name_list, *network.tanks])
    raise ContractError(
        "QH161",
        f"readings: column {first!r} is no node or link of the network "
        f"({len(strangers)} such columns)",
        hint=f"did you mean {guess!r}?" if guess else "is it the network of these readings?",
    )


def _step(index: pd.Index) -> float:
    stamps = pd.DatetimeIndex(index)
    gaps = np.diff(stamps.as_unit("ns").asi8) / 1e9
    if not len(gaps) or gaps[0] <= 0 or not np.allclose(gaps, gaps[0]) or 86400 % gaps[0]:
        raise ContractError(
            "QH162",
            "readings: found times that are not evenly spaced by a whole part of a day",
            hint="fill gaps with empty cells and sort by time",
        )
    return float(gaps[0])
