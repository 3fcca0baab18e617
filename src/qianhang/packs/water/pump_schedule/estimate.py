"""A first schedule from steady states: which pumps together, for what share of each hour."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.engines import optimise
from qianhang.packs.water.pump_schedule.document import DAY_S, Run
from qianhang.packs.water.pump_schedule.plant import Plant

__all__ = ["Estimate", "Modes", "as_runs", "look_at_modes", "shares"]

Array = NDArray[np.float64]
_HOURS = 24
_GRID_S = 300


@dataclass(frozen=True, slots=True)
class Modes:
    """Steady states of combinations of pumps in each hour.

    on : (k, pumps) ; inflow : (24, k, tanks) m3/h ; cost : (24, k) money an hour
    sound : (24, k) whether EPANET had nothing to warn of
    """

    on: NDArray[np.bool_]
    inflow: Array
    cost: Array
    sound: NDArray[np.bool_]

    def effect(self) -> Array:
        """What a pump adds to each tank when it runs, (pumps, tanks), m3/h, by least squares."""
        design = np.column_stack([np.ones(len(self.on)), self.on.astype(float)])
        found = np.linalg.lstsq(design, self.inflow.mean(axis=0), rcond=None)[0]
        added: Array = found[1:]
        return added


def look_at_modes(plant: Plant, levels: Array, *, most: int, seed: int) -> Modes:
    """Steady states of all combinations of pumps, or of `most` of them where there are more.

    levels : (24, tanks) tank levels of each hour, m
    """
    on = _combinations(len(plant.pumps), most, seed)
    inflow = np.zeros((_HOURS, len(on), len(plant.tanks)))
    cost, sound = np.zeros((_HOURS, len(on))), np.zeros((_HOURS, len(on)), dtype=bool)
    per_hour = _hourly(plant.prices)
    for hour in range(_HOURS):
        for k, mode in enumerate(on):
            inflow[hour, k], power, sound[hour, k] = plant.steady(hour, levels[hour], mode.tolist())
            cost[hour, k] = per_hour[:, hour] @ power
    plant.reset()
    return Modes(on, inflow, cost, sound)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Share of each hour that each pump runs (24, pumps), the levels that follow (24, tanks) in m,
    and what a further m3 asked for in each tank at the end of the day costs, (tanks,)."""

    share: Array
    levels: Array
    worth: Array


def shares(modes: Modes, plant: Plant, *, floor: Array, smooth: float) -> Estimate | None:
    """The cheapest day made of steady states.

    floor : (tanks,) levels below which no tank should fall, m ; smooth : money for each pump
    that changes between two hours. None where no such day exists. The program is linear: flows
    are those of the steady states, a full tank refuses what it is given.
    """
    from scipy import sparse

    hours, count, tanks = modes.inflow.shape
    pumps = modes.on.shape[1]
    changes = (hours - 1) * pumps
    x, v, s = hours * count, hours * tanks, hours * tanks
    cost = np.concatenate(
        [modes.cost.ravel(), np.zeros(v), np.full(s, 1e-6), np.full(changes, smooth)]
    )
    rows = [_one_mode(hours, count, v + s + changes), _balance(modes, changes)]
    given = np.zeros(hours * tanks)
    given[:tanks] = plant.areas * plant.initial
    steady = _changes(modes, v + s)
    usable = modes.sound | ~modes.sound.any(axis=1, keepdims=True)
    low = np.tile(plant.areas * floor, (hours, 1))
    low[-1] = plant.areas * plant.initial
    high = np.tile(plant.areas * plant.high, (hours, 1))
    free = np.full(s + changes, np.inf)
    matrix = sparse.vstack([*rows, steady], format="csr")
    equal = np.concatenate([np.ones(hours), given])
    program = optimise.Program(
        cost,
        matrix,
        np.concatenate([equal, np.full(2 * changes, -np.inf)]),
        np.concatenate([equal, np.zeros(2 * changes)]),
        np.concatenate([np.zeros(x), np.minimum(low, high).ravel(), np.zeros(s + changes)]),
        np.concatenate([usable.ravel().astype(float), high.ravel(), free]),
    )
    found = optimise.solve(program)
    if not found.found:
        return None
    run = found.x[:x].reshape(hours, count) @ modes.on
    levels = found.x[x : x + v].reshape(hours, tanks) / plant.areas
    return Estimate(run, levels, found.reduced[x + v - tanks : x + v])


