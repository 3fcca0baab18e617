"""Unit commitment as a mixed-integer program whose relaxation is tight.

Three binaries a unit and hour (on, start, stop); minimum up and down times by Rajan and Takriti
(2005); start-up costs by matching starts to stops (Knueven, Ostrowski and Watson 2020); output and
segment limits around starts and stops (Morales-Espana, Gentile, Ramos 2015; Pan and Guan 2016);
two-hour ramps (Damci-Kurt et al. 2016). Costs and reserve as in the model of pglib-uc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.optimise import Assembly, Program, Term
from qianhang.packs.energy.unit_commitment.system import Array, Hydro, Storage, System, Thermal

__all__ = ["Formulation", "Places", "formulate"]

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a thermal unit's variables stand, each (hours,); segments : (k - 1, hours).

    spare : None where whatever the unit does not give is its spare power, so that it needs no
    variable: then room . (on, start, stop of the next hour) is the most that it gives above least
    """

    on: Index
    start: Index
    stop: Index
    segments: Index
    spare: Index | None
    room: tuple[float, float, float]

    def offered(self, x: Array) -> Array:
        """Spare power (hours,), MW, in the point x."""
        if self.spare is not None:
            kept: Array = x[self.spare]
            return kept
        late = np.append(x[self.stop][1:], 0.0)
        full, lost, given = self.room
        most = full * x[self.on] - lost * x[self.start] - given * late
        left: Array = np.maximum(most - x[self.segments].sum(axis=0), 0.0)
        return left


@dataclass(frozen=True, slots=True)
class Formulation:
    """The program, and where to find things in it.

    free : (hours,) output of all renewables together; hydro, charge, discharge : (units, hours)
    balance, reserve : (hours,) rows
    """

    program: Program
    units: tuple[Places, ...]
    free: Index
    hydro: Index
    charge: Index
    discharge: Index
    balance: Index
    reserve: Index

    def binaries(self) -> Index:
        """Numbers (units, 3, hours) of on, start and stop."""
        return np.array([[p.on, p.start, p.stop] for p in self.units])


def formulate(system: System) -> Formulation:
    """The whole problem, rows of each unit in hours and MW, cost in USD."""
    made, hours = Assembly(), system.hours
    units = tuple(_unit(made, u, hours) for u in system.thermal)
    low = np.sum([r.low for r in system.renewable], axis=0) + np.zeros(hours)
    high = np.sum([r.high for r in system.renewable], axis=0) + np.zeros(hours)
    free = made.add((hours,), low=low, high=high)
    hydro = _hydro(made, system.hydro, hours)
    charge, discharge = _storage(made, system.storage, hours)
    terms = [(free, 1.0), (hydro.T, 1.0), (charge.T, -1.0), (discharge.T, 1.0)]
    for unit, at in zip(system.thermal, units, strict=True):
        terms += [(at.on, unit.least), (at.segments.T, 1.0)]
    balance = made.hold([t for t in terms if t[0].size], low=system.demand, high=system.demand)
    reserve = made.hold(_reserve(units, free), low=system.reserve)
    program = made.program()
    return Formulation(program, units, free, hydro, charge, discharge, balance, reserve)


def _reserve(units: tuple[Places, ...], free: Index) -> list[Term]:
    """What all units together keep ready; renewables keep nothing."""
    terms: list[Term] = [(free, 0.0)]
    for at in units:
        if at.spare is not None:
            terms.append((at.spare, 1.0))
            continue
        full, lost, given = at.room
        terms += [(at.on, full), (at.start, -lost), (_before(at.stop, -1), -given)]
        terms += [(at.segments.T, -1.0)] if len(at.segments) else []
    return terms


def _before(index: Index, hours: int = 1) -> Index:
    """The same variable some hours earlier (later where negative); -1 outside the horizon."""
    moved = np.full_like(index, -1)
    if abs(hours) < len(index):
        if hours >= 0:
            moved[hours:] = index[: len(index) - hours]
        else:
            moved[:hours] = index[-hours:]
    return moved


def _window(index: Index, length: int) -> Index:
    """(hours, length) : the variable in each of the last `length` hours, this one included."""
    return np.array([_before(index, i) for i in range(min(length, len(index)))]).T


