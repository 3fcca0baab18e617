"""A power system over a horizon of hours, as the JSON of the pglib-uc library describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Chosen", "Hydro", "Renewable", "Storage", "System", "Thermal"]

Array = NDArray[np.float64]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Thermal:
    """A unit that is started and stopped: thermal or nuclear.

    edges, costs : (k,) output, MW, and cost of an hour at it, USD; the first is the least output,
    convex; ramps and limits of start and stop in MW and MW/h; up, down : hours
    lags, starts : hours off from which a start costs that much, USD, rising
    on0, mw0, hours0 : state before the first hour, output, hours in that state
    """

    name: str
    fuel: str
    edges: Array
    costs: Array
    ramp_up: float
    ramp_down: float
    start_most: float
    stop_most: float
    up: int
    down: int
    lags: tuple[int, ...]
    starts: tuple[float, ...]
    must_run: bool
    on0: bool
    mw0: float
    hours0: int

    @property
    def least(self) -> float:
        """Least stable output, MW."""
        return float(self.edges[0])

    @property
    def most(self) -> float:
        """Most output, MW."""
        return float(self.edges[-1])

    @property
    def full_cost(self) -> float:
        """Cost of a MWh at full output, USD: the merit of the unit."""
        return float(self.costs[-1]) / max(self.most, 1e-9)


@dataclass(frozen=True, slots=True)
class Renewable:
    """Wind, sun or run of river: output between two limits, MW (hours,), free of charge."""

    name: str
    fuel: str
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class Hydro:
    """Water behind a dam: output limits, MW (hours,), and energy for equal parts of the horizon.

    energy_low, energy_high : (parts,), MWh
    """

    name: str
    low: Array
    high: Array
    energy_low: Array
    energy_high: Array


@dataclass(frozen=True, slots=True)
class Storage:
    """A battery or pumped store: power, MW, both ways; energy, MWh; efficiencies, 0 to 1."""

    name: str
    charge_most: float
    discharge_most: float
    energy_most: float
    energy_least: float
    charging: float
    discharging: float
    energy0: float
    energy_end: float


@dataclass(frozen=True, slots=True)
class System:
    """Units and what they must serve; demand, reserve : MW (hours,)."""

    demand: Array
    reserve: Array
    thermal: tuple[Thermal, ...]
    renewable: tuple[Renewable, ...] = ()
    hydro: tuple[Hydro, ...] = ()
    storage: tuple[Storage, ...] = ()

    @property
    def hours(self) -> int:
        """Length of the horizon."""
        return len(self.demand)

    def fuels(self) -> Mapping[str, str]:
        """Unit -> fuel, storage and hydro among them."""
        named = {u.name: u.fuel for u in self.thermal} | {r.name: r.fuel for r in self.renewable}
        named |= {h.name: "hydro" for h in self.hydro}
        return named | {s.name: "storage" for s in self.storage}