def as_runs(share: Array, pumps: tuple[str, ...], *, most: int) -> list[Run]:
    """Runs of each pump, at most `most`, that keep as near as they can to its share (24, pumps).

    A relay switches when the hours run differ from the hours wanted by more than a band, the
    smallest band that needs no more runs.
    """
    runs: list[Run] = []
    fine = np.repeat(share, 3600 // _GRID_S, axis=0)
    for number, pump in enumerate(pumps):
        spans: list[tuple[int, int]] = []
        for band in (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0):
            spans = _relay(fine[:, number], band)
            if len(spans) <= most:
                break
        runs += [Run(pump, a * _GRID_S, b * _GRID_S) for a, b in spans[:most]]
    return runs


def _combinations(pumps: int, most: int, seed: int) -> NDArray[np.bool_]:
    if 2**pumps <= most:
        return np.array(list(itertools.product((False, True), repeat=pumps)))
    rng = np.random.default_rng(seed)
    drawn = rng.random((most, pumps)) < rng.random((most, 1))
    one = np.eye(pumps, dtype=bool)
    fixed = np.vstack([np.zeros((1, pumps), bool), np.ones((1, pumps), bool), one])
    return np.unique(np.vstack([fixed, drawn]), axis=0)[: most + pumps + 2]


def _hourly(prices: Array) -> Array:
    """Prices (pumps, steps) as the price at the middle of each hour, (pumps, 24)."""
    at = ((np.arange(_HOURS) + 0.5) / _HOURS * prices.shape[1]).astype(int)
    hourly: Array = prices[:, at]
    return hourly


def _one_mode(hours: int, count: int, more: int) -> Any:
    from scipy import sparse

    ones = sparse.kron(sparse.eye_array(hours), np.ones((1, count)))
    return sparse.hstack([ones, sparse.csr_array((hours, more))])


def _balance(modes: Modes, changes: int) -> Any:
    """Volume at the end of each hour less that before it, less inflow, plus what was refused."""
    from scipy import sparse

    hours, _, tanks = modes.inflow.shape
    flow = sparse.block_diag([-modes.inflow[h].T for h in range(hours)])
    size = hours * tanks
    step = sparse.eye_array(size) - sparse.eye_array(size, k=-tanks)
    return sparse.hstack([flow, step, sparse.eye_array(size), sparse.csr_array((size, changes))])


def _changes(modes: Modes, between: int) -> Any:
    """Difference of a pump's share between two hours, either way, at most its change."""
    from scipy import sparse

    hours = len(modes.inflow)
    pumps = modes.on.shape[1]
    shift = sparse.eye_array(hours - 1, hours, k=1) - sparse.eye_array(hours - 1, hours)
    differ = sparse.kron(shift, modes.on.T.astype(float))
    gap = sparse.csr_array(((hours - 1) * pumps, between))
    change = -sparse.eye_array((hours - 1) * pumps)
    return sparse.vstack(
        [sparse.hstack([differ, gap, change]), sparse.hstack([-differ, gap, change])]
    )


def _relay(share: Array, band: float) -> list[tuple[int, int]]:
    owed, spans, began = 0.0, [], (0 if share[0] > 0.5 else -1)
    step = _GRID_S / 3600
    for at, wanted in enumerate(share.tolist()):
        if began < 0 and wanted > 0.97 and owed >= 0:
            began = at
        elif began >= 0 and wanted < 0.03 and owed <= 0:
            spans.append((began, at))
            began = -1
        owed += (wanted - (began >= 0)) * step
        if began >= 0 and owed <= -band:
            spans.append((began, at + 1))
            began = -1
        elif began < 0 and owed >= band:
            began = at + 1
    end = DAY_S // _GRID_S
    if 0 <= began < end:
        spans.append((began, end))
    return [(a, b) for a, b in spans if b > a]
