"""Commitment by a fixed list, as control rooms did it before optimisation, made feasible."""

from __future__ import annotations

import numpy as np

from qianhang.engines.optimise import Solution
from qianhang.packs.energy.unit_commitment.dispatch import dispatch, shortfall
from qianhang.packs.energy.unit_commitment.formulation import Formulation
from qianhang.packs.energy.unit_commitment.system import Array, Chosen, System, Thermal

__all__ = ["by_cost", "by_size", "commit", "repair"]

_ROUNDS = 60


def by_cost(system: System) -> list[int]:
    """Units by the cost of a MWh at full output: the merit order."""
    return sorted(range(len(system.thermal)), key=lambda i: system.thermal[i].full_cost)


def by_size(system: System) -> list[int]:
    """Units by size, largest first."""
    return sorted(range(len(system.thermal)), key=lambda i: -system.thermal[i].most)


def commit(form: Formulation, system: System, order: list[int]) -> tuple[Array, Solution]:
    """Units (units, hours) taken from the list until each hour is covered, and their dispatch.

    Minimum times are kept by letting units run on. Where the dispatch then shows an hour short, the
    next unit of the list comes on; where there is too much, the last one that may go off does.
    """
    need = system.demand + system.reserve - np.sum([r.high for r in system.renewable], axis=0)
    need = need - np.sum([d.energy_high.sum() / system.hours for d in system.hydro])
    on = np.array([_held(u, system.hours) for u in system.thermal])
    barred = np.array([_barred(u, system.hours) for u in system.thermal])
    most = np.array([u.most for u in system.thermal])
    for hour in range(system.hours):
        for i in order:
            if most @ on[:, hour] >= need[hour]:
                break
            on[i, hour] = max(on[i, hour], float(not barred[i, hour]))
    return repair(form, system, order, on)


def repair(
    form: Formulation, system: System, order: list[int], on: Array
) -> tuple[Array, Solution]:
    """The commitment with minimum times kept and every hour served, and its dispatch.

    The dispatch is infeasible where the list could not mend it.
    """
    held = np.array([_held(u, system.hours) for u in system.thermal])
    barred = np.array([_barred(u, system.hours) for u in system.thermal])
    on = np.where(barred, 0.0, np.maximum(on, held))
    on = np.array([_run_on(u, row) for u, row in zip(system.thermal, on, strict=True)])
    tried = {on.tobytes()}
    for _ in range(_ROUNDS):
        short, over, _ = shortfall(form, system, on)
        if max(short.max(), over.max()) < 1e-5:
            break
        changed = _more(system, order, on, short) if short.max() >= 1e-5 else on
        if over.max() >= 1e-5:
            changed = _less(system, order, changed, over)
        if changed.tobytes() in tried:
            break
        tried.add(changed.tobytes())
        on = changed
    return on, dispatch(form, system, on)


def _held(unit: Thermal, hours: int) -> Array:
    """Hours that the unit has to run: duty, time already begun, or too high to stop yet."""
    on = np.full(hours, float(unit.must_run and unit.on0))
    if unit.on0:
        reach = min(unit.stop_most, unit.least + unit.ramp_down)
        down = int(np.ceil(max(0.0, unit.mw0 - reach) / max(unit.ramp_down, 1e-9) - 1e-9))
        on[: min(hours, max(unit.up - unit.hours0, down))] = 1.0
    elif unit.must_run:
        on[max(0, unit.down - unit.hours0) :] = 1.0
    return on


def _barred(unit: Thermal, hours: int) -> Chosen:
    off = np.zeros(hours, dtype=bool)
    if not unit.on0:
        off[: max(0, unit.down - unit.hours0)] = True
    return off


def _run_on(unit: Thermal, row: Array) -> Array:
    """The row with short stops filled and short runs prolonged, later where it can, else sooner."""
    out, hours = row.copy(), len(row)
    state, since = unit.on0, -unit.hours0
    for hour in range(hours):
        if bool(out[hour]) == state:
            continue
        if state:
            if hour - since < unit.up or _gap(out, hour) < unit.down:
                out[hour] = 1.0
                continue
            state, since = False, hour
        else:
            state, since = True, hour
    return out


def _gap(row: Array, hour: int) -> int:
    """Hours until the unit is wanted again; many where it is not."""
    later = np.flatnonzero(row[hour:])
    return int(later[0]) if len(later) else len(row) + 10_000


def _more(system: System, order: list[int], on: Array, short: Array) -> Array:
    """The commitment with enough further units, by the list, around the hours that are short."""
    out = on.copy()
    missing = short.copy()
    for i in order:
        unit = system.thermal[i]
        free = (missing > 1e-5) & (out[i] == 0) & ~_barred(unit, system.hours)
        if not free.any():
            continue
        worst = int(np.argmax(np.where(free, missing, 0.0)))
        row = out[i].copy()
        row[worst] = 1.0
        row = _run_on(unit, row)
        if row[_barred(unit, system.hours)].any():
            continue
        missing = missing - unit.most * (row - out[i])
        out[i] = row
        if missing.max() <= 1e-5:
            break
    return out


def _less(system: System, order: list[int], on: Array, over: Array) -> Array:
    """The commitment without the last unit of the list that may be off when there is too much."""
    hour = int(np.argmax(over))
    for i in reversed(order):
        unit = system.thermal[i]
        held = _held(unit, system.hours)
        if on[i, hour] == 0 or held[hour] or unit.must_run:
            continue
        row = _without(on[i], hour)
        row = _run_on(unit, np.maximum(row, held))
        if row[hour] == 0:
            out = on.copy()
            out[i] = row
            return out
    return on


def _without(row: Array, hour: int) -> Array:
    """The row without the run that the hour belongs to."""
    out = row.copy()
    for step in (range(hour, len(row)), range(hour - 1, -1, -1)):
        for at in step:
            if out[at] == 0:
                break
            out[at] = 0.0
    return out