def _unit(made: Assembly, unit: Thermal, hours: int) -> Places:
    low, high = _forced(unit, hours)
    on = made.add((hours,), cost=unit.costs[0], low=low, high=high, whole=True)
    start = made.add((hours,), cost=unit.starts[-1], high=1.0, whole=True)
    stop = made.add((hours,), high=_may_stop(unit, hours), whole=True)
    width = np.diff(unit.edges)
    slope = np.diff(unit.costs) / np.maximum(width, 1e-9)
    segments = made.add(
        (len(width), hours), cost=slope[:, None] + np.zeros(hours), high=width[:, None]
    )
    reach_start, reach_stop = _reach(unit)
    room = (unit.most - unit.least, unit.most - reach_start, unit.most - reach_stop)
    simple = min(unit.ramp_up, unit.ramp_down) >= room[0] and (unit.up >= 2 or room[1:] == (0, 0))
    spare = None if simple else made.add((hours,), high=room[0])
    at = Places(on, start, stop, segments, spare, room)
    first = np.zeros(hours)
    first[0] = float(unit.on0)
    made.hold([(on, 1.0), (_before(on), -1.0), (start, -1.0), (stop, 1.0)], low=first, high=first)
    made.hold([(_window(start, unit.up), 1.0), (on, -1.0)], high=0.0)
    made.hold([(_window(stop, unit.down), 1.0), (on, 1.0)], high=1.0)
    _match(made, unit, at)
    if unit.most > unit.least:
        _segments(made, unit, at)
        if at.spare is not None:
            _limits(made, unit, at, at.spare)
            _ramps(made, unit, at, at.spare)
    return at


def _forced(unit: Thermal, hours: int) -> tuple[Array, Array]:
    """Limits of `on` that the state before the first hour and a duty to run leave."""
    low, high = np.full(hours, float(unit.must_run)), np.ones(hours)
    if unit.on0:
        low[: max(0, unit.up - unit.hours0)] = 1.0
    else:
        high[: max(0, unit.down - unit.hours0)] = 0.0
    return np.minimum(low, high), high


def _may_stop(unit: Thermal, hours: int) -> Array:
    allowed = np.ones(hours)
    most = min(unit.stop_most, unit.least + unit.ramp_down)
    if unit.on0 and unit.mw0 > most + 1e-6:
        allowed[0] = 0.0
    return allowed


def _match(made: Assembly, unit: Thermal, at: Places) -> None:
    """Start-up costs: a start is as cheap as the stop to which it is matched is recent."""
    hours = len(at.on)
    stops = np.arange(hours)
    if not unit.on0:
        stops = np.append(stops, -unit.hours0)
    gap = np.arange(hours)[None, :] - stops[:, None]
    kind = np.maximum(np.searchsorted(np.array(unit.lags), gap, side="right") - 1, 0)
    saved = np.array(unit.starts)[kind] - unit.starts[-1]
    usable = (gap >= max(unit.down, 1)) & (saved < -1e-9)
    if not usable.any():
        return
    pairs = np.full(gap.shape, -1)
    pairs[usable] = made.add((int(usable.sum()),), cost=saved[usable], high=1.0)
    made.hold([(pairs.T, 1.0), (at.start, -1.0)], high=0.0)
    made.hold([(pairs[:hours], 1.0), (at.stop, -1.0)], high=0.0)
    if not unit.on0:
        made.hold([(pairs[hours:], 1.0)], high=1.0)


def _reach(unit: Thermal) -> tuple[float, float]:
    """Most output, MW, in the hour of a start, and in the last hour before a stop."""
    start = min(unit.start_most, unit.least + unit.ramp_up, unit.most)
    return start, min(unit.stop_most, unit.least + unit.ramp_down, unit.most)


def _limits(made: Assembly, unit: Thermal, at: Places, spare: Index) -> None:
    """Output and spare of an hour, less near starts and stops."""
    late = _before(at.stop, -1)
    full, lost, given = at.room
    total = [(at.segments.T, 1.0), (spare, 1.0), (at.on, -full)]
    if unit.up < 2:
        made.hold([*total, (at.start, lost), (late, max(given - lost, 0.0))], high=0.0)
        if given > 0 or lost > given:
            made.hold([*total, (late, given), (at.start, max(lost - given, 0.0))], high=0.0)
        return
    steps = _steps(lost, unit.ramp_up, unit.up - 2)
    rising = [(_before(at.start, i), lost - i * unit.ramp_up) for i in range(steps + 1)]
    made.hold([*total, *rising, (late, given)], high=0.0)
    falls = _steps(given, unit.ramp_down, unit.up - 2)
    if falls > 0:  # spare power may be kept on the way down, so these rows hold output alone
        rest = _steps(lost, unit.ramp_up, unit.up - 2 - falls)
        bent = [(_before(at.stop, -1 - i), given - i * unit.ramp_down) for i in range(falls + 1)]
        bent += [(_before(at.start, i), lost - i * unit.ramp_up) for i in range(rest + 1)]
        made.hold([total[0], total[2], *bent], high=0.0)


