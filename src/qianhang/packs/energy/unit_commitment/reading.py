"""Reads pglib-uc JSON, with two sections of our own for dams and storage."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qianhang.core.errors import ContractError
from qianhang.packs.energy.unit_commitment.system import (
    Array,
    Hydro,
    Renewable,
    Storage,
    System,
    Thermal,
)

__all__ = ["parse", "read_file"]

_MARKS = {
    "NUC": "nuclear", "HYDRO": "hydro", "ROR": "hydro", "WIND": "wind", "RTPV": "solar",
    "PV": "solar", "CSP": "solar", "SOLAR": "solar", "STEAM": "steam", "COAL": "coal",
    "CC": "combined_cycle", "CT": "gas_turbine", "GAS": "gas", "OIL": "oil",
}  # fmt: skip


def read_file(path: Path) -> System:
    """The system in a .json or .json.gz file.

    Raises ContractError naming the unit, the field, what was found and what was expected.
    """
    try:
        raw = path.read_bytes()
        data = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except (OSError, EOFError, UnicodeDecodeError, ValueError) as cause:
        raise ContractError("QH118", f"{path.name}: not readable JSON: {cause}") from None
    return parse(data, where=path.name)


def parse(data: Any, *, where: str) -> System:
    """The system that a pglib-uc object describes; `where` names it in errors.

    Raises ContractError.
    """
    if not isinstance(data, Mapping) or "demand" not in data:
        raise _bad(where, "demand", "nothing", "demand, MW, a number for each hour", "QH123")
    whole = _Section(where, data, 0)
    demand = whole.series("demand", length=None)
    hours = len(demand)
    if int(data.get("time_periods", hours)) != hours:
        raise _bad(where, "demand", f"{hours} hours", f"time_periods, {data['time_periods']}")
    reserve = whole.series("reserves", length=hours, default=0.0)
    thermal = tuple(_thermal(s) for s in whole.inside("thermal_generators", hours))
    if not thermal:
        raise _bad(where, "thermal_generators", "none", "at least one unit", "QH123")
    return System(
        demand,
        reserve,
        thermal,
        tuple(_renewable(s) for s in whole.inside("renewable_generators", hours)),
        tuple(_hydro(s) for s in whole.inside("hydro_generators", hours)),
        tuple(_storage(s) for s in whole.inside("storage_units", hours)),
    )


@dataclass(frozen=True, slots=True)
class _Section:
    """One object of the file, whose numbers are asked for by name."""

    where: str
    data: Mapping[str, Any]
    hours: int

    def number(self, name: str, *, default: float | None = None, low: float = -np.inf) -> float:
        """A finite number, not below `low`."""
        value = self.data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _bad(self.where, name, value, "a number", "QH106" if value is None else "QH105")
        if not np.isfinite(value) or value < low:
            raise _bad(self.where, name, value, f"a finite number, at least {low:g}", "QH101")
        return float(value)

    def series(self, name: str, *, length: int | None, default: float | None = None) -> Array:
        """Numbers, one an hour; a single number stands for all hours where the length is known."""
        value = self.data.get(name, default)
        single = isinstance(value, int | float) and length is not None
        values = [value] * (length or 1) if single else value
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise _bad(self.where, name, value, "a list of numbers", "QH106")
        try:
            found = np.array(values, dtype=float)
        except (TypeError, ValueError):
            raise _bad(self.where, name, "text or null", "a list of numbers", "QH105") from None
        if length is not None and len(found) != length:
            raise _bad(self.where, name, f"{len(found)} values", f"{length}", "QH117")
        if found.ndim != 1 or not np.isfinite(found).all() or (found < 0).any():
            raise _bad(self.where, name, "a negative or missing value", "finite, at least 0 MW")
        return found

    def inside(self, name: str, hours: int) -> list[_Section]:
        """The named objects of a section, () where it is absent."""
        found = self.data.get(name, {})
        if not isinstance(found, Mapping):
            raise _bad(self.where, name, type(found).__name__, "an object", "QH105")
        return [_Section(f"{self.where} {name} {k}", v, hours) for k, v in found.items()]

    @property
    def name(self) -> str:
        """The key under which the object stands."""
        return self.where.rpartition(" ")[2]


def _bad(where: str, name: str, found: object, expected: str, code: str = "QH101") -> ContractError:
    return ContractError(code, f"{where}, {name}: found {found}, expected {expected}")


def _thermal(s: _Section) -> Thermal:
    edges, costs = _curve(s)
    lags, starts = _starts(s)
    on0 = bool(s.number("unit_on_t0", default=0.0))
    mw0 = s.number("power_output_t0", default=0.0, low=0.0) if on0 else 0.0
    return Thermal(
        name=s.name,
        fuel=_fuel(s, "thermal"),
        edges=edges,
        costs=costs,
        ramp_up=s.number("ramp_up_limit", low=0.0),
        ramp_down=s.number("ramp_down_limit", low=0.0),
        start_most=max(s.number("ramp_startup_limit", low=0.0), float(edges[0])),
        stop_most=max(s.number("ramp_shutdown_limit", low=0.0), float(edges[0])),
        up=max(1, int(s.number("time_up_minimum", low=0.0))),
        down=max(1, int(s.number("time_down_minimum", low=0.0))),
        lags=lags,
        starts=starts,
        must_run=bool(s.number("must_run", default=0.0)),
        on0=on0,
        mw0=max(mw0, float(edges[0])) if on0 else 0.0,
        hours0=int(s.number("time_up_t0" if on0 else "time_down_t0", default=1.0, low=0.0)),
    )


def _curve(s: _Section) -> tuple[Array, Array]:
    """Corners (MW, USD/h) of the cost curve; bends the wrong way are cut, as pglib-uc's own."""
    points = s.data.get("piecewise_production")
    try:
        found = sorted({(float(p["mw"]), float(p["cost"])) for p in points or ()})
    except (KeyError, TypeError, ValueError):
        found = []
    if not found:
        raise _bad(s.where, "piecewise_production", "no points", "points with mw and cost", "QH106")
    low, high = s.number("power_output_minimum", low=0.0), s.number("power_output_maximum")
    if high < low or abs(found[0][0] - low) > 1e-4 * max(1, low) or found[-1][0] < high * 0.9999:
        span = f"{found[0][0]:g} to {found[-1][0]:g} MW"
        raise _bad(s.where, "piecewise_production", span, f"{low:g} to {high:g} MW")
    hull: list[tuple[float, float]] = []
    for point in found:
        while len(hull) > 1 and _above(hull[-2], hull[-1], point):
            hull.pop()
        if not hull or point[0] > hull[-1][0] + 1e-9:
            hull.append(point)
    return np.array([p[0] for p in hull]), np.array([p[1] for p in hull])


