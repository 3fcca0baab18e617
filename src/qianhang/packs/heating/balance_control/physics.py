"""Rooms, walls, radiators and water of a whole town, stepped by 15 minutes on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.control.heatnet import CP
from qianhang.packs.heating.balance_control.town import Town

__all__ = ["STEP_S", "Flowing", "Rooms"]

Floats = NDArray[np.float64]
STEP_S = 900.0
GROUND = 6.0  # degC around the pipes


@dataclass(frozen=True, slots=True)
class Flowing:
    """What flows in one step: heat (..., b) W to rooms, plant (...) W, loss (...) W of the pipes.

    back (...) degC of the return at the plant; mass (..., b) kg/s; spare (..., b) Pa at consumers
    """

    heat: Floats
    plant: Floats
    loss: Floats
    back: Floats
    behind: Floats
    mass: Floats
    spare: Floats


class Rooms:
    """The state of k copies of a town's b buildings: room and wall temperature, (k, b) degC."""

    def __init__(self, town: Town, *, copies: int = 1, start: float = 19.0) -> None:
        shape = (copies, len(town.names))
        self.town = town
        self.room = np.full(shape, start)
        self.wall = np.full(shape, start - 1.0)
        self.used = np.full(shape, 0.5)
        self.mass = np.tile(town.network.settled(town.valve, town.head), (copies, 1))
        self.opening = np.full(shape, np.nan)
        self.turn(np.ones(shape))

    def turn(self, opening: Floats) -> None:
        """Valves to opening (k, b), 0..1; flows settle, for nothing else moves them."""
        if np.array_equal(opening, self.opening):
            return
        t, net = self.town, self.town.network
        far = 60 if np.isnan(self.opening).any() else 4  # hourly turns are small
        for _ in range(far):
            passed = np.sqrt(np.maximum(net.pressure(self.mass, t.head), 0.0))
            self.mass = 0.5 * self.mass + 0.5 * opening * t.valve * passed
        self.opening = opening.copy()
        self.spare = net.pressure(self.mass, t.head)
        self.arriving = net.arriving(self.mass)
        self.capacity = np.maximum(self.mass * CP, 1e-6)
        self.total = self.capacity.sum(axis=1)
        self.pipes = float((net.loss * net.length).sum())

    def step(self, supply: Floats, air: float, sun: float) -> Flowing:
        """One step of 15 minutes under supply (k,) degC."""
        t = self.town
        flowing = self.water(supply)
        inward = t.tie * (self.wall - self.room)
        free = t.gains + t.aperture * sun
        kept = flowing.heat + free + inward - t.leak * (self.room - air)
        self.room = self.room + STEP_S / t.light * kept
        self.wall = self.wall - STEP_S / t.heavy * (inward + t.loss * (self.wall - air))
        return flowing

    def coldest(self) -> Floats:
        """(k, b) degC in the coldest room of each building."""
        return self.room - self.town.worst

    def water(self, supply: Floats) -> Flowing:
        """What flows under supply (k,) degC at the present valves."""
        inlet = GROUND + (supply[:, None] - GROUND) * self.arriving
        excess = np.maximum(inlet - self.room, 0.0)
        # radiators of exponent 1.3; the share that they took in the last step is near
        middle = np.maximum(excess * (1 - 0.5 * self.used), 0.5)
        self.used = 1 - np.exp(-self.town.radiator * middle**0.3 / self.capacity)
        heat = self.used * self.capacity * excess
        behind = inlet - self.used * excess
        supply_loss = (self.capacity * (supply[:, None] - inlet)).sum(axis=1)
        mean_back = (self.capacity * behind).sum(axis=1) / self.total
        back_loss = np.minimum(self.pipes * (mean_back - GROUND), self.total * 5.0)
        plant = heat.sum(axis=1) + supply_loss + back_loss
        back = mean_back - back_loss / self.total
        loss = supply_loss + back_loss
        return Flowing(heat, plant, loss, back, behind, self.mass, self.spare)