def _steps(lost: float, ramp: float, room: int) -> int:
    """How many further hours a start or stop is felt, as far as the minimum up time lets it."""
    felt = int(np.ceil(lost / ramp - 1e-9)) - 1 if ramp > 0 else room
    return max(0, min(felt, room))


def _segments(made: Assembly, unit: Thermal, at: Places) -> None:
    """Each segment of the cost curve, less in the hour of a start and before a stop."""
    if len(at.segments) < 2 and at.spare is not None:
        return
    reach_start, reach_stop = _reach(unit)
    late = _before(at.stop, -1)
    for k, segment in enumerate(at.segments):
        edge, width = unit.edges[k], unit.edges[k + 1] - unit.edges[k]
        lost = width - float(np.clip(reach_start - edge, 0, width))
        given = width - float(np.clip(reach_stop - edge, 0, width))
        both = [(segment, 1.0), (at.on, -width)]
        if unit.up >= 2:
            made.hold([*both, (at.start, lost), (late, given)], high=0.0)
            continue
        made.hold([*both, (at.start, lost), (late, max(given - lost, 0.0))], high=0.0)
        if given > 0:
            made.hold([*both, (late, given), (at.start, max(lost - given, 0.0))], high=0.0)


def _ramps(made: Assembly, unit: Thermal, at: Places, spare: Index) -> None:
    room, (start, stop) = unit.most - unit.least, _reach(unit)
    before = np.array([_before(s) for s in at.segments])
    first = np.zeros(len(at.on))
    first[0] = unit.mw0 - unit.least if unit.on0 else 0.0
    was = np.zeros(len(at.on))
    was[0] = float(unit.on0)
    now, then = (at.segments.T, 1.0), (before.T, -1.0)
    if unit.ramp_up < room:
        bent = (at.start, unit.ramp_up - (start - unit.least))
        made.hold([now, then, (spare, 1.0), (at.on, -unit.ramp_up), bent], high=first)
    if unit.ramp_down < room:
        bent = (at.stop, unit.ramp_down - (stop - unit.least))
        falls = [(at.segments.T, -1.0), (before.T, 1.0), (_before(at.on), -unit.ramp_down), bent]
        made.hold(falls, high=unit.ramp_down * was - first)


def _hydro(made: Assembly, units: tuple[Hydro, ...], hours: int) -> Index:
    places = np.empty((len(units), hours), dtype=np.int64)
    for i, unit in enumerate(units):
        places[i] = made.add((hours,), low=unit.low, high=unit.high)
        parts = places[i].reshape(len(unit.energy_high), -1)
        made.hold([(parts, 1.0)], low=unit.energy_low, high=unit.energy_high)
    return places


def _storage(made: Assembly, units: tuple[Storage, ...], hours: int) -> tuple[Index, Index]:
    """Charge and discharge never at once, for where power is worth less than nothing."""
    charge, discharge = (np.empty((len(units), hours), dtype=np.int64) for _ in range(2))
    for i, unit in enumerate(units):
        charge[i] = made.add((hours,), high=unit.charge_most)
        discharge[i] = made.add((hours,), high=unit.discharge_most)
        filling = made.add((hours,), high=1.0, whole=True)
        least = np.full(hours, unit.energy_least)
        least[-1] = max(unit.energy_end, unit.energy_least)
        level = made.add((hours,), low=least, high=unit.energy_most)
        first = np.zeros(hours)
        first[0] = unit.energy0
        flows = [(charge[i], -unit.charging), (discharge[i], 1 / unit.discharging)]
        made.hold([(level, 1.0), (_before(level), -1.0), *flows], low=first, high=first)
        made.hold([(charge[i], 1.0), (filling, -unit.charge_most)], high=0.0)
        made.hold([(discharge[i], 1.0), (filling, unit.discharge_most)], high=unit.discharge_most)
    return charge, discharge