def _above(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether b lies on or above the line from a to c."""
    return (b[1] - a[1]) * (c[0] - a[0]) >= (c[1] - a[1]) * (b[0] - a[0]) - 1e-12


def _starts(s: _Section) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Lags, hours, and costs; a warmer start is never dearer than the coldest."""
    listed = s.data.get("startup") or [{"lag": 1, "cost": 0.0}]
    try:
        found = sorted((int(e["lag"]), float(e["cost"])) for e in listed)
    except (KeyError, TypeError, ValueError):
        raise _bad(s.where, "startup", listed, "entries with lag (h) and cost", "QH105") from None
    coldest = found[-1][1]
    return tuple(lag for lag, _ in found), tuple(min(cost, coldest) for _, cost in found)


def _renewable(s: _Section) -> Renewable:
    low = s.series("power_output_minimum", length=s.hours, default=0.0)
    high = s.series("power_output_maximum", length=s.hours)
    return Renewable(s.name, _fuel(s, "renewable"), np.minimum(low, high), high)


def _hydro(s: _Section) -> Hydro:
    low = s.series("power_output_minimum", length=s.hours, default=0.0)
    high = s.series("power_output_maximum", length=s.hours)
    budget = s.data.get("energy_maximum")
    parts = len(budget) if isinstance(budget, list) else 1
    if s.hours % max(parts, 1):
        raise _bad(s.where, "energy_maximum", f"{parts} values", f"equal parts of {s.hours} hours")
    most = s.series("energy_maximum", length=parts, default=float(high.sum()))
    least = s.series("energy_minimum", length=parts, default=0.0)
    if (least > most).any() or (low > high).any():
        raise _bad(s.where, "energy_minimum", "a low limit above the high one", "low <= high")
    return Hydro(s.name, low, high, least, most)


def _storage(s: _Section) -> Storage:
    round_trip = s.number("efficiency", default=1.0, low=1e-6)
    energy = s.number("energy_maximum", low=0.0)
    start = s.number("energy_t0", default=energy / 2, low=0.0)
    made = Storage(
        name=s.name,
        charge_most=s.number("power_charge_maximum", low=0.0),
        discharge_most=s.number("power_discharge_maximum", low=0.0),
        energy_most=energy,
        energy_least=s.number("energy_minimum", default=0.0, low=0.0),
        charging=s.number("efficiency_charge", default=round_trip**0.5, low=1e-6),
        discharging=s.number("efficiency_discharge", default=round_trip**0.5, low=1e-6),
        energy0=start,
        energy_end=s.number("energy_final", default=start, low=0.0),
    )
    if max(made.charging, made.discharging) > 1:
        raise _bad(s.where, "efficiency", max(made.charging, made.discharging), "at most 1")
    if not made.energy_least <= made.energy_most >= max(made.energy0, made.energy_end):
        raise _bad(s.where, "energy_maximum", energy, "not below the levels that are asked for")
    return made


def _fuel(s: _Section, otherwise: str) -> str:
    """The field `fuel`, else what the name gives away."""
    said = s.data.get("fuel")
    if isinstance(said, str) and said.strip():
        return said.strip().lower().replace(" ", "_")
    parts = [p.strip("0123456789") for p in s.name.upper().replace("-", "_").split("_")]
    marks = (m for p in parts for m in _MARKS if p == m or (len(m) > 2 and p.startswith(m)))
    return _MARKS.get(next(marks, ""), otherwise)
