"""What a dispatcher reads off a schedule: prices, runs, fuels, and why each unit runs."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pandas as pd

from qianhang.engines.optimise import Solution
from qianhang.packs.energy.unit_commitment.formulation import Formulation
from qianhang.packs.energy.unit_commitment.system import Array, Chosen, System, Thermal

__all__ = ["fuels", "prices", "runs", "units"]

_NEAR = 1e-3
_LANES = 40


def prices(form: Formulation, system: System, best: Solution) -> pd.DataFrame:
    """A row each hour: price of energy and of reserve, USD/MWh; who sets it.

    energy, reserve : cost of one more MW in that hour with the commitment as it is
    sets : a unit between its limits, whose next MW that is
    """
    energy, reserve = best.duals[form.balance], best.duals[form.reserve]
    mw = _output(form, system, best)
    setters = []
    for hour in range(system.hours):
        free = [
            (abs(_slope(u, mw[i, hour]) - energy[hour]), u.name)
            for i, u in enumerate(system.thermal)
            if u.least + _NEAR < mw[i, hour] < u.most - _NEAR
        ]
        setters.append(min(free)[1] if free else "")
    return pd.DataFrame(
        {
            "hour": np.arange(1, system.hours + 1),
            "energy": energy,
            "reserve": reserve,
            "sets": setters,
        }
    )


def units(form: Formulation, system: System, best: Solution) -> pd.DataFrame:
    """A row each unit that runs: hours, starts, MWh, USD, and hours in which something holds it.

    revenue : MWh at the hour's energy price and spare power at its reserve price
    marginal : hours between its limits; full : at most output; held : at least output though the
    price is below its cost, because stopping and starting again would cost more or may not be;
    ramp : hours in which it moves as fast as it may
    """
    energy, reserve = best.duals[form.balance], best.duals[form.reserve]
    mw, fuel = _output(form, system, best), system.fuels()
    rows = []
    for i, (unit, at) in enumerate(zip(system.thermal, form.units, strict=True)):
        on, start = np.round(best.x[at.on]) > 0.5, np.round(best.x[at.start]) > 0.5
        if not on.any():
            continue
        burnt = float(np.interp(mw[i], unit.edges, unit.costs)[on].sum())
        earned = float(mw[i] @ energy + at.offered(best.x) @ reserve)
        cost = burnt + _started(unit, on, start)
        rows.append(
            {
                "unit": unit.name,
                "fuel": fuel[unit.name],
                "hours_on": int(on.sum()),
                "starts": int(start.sum()),
                "mwh": float(mw[i].sum()),
                "cost": cost,
                "revenue": earned,
                "profit": earned - cost,
                **_reasons(unit, mw[i], on, energy),
            }
        )
    return pd.DataFrame(rows).sort_values("mwh", ascending=False, ignore_index=True)


def runs(form: Formulation, system: System, best: Solution) -> pd.DataFrame:
    """Stretches in which units run: unit, start, end (hours from 0), kind (fuel); most moved first.

    Units that run all the time are left out where there are more than a page can show.
    """
    fuel, rows = system.fuels(), []
    for unit, at in zip(system.thermal, form.units, strict=True):
        on = np.round(best.x[at.on]).astype(int)
        hour, found = 0, []
        for state, stretch in groupby(on):
            length = len(list(stretch))
            if state:
                found.append((hour, hour + length))
            hour += length
        constant = len(found) == 1 and found[0] == (0, len(on))
        rows += [(constant, -len(found), unit.name, a, b, fuel[unit.name]) for a, b in found]
    rows.sort(key=lambda r: (r[0], r[1], r[2], r[3]))
    kept = {name: None for _, _, name, *_ in rows}
    shown = set(list(kept)[:_LANES])
    lines = [(n, a, b, f) for _, _, n, a, b, f in rows if n in shown]
    return pd.DataFrame(lines, columns=["unit", "start", "end", "kind"])


def fuels(table: pd.DataFrame, system: System) -> pd.DataFrame:
    """Energy of each hour by fuel: plan (the hour), item (fuel), amount, MWh; discharge only."""
    fuel = system.fuels()
    given = table.assign(item=table["unit"].map(fuel), amount=table["mw"].clip(lower=0.0))
    summed = given.groupby(["hour", "item"])[["amount"]].sum().reset_index()
    return summed.rename(columns={"hour": "plan"})


def _output(form: Formulation, system: System, best: Solution) -> Array:
    """MW (units, hours) of the thermal units."""
    return np.array(
        [
            np.round(best.x[at.on]) * unit.least + best.x[at.segments].sum(axis=0)
            for unit, at in zip(system.thermal, form.units, strict=True)
        ]
    )


def _slope(unit: Thermal, mw: float) -> float:
    """Cost of the next MWh at an output, USD."""
    place = int(np.clip(np.searchsorted(unit.edges, mw, side="right") - 1, 0, len(unit.edges) - 2))
    width = unit.edges[place + 1] - unit.edges[place]
    return float((unit.costs[place + 1] - unit.costs[place]) / width)


def _started(unit: Thermal, on: Chosen, start: Chosen) -> float:
    total, off = 0.0, 0 if unit.on0 else unit.hours0
    for running, begun in zip(on, start, strict=True):
        if begun:
            total += unit.starts[max(0, int(np.searchsorted(unit.lags, off, side="right")) - 1)]
        off = 0 if running else off + 1
    return total


def _reasons(unit: Thermal, mw: Array, on: Chosen, energy: Array) -> dict[str, int]:
    low, high = mw <= unit.least + _NEAR, mw >= unit.most - _NEAR
    moved = np.abs(np.diff(mw))
    fast = np.isclose(moved, unit.ramp_up, atol=_NEAR) | np.isclose(
        moved, unit.ramp_down, atol=_NEAR
    )
    average = unit.costs[0] / max(unit.least, 1e-9)
    return {
        "marginal": int((on & ~low & ~high).sum()),
        "full": int((on & high & ~low).sum()),
        "held": int((on & low & (energy < average)).sum()),
        "ramp": int((fast & on[1:] & on[:-1]).sum()),
    }
