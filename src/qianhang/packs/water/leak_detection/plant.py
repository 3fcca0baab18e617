"""The network as a plant to watch: what should be measured, and how a leak would change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.packs.water.leak_detection.network import Network
from qianhang.packs.water.leak_detection.readings import Readings

__all__ = ["Cell", "WatchedNetwork", "find_cells", "which_cell"]

Array = NDArray[np.float64]
_ENDLESS = 1e12  # m3/h; an infinite bound would not be JSON
_HEAD_LOSS_EXPONENT = 1.852  # Hazen-Williams


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of moment: how much is drawn and which pumps run, with a typical instant.

    above, below : bounds of the nominal demand, m3/h ; running : state of each pump
    demand : (junctions,) m3/h nominal ; level : (tanks,) m
    """

    above: float
    below: float
    running: tuple[bool, ...]
    demand: tuple[float, ...]
    level: tuple[float, ...]


def find_cells(network: Network, readings: Readings, *, levels: int, least: float) -> list[Cell]:
    """The kinds of moment that make up at least a share `least` of the readings."""
    total = readings.nominal(network).sum(axis=1)
    edges = np.quantile(total, np.linspace(0, 1, levels + 1))
    edges[0], edges[-1] = -_ENDLESS, _ENDLESS
    cells = []
    for above, below in zip(edges[:-1], edges[1:], strict=True):
        inside = (total >= above) & (total < below)
        for running in np.unique(readings.running, axis=0):
            rows = np.flatnonzero(inside & (readings.running == running).all(axis=1))
            if len(rows) < least * len(total):
                continue
            typical = rows[np.abs(total[rows] - total[rows].mean()).argmin()]
            demand = readings.nominal(network)[typical]
            level = np.nanmedian(readings.level[rows], axis=0)
            cells.append(
                Cell(above, below, tuple(running.tolist()), tuple(demand), tuple(level.tolist()))
            )
    return cells


