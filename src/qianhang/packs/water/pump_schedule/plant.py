"""A network opened once in EPANET and run day after day under different pump schedules."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.packs.water.pump_schedule.document import DAY_S, Document, Run

__all__ = ["Day", "Plant", "Trace"]

Array = NDArray[np.float64]
# Parameter numbers of the EPANET 2.2 toolkit.
_BASE_DEMAND, _TANK_LEVEL, _DEMAND, _PRESSURE, _MIN_LEVEL, _MAX_LEVEL = 1, 8, 9, 11, 20, 21
_MIN_VOLUME, _MAX_VOLUME, _DIAMETER = 18, 25, 17
_FLOW, _POWER, _PUMP_PRICE, _PUMP_PATTERN = 8, 13, 21, 22
_GLOBAL_PRICE, _GLOBAL_PATTERN = 9, 10
_PATTERN_STEP, _PATTERN_START = 3, 4
_TIMER, _NEVER, _AFRESH = 2, 1e8, 10  # 10: flows begin anew, so that a day depends on itself alone
# Flow unit of the file -> length unit of the file cubed per hour, and to metric.
_VOLUME = {0: 3600.0, 1: 8.020833, 2: 5570.023, 3: 6689.265, 4: 1815.0, 5: 3.6, 6: 0.06,
           7: 41.66667, 8: 1.0, 9: 1 / 24}  # fmt: skip
_FOOT, _PSI = 0.3048, 0.703249


@dataclass(slots=True)
class Trace:
    """What a day looked like, a row each time something changed: times s, levels m, flows m3/h."""

    time: list[float] = field(default_factory=list)
    levels: list[list[float]] = field(default_factory=list)
    flows: list[list[float]] = field(default_factory=list)
    power: list[list[float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Day:
    """One simulated day.

    cost : money ; kwh : (pumps,) ; levels : (tanks,) at its end, m ; pressure : (judged,) lowest, m
    drawn : m3 taken from sources that no pump draws on ; warnings : steps that EPANET warned of
    """

    cost: float
    kwh: Array
    levels: Array
    pressure: Array
    drawn: float
    warnings: int
    trace: Trace


class Plant:
    """A network file in EPANET; a context manager, since EPANET holds files.

    document : the file ; slots : switches that a pump's schedule may have, 0 leaves the file's own
    controls in charge. Metric outside whatever the units of the file.
    Raises ContractError where EPANET refuses the file.
    """

    def __init__(self, document: Document, *, slots: int = 0) -> None:
        from wntr.epanet.toolkit import ENepanet

        self._folder = tempfile.TemporaryDirectory(prefix="qianhang_pumps_")
        self._engine = ENepanet(version=2.2)
        self._open(document)
        self._lib, self._project = self._engine.ENlib, self._engine._project
        self._value, self._time, self._step = ctypes.c_double(), ctypes.c_long(), ctypes.c_long()
        self.pumps = document.pumps
        self._links = [self._engine.ENgetlinkindex(p) for p in self.pumps]
        self._describe()
        self.speeds = document.speeds
        self._held = [self._engine.ENgetnodeindex(r) for r in document.unpumped()]
        self._controls = [
            [self._engine.ENaddcontrol(_TIMER, link, 0.0, 0, _NEVER) for _ in range(slots)]
            for link in self._links
        ]
        self.prices = self._prices()
        self.runs = 0
        self._engine.ENopenH()

    def __enter__(self) -> Plant:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.ENcloseH()
        self._engine.ENclose()
        self._folder.cleanup()

    def day(self, runs: Iterable[Run] | None = None, *, traced: bool = False) -> Day:
        """The day under a schedule, or under the controls of the file where none is given."""
        if runs is not None:
            self._set(list(runs))
        self.runs += 1
        lib, project = self._lib, self._project
        kwh, cost, drawn, warnings = np.zeros(len(self.pumps)), 0.0, 0.0, 0
        lowest, trace = np.full(len(self._judged), np.inf), Trace()
        lib.EN_initH(project, _AFRESH)
        while True:
            code = lib.EN_runH(project, ctypes.byref(self._time))
            warnings += 1 if code else 0
            now = self._time.value
            power = [self._link(i, _POWER) for i in self._links] if code <= 100 else []
            if code > 100:
                warnings += 100
                break
            if now < DAY_S:
                found = [self._node(i, _PRESSURE) for i in self._judged]
                lowest = np.minimum(lowest, found)
            if traced:
                self._note(trace, now, power)
            out = sum(-self._node(i, _DEMAND) for i in self._held)
            lib.EN_nextH(project, ctypes.byref(self._step))
            hours = self._step.value / 3600
            if hours <= 0:
                break
            kwh += np.array(power) * hours
            cost += float(self._price_at(now) @ power) * hours
            drawn += out * hours * self._flow_to_m3
        levels = np.array([self._node(i, _PRESSURE) for i in self._tanks]) * self._pressure_to_m
        return Day(cost, kwh, levels, lowest * self._pressure_to_m, drawn, warnings, trace)

    def ruled(self, rule: Callable[[int, Array], Sequence[bool]]) -> list[Run]:
        """Runs of a day on which a rule decides at each full hour from the levels (tanks,), m."""
        if not self._controls or not self._controls[0]:
            raise ValueError("a plant without slots cannot be ruled")
        self._set([])
        self._lib.EN_initH(self._project, _AFRESH)
        now, hour, began, runs = 0, -1, dict.fromkeys(self.pumps, -1), list[Run]()
        levels = self.initial
        while now < DAY_S:
            if now // 3600 > hour:
                hour = now // 3600
                on = rule(hour, levels)
                for pump, link, slots, up in zip(
                    self.pumps, self._links, self._controls, on, strict=True
                ):
                    self._switch(slots[0], link, now, self.speeds[pump] if up else 0.0)
                    if up and began[pump] < 0:
                        began[pump] = now
                    elif not up and began[pump] >= 0:
                        runs.append(Run(pump, began[pump], now))
                        began[pump] = -1
            self._lib.EN_runH(self._project, ctypes.byref(self._time))
            self._lib.EN_nextH(self._project, ctypes.byref(self._step))
            if self._step.value <= 0:
                break
            now += self._step.value
            levels = np.array([self._node(i, _PRESSURE) for i in self._tanks]) * self._pressure_to_m
        return runs + [Run(p, b, DAY_S) for p, b in began.items() if b >= 0]

    def steady(self, hour: int, levels: Array, on: Sequence[bool]) -> tuple[Array, Array, bool]:
        """Net inflow of the tanks (m3/h), power of the pumps (kW) and whether EPANET is content,
        at an hour of the day, under tank levels (m) and with some pumps on."""
        self._engine.ENsettimeparam(_PATTERN_START, self._start_s + hour * 3600)
        for tank, level in zip(self._tanks, (levels / self._length).tolist(), strict=True):
            self._lib.EN_setnodevalue(self._project, tank, _TANK_LEVEL, ctypes.c_double(level))
        self._set([Run(p, 0, 2 * DAY_S) for p, up in zip(self.pumps, on, strict=True) if up])
        self._lib.EN_initH(self._project, _AFRESH)
        code = self._lib.EN_runH(self._project, ctypes.byref(self._time))
        flows = np.array([self._node(i, _DEMAND) for i in self._tanks]) * self._flow_to_m3
        power = np.array([self._link(i, _POWER) for i in self._links])
        return flows, power, code == 0

    def reset(self) -> None:
        """Back to the levels and the clock of the file, after looking at steady states."""
        self._engine.ENsettimeparam(_PATTERN_START, self._start_s)
        for tank, level in zip(self._tanks, (self.initial / self._length).tolist(), strict=True):
            self._lib.EN_setnodevalue(self._project, tank, _TANK_LEVEL, ctypes.c_double(level))

    def _open(self, document: Document) -> None:
        path = f"{self._folder.name}/network"
        Path(path + ".inp").write_text(document.text(), encoding="latin-1")
        try:
            self._engine.ENopen(path + ".inp", path + ".rpt", path + ".bin")
        except Exception as error:  # wntr raises its own classes for what EPANET refuses
            raise ContractError(
                "QH160", f"EPANET refuses the network: {error}", hint="open it in EPANET first"
            ) from error

    def _describe(self) -> None:
        """Numbers of nodes by kind, units, tank sizes."""
        engine = self._engine
        kinds = {i: engine.ENgetnodetype(i) for i in range(1, engine.ENgetcount(0) + 1)}
        units = engine.ENgetflowunits()
        metric = units >= 5
        self._length = 1.0 if metric else _FOOT
        self._pressure_to_m = 1.0 if metric else _PSI
        self._flow_to_m3 = _VOLUME[units] * self._length**3
        self._tanks = [i for i, k in kinds.items() if k == 2]
        self._judged = [
            i for i, k in kinds.items() if k == 0 and engine.ENgetnodevalue(i, _BASE_DEMAND) > 0
        ]
        self.tanks = tuple(engine.ENgetnodeid(i) for i in self._tanks)
        self.judged = tuple(engine.ENgetnodeid(i) for i in self._judged)
        wanted = (_TANK_LEVEL, _MIN_LEVEL, _MAX_LEVEL, _MIN_VOLUME, _MAX_VOLUME, _DIAMETER)
        read = {c: np.array([engine.ENgetnodevalue(i, c) for i in self._tanks]) for c in wanted}
        span = np.maximum(read[_MAX_LEVEL] - read[_MIN_LEVEL], 1e-6)
        area = (read[_MAX_VOLUME] - read[_MIN_VOLUME]) / span
        area = np.where(area > 0, area, np.pi * read[_DIAMETER] ** 2 / 4)
        self.areas = area * self._length**2
        self.initial = read[_TANK_LEVEL] * self._length
        self.low, self.high = read[_MIN_LEVEL] * self._length, read[_MAX_LEVEL] * self._length
        self.links = int(engine.ENgetcount(2))
        self.pattern_step_s = int(engine.ENgettimeparam(_PATTERN_STEP)) or 3600
        self._start_s = int(engine.ENgettimeparam(_PATTERN_START))

    def _prices(self) -> Array:
        """Price of a kWh for each pump in each step of the tariff, (pumps, steps)."""
        lib, project = self._lib, self._project
        number = ctypes.c_double()

        def option(code: int) -> float:
            lib.EN_getoption(project, code, ctypes.byref(number))
            return number.value

        def pattern(index: int) -> Array:
            length = ctypes.c_int()
            if index < 1 or lib.EN_getpatternlen(project, index, ctypes.byref(length)):
                return np.ones(1)
            values = []
            for k in range(1, length.value + 1):
                lib.EN_getpatternvalue(project, index, k, ctypes.byref(number))
                values.append(number.value)
            return np.array(values)

        general, shape = option(_GLOBAL_PRICE), pattern(int(option(_GLOBAL_PATTERN)))
        steps = max(round(DAY_S / self.pattern_step_s), 1)
        rows = []
        for link in self._links:
            own, index = self._link(link, _PUMP_PRICE), int(self._link(link, _PUMP_PATTERN))
            values = pattern(index) if index > 0 else shape
            at = (np.arange(steps) + self._start_s // self.pattern_step_s) % len(values)
            rows.append((own if own > 0 else general) * values[at])
        return np.array(rows)

    def _price_at(self, now: float) -> Array:
        steps: Array = self.prices[:, int(now // self.pattern_step_s) % self.prices.shape[1]]
        return steps

    def _set(self, runs: Sequence[Run]) -> None:
        """Writes the schedule into the timed controls."""
        for pump, link, slots in zip(self.pumps, self._links, self._controls, strict=True):
            own = sorted(r for r in runs if r.pump == pump)
            switches = [(0.0, bool(own) and own[0].start <= 0)]
            for run in own:
                switches += [(float(run.start), True)] if run.start > 0 else []
                switches += [(float(run.end), False)] if run.end < DAY_S else []
            if len(switches) > len(slots):
                raise ValueError(f"{pump}: {len(switches)} switches, {len(slots)} slots")
            switches += [(_NEVER, False)] * (len(slots) - len(switches))
            for slot, (time, on) in zip(slots, switches, strict=True):
                self._switch(slot, link, time, self.speeds[pump] if on else 0.0)

    def _switch(self, slot: int, link: int, time: float, speed: float) -> None:
        self._lib.EN_setcontrol(
            self._project, slot, _TIMER, link, ctypes.c_double(speed), 0, ctypes.c_double(time)
        )

    def _note(self, trace: Trace, now: float, power: list[float]) -> None:
        trace.time.append(float(now))
        trace.levels.append([self._node(i, _PRESSURE) * self._pressure_to_m for i in self._tanks])
        trace.flows.append([self._link(i, _FLOW) * self._flow_to_m3 for i in self._links])
        trace.power.append(power)

    def _node(self, index: int, code: int) -> float:
        self._lib.EN_getnodevalue(self._project, index, code, ctypes.byref(self._value))
        return self._value.value

    def _link(self, index: int, code: int) -> float:
        self._lib.EN_getlinkvalue(self._project, index, code, ctypes.byref(self._value))
        return self._value.value
