"""Output, reserve and prices once it is settled which units run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from qianhang.engines import optimise
from qianhang.engines.optimise import Program, Solution
from qianhang.packs.energy.unit_commitment.formulation import Formulation
from qianhang.packs.energy.unit_commitment.system import Array, System

__all__ = ["dispatch", "moves", "settled", "shortfall", "table_of"]

_DEAR = 1e4  # USD/MWh: above any unit's cost, so that nothing is left unserved without need


def moves(system: System, on: Array) -> tuple[Array, Array]:
    """Starts and stops (units, hours) of a commitment (units, hours)."""
    first = np.array([[float(u.on0)] for u in system.thermal])
    step = np.diff(np.hstack([first, on]), axis=1)
    return np.maximum(step, 0.0), np.maximum(-step, 0.0)


def settled(form: Formulation, system: System, on: Array) -> Program:
    """The program in which exactly these units run, (units, hours) of 0 and 1."""
    start, stop = moves(system, on)
    low, high = form.program.low.copy(), form.program.high.copy()
    places = form.binaries()
    values = np.stack([on, start, stop], axis=1)
    low[places] = values
    high[places] = values
    return replace(form.program, low=low, high=high)


def dispatch(form: Formulation, system: System, on: Array) -> Solution:
    """The least cost with exactly these units running; duals are the prices of the hours."""
    return optimise.solve(settled(form, system, on), time_limit_s=600.0)


def shortfall(form: Formulation, system: System, on: Array) -> tuple[Array, Array, Solution]:
    """MW (hours,) that are missing and that are too much, and the dispatch that leaves least."""
    program, hours = settled(form, system, on), system.hours
    size = program.matrix.shape[0]
    rows = np.concatenate([form.balance, form.balance, form.reserve])
    sign = np.repeat([1.0, -1.0, 1.0], hours)
    from scipy import sparse

    slack = sparse.csr_array((sign, (rows, np.arange(3 * hours))), shape=(size, 3 * hours))
    whole = None
    if program.integer is not None:
        whole = np.concatenate([program.integer, np.zeros(3 * hours, dtype=bool)])
        whole[form.binaries()] = False
    loose = Program(
        np.concatenate([program.cost, np.full(3 * hours, _DEAR)]),
        sparse.hstack([program.matrix, slack], format="csr"),
        program.row_low,
        program.row_high,
        np.concatenate([program.low, np.zeros(3 * hours)]),
        np.concatenate([program.high, np.full(3 * hours, np.inf)]),
        whole,
    )
    best = optimise.solve(loose, time_limit_s=600.0)
    if not best.found:
        nothing = np.full(hours, np.inf)
        return nothing, np.zeros(hours), best
    short, over, thin = best.x[-3 * hours :].reshape(3, hours)
    return np.maximum(short, thin), over, best


def table_of(form: Formulation, system: System, x: Array) -> pd.DataFrame:
    """The schedule as rows hour, unit, kind, on, mw, spare (MW of reserve)."""
    hours = np.arange(1.0, system.hours + 1)
    parts = []
    for unit, at in zip(system.thermal, form.units, strict=True):
        on = np.round(x[at.on])
        mw = on * unit.least + np.maximum(x[at.segments], 0).sum(axis=0) * on
        parts.append(
            _rows(hours, unit.name, "thermal", (on, mw, np.maximum(at.offered(x), 0) * on))
        )
    low = np.sum([r.low for r in system.renewable], axis=0)
    room = np.sum([r.high for r in system.renewable], axis=0) - low
    share = np.clip((x[form.free] - low) / np.where(room > 1e-9, room, 1.0), 0.0, 1.0)
    for free in system.renewable:
        mw = free.low + share * (free.high - free.low)
        parts.append(_rows(hours, free.name, "renewable", (mw > 0, mw, 0 * mw)))
    for dam, place in zip(system.hydro, form.hydro, strict=True):
        parts.append(_rows(hours, dam.name, "hydro", (x[place] > 1e-6, x[place], 0 * x[place])))
    for store, fill, empty in zip(system.storage, form.charge, form.discharge, strict=True):
        mw = x[empty] - x[fill]
        parts.append(_rows(hours, store.name, "storage", (np.abs(mw) > 1e-6, mw, 0 * mw)))
    return pd.concat(parts, ignore_index=True)


def _rows(hours: Array, name: str, kind: str, values: tuple[Array, Array, Array]) -> pd.DataFrame:
    on, mw, spare = (np.asarray(v, float) for v in values)
    return pd.DataFrame(
        {
            "hour": hours.astype(int),
            "unit": name,
            "kind": kind,
            "on": on.astype(int),
            "mw": mw,
            "spare": spare,
        }
    )