def which_cell(cells: Sequence[Cell], total: Array, running: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of the cell of each moment, -1 where none fits, (n,)."""
    found = np.full(len(total), -1)
    for number, cell in enumerate(cells):
        inside = (total >= cell.above) & (total < cell.below)
        found[inside & (running == np.array(cell.running)).all(axis=1)] = number
    return found


class WatchedNetwork:
    """A network with its readings; periods are days. Satisfies engines.detect.Plant.

    One residual row for each cell and measurement (pressure m, flow m3/h, tank gain m3/h), and one
    for the ratio of drawn to nominal demand.
    """

    def __init__(
        self, network: Network, readings: Readings, cells: Sequence[Cell], *, places: Sequence[int]
    ) -> None:
        self.network, self.readings, self.cells = network, readings, tuple(cells)
        self.places = tuple(places)
        self._nominal = readings.nominal(network)
        self._total = self._nominal.sum(axis=1)
        self._cell = which_cell(self.cells, self._total, readings.running)
        self._measured = readings.measured
        self._column = {name: i for i, name in enumerate(network.junctions)}
        self._ratio = 1.0
        # Hourly moments are enough: what flickers faster than that is the sensors' own noise.
        self._every = max(1, round(3600 / readings.step_s))
        self.rows = self._measured.shape[1] + 1

    @property
    def days(self) -> int:
        """Whole days of readings."""
        return len(self._total) // self.readings.per_day

    def residual(self, period: int, known: Mapping[int, float]) -> tuple[Array, Array, Array]:
        """Mean of measured minus expected in each cell of a day, NaN where unseen; weights."""
        leak = sum(known.values())
        day = slice(period * self.readings.per_day, (period + 1) * self.readings.per_day)
        sums, counts = np.zeros((2, len(self.cells), self.rows))
        for i in range(day.start, day.stop, self._every):
            cell, total = self._cell[i], self.readings.total[i]
            if cell < 0 or not self.readings.steady[i] or not np.isfinite(total):
                continue
            ratio = float(np.clip((total - leak) / self._total[i], 0.3, 3.0))
            moment = (self.readings.level[i], self.readings.running[i])
            self._set(self._nominal[i], known, moment, ratio)
            row = np.append(self._measured[i] - self._read(), ratio - 1.0)
            seen = np.isfinite(row)
            sums[cell] += np.where(seen, row, 0.0)
            counts[cell] += seen
        mean = np.where(counts >= 2, sums / np.maximum(counts, 1), np.nan)
        if np.isfinite(mean[:, -1]).any():
            self._ratio = 1.0 + float(np.nanmean(mean[:, -1]))
        usual = self.readings.per_day / self._every / len(self.cells)
        spread = np.sqrt(np.clip(usual / np.maximum(counts, 1), 1.0, None))
        return mean.ravel(), self._weight(), spread.ravel()

    def responses(
        self,
        period: int,  # noqa: ARG002 - the plant's protocol; the newest ratio stands for the day
        places: Sequence[int],
        *,
        sizes: Array,
        known: Mapping[int, float],
    ) -> Array:
        """Change of each row for 1 m3/h of leak at each place, the total held, (places, n)."""
        result = np.zeros((len(places), len(self.cells), self.rows))
        for number, cell in enumerate(self.cells):
            demand = np.array(cell.demand)
            moment = (np.array(cell.level), np.array(cell.running))
            self._set(demand, known, moment, self._ratio)
            before, total = self._read(), demand.sum()
            for k, (place, size) in enumerate(zip(places, sizes, strict=True)):
                more = {**known, place: known.get(place, 0.0) + float(size)}
                self._set(demand, more, moment, max(self._ratio - size / total, 0.02))
                result[k, number] = np.append((self._read() - before) / size, 1.0 / total)
        return result.reshape(len(places), -1)

    def roughness_effects(self, pipes: Sequence[int], share: float = 0.1) -> Array:
        """Change of each row for a unit relative change of each pipe's roughness, (pipes, n)."""
        network = self.network
        result = np.zeros((len(pipes), len(self.cells), self.rows))
        for number, cell in enumerate(self.cells):
            self._set(np.array(cell.demand), {}, (np.array(cell.level), np.array(cell.running)))
            before = self._read()
            for k, number_of in enumerate(pipes):
                pipe, value = network.pipes[number_of], network.roughness[number_of]
                network.set_roughness(pipe, value * (1 + share))
                network.solve()
                result[k, number, :-1] = (self._read(solve=False) - before) / share
                network.set_roughness(pipe, value)
        return result.reshape(len(pipes), -1)

    def _set(
        self,
        demand: Array,
        known: Mapping[int, float],
        moment: tuple[Array, NDArray[np.bool_]],
        ratio: float = 1.0,
    ) -> None:
        leaks: dict[int, float] = {}
        for place, size in known.items():
            junction = self.places[place]
            leaks[junction] = leaks.get(junction, 0.0) + size
        self.network.set_demands(demand, ratio, leaks)
        self.network.set_boundary(
            dict(zip(self.readings.tanks, moment[0], strict=True)),
            dict(zip(self.readings.pumps, moment[1], strict=True)),
        )

    def _read(self, *, solve: bool = True) -> Array:
        if solve:
            self.network.solve()
        r = self.readings
        return self.network.read(r.nodes, r.links, r.tanks)

    def _weight(self) -> Array:
        """Lasting errors act on pressures as flow to the exponent, on flows as flow itself."""
        r, ratio = self.readings, float(np.clip(self._ratio, 0.6, 1.6))
        flows = len(r.links) + len(r.tanks)
        one = [ratio**_HEAD_LOSS_EXPONENT] * len(r.nodes) + [ratio] * flows + [1.0]
        return np.tile(one, len(self.cells))

    def busiest_pipes(self, count: int) -> NDArray[np.intp]:
        """Numbers of the pipes that lose most head in the busiest kind of moment, (count,)."""
        cell = max(self.cells, key=lambda c: sum(c.demand))
        self._set(np.array(cell.demand), {}, (np.array(cell.level), np.array(cell.running)))
        self.network.solve()
        lost = self.network.head_losses()
        return np.argsort(-lost)[:count]
