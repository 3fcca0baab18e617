"""What a schedule costs and breaks, hour by hour, from the units' own data and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from qianhang.packs.energy.unit_commitment.system import (
    Array,
    Chosen,
    Hydro,
    Storage,
    System,
    Thermal,
)

__all__ = ["cost", "violations"]

_NEAR = 1e-4  # MW, and the same share of the demand


def violations(system: System, table: pd.DataFrame) -> list[str]:
    """Everything that the schedule breaks, in words with figures.

    table : columns hour (from 1), unit, on (0 or 1), mw, spare
    """
    known = system.fuels()
    if strange := sorted(set(table["unit"]) - set(known)):
        return [f"{strange[0]}: not a unit of the system"]
    expected = {(u, h) for u in known for h in range(1, system.hours + 1)}
    given = set(zip(table["unit"], table["hour"].astype(int), strict=True))
    if given != expected or len(table) != len(expected):
        return [f"{len(expected - given)} of {len(expected)} unit hours are missing or repeated"]
    wide = {c: _wide(table, c) for c in ("on", "mw", "spare")}
    broken = [*_shared(system, wide)]
    for unit in system.thermal:
        rows = (wide[c][unit.name] for c in ("on", "mw", "spare"))
        broken += [f"{unit.name}: {text}" for text in _thermal(unit, *rows)]
    for free in system.renewable:
        broken += _between(free.name, wide["mw"][free.name], free.low, free.high)
    for dam in system.hydro:
        broken += _hydro(dam, wide["mw"][dam.name])
    for store in system.storage:
        broken += _storage(store, wide["mw"][store.name])
    return broken


def cost(system: System, table: pd.DataFrame) -> float:
    """Fuel and starts of all thermal units, USD: the curve read off, starts by the hours off."""
    on, mw = _wide(table, "on"), _wide(table, "mw")
    total = 0.0
    for unit in system.thermal:
        running = on[unit.name] > 0.5
        burnt = np.interp(mw[unit.name], unit.edges, unit.costs)
        total += float(burnt[running].sum())
        total += sum(_start_cost(unit, off) for off in _starts(unit, running))
    return total


def _wide(table: pd.DataFrame, column: str) -> dict[str, Array]:
    ordered = table.sort_values("hour", kind="stable")
    return {str(name): rows.to_numpy(float) for name, rows in ordered.groupby("unit")[column]}


def _shared(system: System, wide: dict[str, dict[str, Array]]) -> Iterator[str]:
    """Demand and reserve."""
    served = np.sum(list(wide["mw"].values()), axis=0)
    near = _NEAR * max(1.0, float(system.demand.max()) / 1000)
    for hour in np.flatnonzero(np.abs(served - system.demand) > near):
        yield f"hour {hour + 1}: {served[hour]:.4f} MW for a demand of {system.demand[hour]:.4f}"
    kept = np.sum([wide["spare"][u.name] for u in system.thermal], axis=0)
    for hour in np.flatnonzero(kept < system.reserve - near):
        yield f"hour {hour + 1}: {kept[hour]:.4f} MW of reserve, {system.reserve[hour]:.4f} needed"


def _thermal(unit: Thermal, on: Array, mw: Array, spare: Array) -> Iterator[str]:
    if ((on != 0) & (on != 1)).any():
        yield "neither on nor off"
        return
    running = on > 0.5
    if unit.must_run and not running.all():
        yield "off, though it must run"
    if (spare < -_NEAR).any() or (np.abs(mw[~running]) + spare[~running] > _NEAR).any():
        yield "gives power or reserve while it is off, or reserve below zero"
    if (mw[running] < unit.least - _NEAR).any():
        yield f"below its least output of {unit.least:g} MW"
    if ((mw + spare)[running] > unit.most + _NEAR).any():
        yield f"above its most output of {unit.most:g} MW"
    yield from _moves(unit, running, mw, spare)
    yield from _durations(unit, running)


def _moves(unit: Thermal, running: Chosen, mw: Array, spare: Array) -> Iterator[str]:
    """Ramps and the limits of a start and a stop, above the least output as pglib-uc has them."""
    was, before = unit.on0, unit.mw0 if unit.on0 else 0.0
    for hour, now in enumerate(running):
        above = mw[hour] - unit.least if now else 0.0
        above_before = before - unit.least if was else 0.0
        if now and above + spare[hour] - above_before > unit.ramp_up + _NEAR:
            yield f"hour {hour + 1}: rises by more than {unit.ramp_up:g} MW/h"
        if was and above_before - above > unit.ramp_down + _NEAR:
            yield f"hour {hour + 1}: falls by more than {unit.ramp_down:g} MW/h"
        if now and not was and mw[hour] + spare[hour] > unit.start_most + _NEAR:
            yield f"hour {hour + 1}: starts above {unit.start_most:g} MW"
        kept = spare[hour - 1] if hour else 0.0
        if was and not now and before + kept > unit.stop_most + _NEAR:
            yield f"hour {hour + 1}: stops from above {unit.stop_most:g} MW"
        was, before = bool(now), float(mw[hour])


def _durations(unit: Thermal, running: Chosen) -> Iterator[str]:
    state, length = unit.on0, unit.hours0
    for hour, now in enumerate(running):
        if bool(now) == state:
            length += 1
            continue
        if state and length < unit.up:
            yield f"hour {hour + 1}: stops after {length} of {unit.up} hours"
        if not state and length < unit.down:
            yield f"hour {hour + 1}: starts after {length} of {unit.down} hours off"
        state, length = bool(now), 1


def _starts(unit: Thermal, running: Chosen) -> Iterator[int]:
    """Hours that the unit had been off before each start."""
    state, length = unit.on0, unit.hours0
    for now in running:
        if bool(now) == state:
            length += 1
            continue
        if now:
            yield length
        state, length = bool(now), 1


def _start_cost(unit: Thermal, off: int) -> float:
    cost = unit.starts[0]
    for lag, price in zip(unit.lags, unit.starts, strict=True):
        if off >= lag:
            cost = price
    return cost


def _between(name: str, mw: Array, low: Array, high: Array) -> Iterator[str]:
    for hour in np.flatnonzero((mw < low - _NEAR) | (mw > high + _NEAR)):
        yield f"{name}: hour {hour + 1}: {mw[hour]:.4f} MW, {low[hour]:g} to {high[hour]:g} allowed"


def _hydro(dam: Hydro, mw: Array) -> Iterator[str]:
    yield from _between(dam.name, mw, dam.low, dam.high)
    used = mw.reshape(len(dam.energy_high), -1).sum(axis=1)
    for part, energy in enumerate(used):
        if not dam.energy_low[part] - 1e-2 <= energy <= dam.energy_high[part] + 1e-2:
            limits = f"{dam.energy_low[part]:g} to {dam.energy_high[part]:g}"
            yield f"{dam.name}: {energy:.3f} MWh in part {part + 1}, {limits} allowed"


def _storage(store: Storage, mw: Array) -> Iterator[str]:
    """Positive power leaves the store, negative fills it."""
    level = store.energy0
    for hour, power in enumerate(mw):
        if not -store.charge_most - _NEAR <= power <= store.discharge_most + _NEAR:
            yield f"{store.name}: hour {hour + 1}: {power:.4f} MW is beyond its power"
        level -= power / store.discharging if power > 0 else power * store.charging
        if not store.energy_least - 1e-2 <= level <= store.energy_most + 1e-2:
            yield f"{store.name}: hour {hour + 1}: {level:.3f} MWh is beyond what it holds"
    if level < store.energy_end - 1e-2:
        yield f"{store.name}: {level:.3f} MWh at the end, {store.energy_end:g} asked"
