"""Traffic in SUMO, stepped every few seconds: queues and pressures seen, a phase for each signal.

Seen: time, s from the begin; waiting, vehicles that stand before all signals; for each signal
`phase:S` (-1 under a program of its own), `age:S` s, `stand:S` vehicles; for each of its phases
`queue:S/K` and `coming:S/K`, vehicles that stand or come on movements which the phase would let go,
each weighted by the free room where its movement leads; `red:S/K`, the longest that a light of the
phase has had red, s, not counting lights that go with a phase of a longer red; `lead:S/K`, place
among the signal's lanes of the one that weighs most.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qianhang.core.errors import ContractError
from qianhang.engines.control.roads import BROKEN, GREEN, Roads, Signal, is_green
from qianhang.engines.control.simulator import Action
from qianhang.engines.control.traffic_count import totals

__all__ = ["ACTUATED", "OWN", "Traffic"]

OWN = -1  # the program that came with the network
ACTUATED = -2  # SUMO's gap-based controller on the same phases
_SLOW = 1.4  # m/s, below which a vehicle counts as standing
_SPACING = 7.5  # m of lane for a standing vehicle
_LONGEST = 86_400.0  # s that a scenario without an end may last
_PHASE_LIMITS = (5.0, 50.0)  # s of green under the gap-based controller, defaults of netconvert


@dataclass
class Traffic:
    """One run of a scenario; an action names a phase for signals, those unnamed keep their program.

    draw : seed of SUMO's own randomness, joined with the seed of `reset`
    step_s : between decisions, s; yellow_s : before a green is taken away, all_red_s : behind it;
    reach_m : of detectors
    No vehicle is ever teleported out of a jam.
    """

    roads: Roads
    draw: int = 0
    step_s: float = 5.0
    yellow_s: float = 3.0
    all_red_s: float = 0.0
    reach_m: float = 100.0
    _sumo: Any = field(default=None, init=False, repr=False)
    _folder: Path | None = field(default=None, init=False, repr=False)
    _now: float = field(default=0.0, init=False)
    _phase: dict[str, int] = field(default_factory=dict, init=False)
    _since: dict[str, float] = field(default_factory=dict, init=False)
    _green: dict[str, list[float]] = field(default_factory=dict, init=False)
    _longest_red: float = field(default=0.0, init=False)
    _queues: list[float] = field(default_factory=list, init=False)
    _totals: dict[str, float] = field(default_factory=dict, init=False)

    def reset(self, seed: int) -> None:
        """A new run from the scenario's begin.

        Raises ContractError with SUMO's own words where it cannot load the scenario.
        """
        self._sumo = _library()
        if self._sumo.isLoaded():
            self._sumo.close()
        self._folder = Path(tempfile.mkdtemp(prefix="qianhang-sumo-"))
        self._tell(lambda: self._sumo.start(self._command(seed)))
        self._now = float(self._sumo.simulation.getTime())
        signals = self.roads.signals
        self._phase = {s.name: OWN for s in signals}
        self._since = {s.name: self._now for s in signals}
        self._green = {s.name: [self._now] * len(s.phases[0]) for s in signals}
        self._longest_red, self._queues, self._totals = 0.0, [], {}

    def _command(self, seed: int) -> list[str]:
        folder = self._folder or Path()
        measure = (
            '<additional><edgeData id="all" file="edges.xml" excludeEmpty="true"/></additional>'
        )
        (folder / "measure.xml").write_text(measure, encoding="utf8")
        more = [*map(str, self.roads.additional), str(folder / "measure.xml")]
        return [
            "sumo", "-c", str(self.roads.config), "--additional-files", ",".join(more),
            "--seed", str((7919 * seed + self.draw) % 2**31), "--time-to-teleport", "-1",
            "--tripinfo-output", str(folder / "trips.xml"), "--tripinfo-output.write-unfinished",
            "--tripinfo-output.write-undeparted", "--device.emissions.probability", "1",
            "--statistic-output", str(folder / "whole.xml"), "--xml-validation", "never",
            "--no-step-log", "--no-warnings", "--duration-log.disable",
        ]  # fmt: skip

    def _tell(self, what: Callable[[], object]) -> None:
        """Does it; SUMO's complaint becomes an error about the scenario."""
        try:
            what()
        except (self._sumo.TraCIException, self._sumo.FatalTraCIError) as cause:
            words = str(cause).strip() or "stopped without a word"
            raise ContractError(BROKEN, f"{self.roads.config.name}: SUMO: {words}") from None

    def observe(self) -> Mapping[str, float]:
        """What the detectors and the signals show now, see the module."""
        counts = {lane: self._count(lane) for lane in self.roads.before}
        free = {lane: self._free(lane) for lane in self.roads.beyond}
        seen = {"time": self._now - self.roads.begin, "waiting": 0.0}
        for signal in self.roads.signals:
            stand = sum(counts[lane][0] for lane in signal.lanes)
            seen["waiting"] += stand
            seen[f"phase:{signal.name}"] = float(self._phase[signal.name])
            seen[f"age:{signal.name}"] = self._now - self._since[signal.name]
            seen[f"stand:{signal.name}"] = stand
            seen |= self._choices(signal, counts, free)
        self._queues.append(seen["waiting"])
        return seen

    def _count(self, lane: str) -> tuple[float, float]:
        """Vehicles before the stop line of a lane: standing, and coming within reach."""
        stand = coming = 0.0
        lanes, vehicles = self._sumo.lane, self._sumo.vehicle
        for part in self.roads.before[lane]:
            names = lanes.getLastStepVehicleIDs(part.lane)
            length = self.roads.lanes[part.lane].length + part.offset
            for name in names:
                if vehicles.getSpeed(name) < _SLOW:
                    stand += part.share
                elif length - vehicles.getLanePosition(name) < self.reach_m:
                    coming += part.share
        return stand, coming

    def _free(self, lane: str) -> float:
        """Share of the room behind a movement that no standing vehicle takes, 0 to 1."""
        beyond = self.roads.beyond[lane]
        room = sum(self.roads.lanes[name].length for name in beyond) / _SPACING
        stand = sum(int(self._sumo.lane.getLastStepHaltingNumber(name)) for name in beyond)
        return max(0.0, 1.0 - stand / max(room, 1.0))

    def _choices(
        self, signal: Signal, counts: Mapping[str, tuple[float, float]], free: Mapping[str, float]
    ) -> dict[str, float]:
        """Pressure of every phase, movement by movement."""
        name, found, reds = signal.name, {}, self._reds(signal)
        ways = {lane: sum(m.lane == lane for m in signal.movements) for lane in signal.lanes}
        for k, state in enumerate(signal.phases):
            queue = coming = most = 0.0
            lead = -1
            for m in signal.movements:
                if state[m.index] not in GREEN:
                    continue
                stand, come = counts[m.lane]
                weight = free[m.onto] / ways[m.lane]
                queue, coming = queue + stand * weight, coming + come * weight
                if (stand + come) * weight > most:
                    most, lead = (stand + come) * weight, signal.lanes.index(m.lane)
            found[f"queue:{name}/{k}"], found[f"coming:{name}/{k}"] = queue, coming
            found[f"red:{name}/{k}"] = reds[k]
            found[f"lead:{name}/{k}"] = float(lead)
        return found

    def _reds(self, signal: Signal) -> list[float]:
        """Reds, s, in the fewest turns that would end them all: longest first, 0 where none is."""
        last = self._green[signal.name]
        open_ = {i: self._now - last[i] for i in range(len(last)) if self._now > last[i]}
        found = [0.0] * len(signal.phases)
        while True:
            lit = [[i for i in open_ if state[i] in GREEN] for state in signal.phases]
            worth = [(max((open_[i] for i in on), default=0.0), len(on)) for on in lit]
            best = max(range(len(lit)), key=lambda k: worth[k])
            if worth[best][0] <= 0:
                return found
            found[best] = worth[best][0]
            for i in lit[best]:
                del open_[i]

    def act(self, action: Action) -> None:
        """One step with the phases that the action names, after yellow where a green ends."""
        if not isinstance(action, Mapping):
            raise ValueError("the action maps names of signals to phases")
        later: dict[str, int] = {}
        for signal in self.roads.signals:
            wish = int(action.get(signal.name, OWN))
            if wish in (OWN, ACTUATED):
                self._hand_over(signal, wish)
            elif wish != self._phase[signal.name] and self._yellow(signal, wish):
                later[signal.name] = wish
        end = self._now + self.step_s
        self._run(min(self._now + self.yellow_s, end))
        changing = [s for s in self.roads.signals if s.name in later]
        if self.all_red_s > 0:
            for signal in changing:
                self._clear(signal)
            self._run(min(self._now + self.all_red_s, end))
        for signal in changing:
            self._show(signal, later[signal.name])
        self._run(end)
        if self.done:
            self._finish()

    def _hand_over(self, signal: Signal, program: int) -> None:
        """Leaves the signal to a program of its own."""
        if program == self._phase[signal.name]:
            return
        self._phase[signal.name] = program
        if program == ACTUATED:
            lights = self._sumo.trafficlight
            logic = lights.getAllProgramLogics(signal.name)[0]
            phases = tuple(
                lights.Phase(p.duration, p.state, *(_PHASE_LIMITS if is_green(p.state) else
                             (p.duration, p.duration))) for p in logic.phases
            )  # fmt: skip
            lights.setProgramLogic(signal.name, lights.Logic("gaps", 3, 0, phases))

    def _yellow(self, signal: Signal, wish: int) -> bool:
        """Whether a yellow has to come first; else the phase is shown at once."""
        now = self._sumo.trafficlight.getRedYellowGreenState(signal.name)
        then = signal.phases[wish]
        ends = [a in GREEN and b not in GREEN for a, b in zip(now, then, strict=True)]
        if not any(ends) or self.yellow_s <= 0:
            self._show(signal, wish)
            return False
        between = "".join(
            "y" if end else a if a in GREEN else "r" for a, end in zip(now, ends, strict=True)
        )
        self._sumo.trafficlight.setRedYellowGreenState(signal.name, between)
        return True

    def _clear(self, signal: Signal) -> None:
        """Every yellow becomes red."""
        state = self._sumo.trafficlight.getRedYellowGreenState(signal.name)
        self._sumo.trafficlight.setRedYellowGreenState(signal.name, state.replace("y", "r"))

    def _show(self, signal: Signal, phase: int) -> None:
        self._sumo.trafficlight.setRedYellowGreenState(signal.name, signal.phases[phase])
        self._phase[signal.name], self._since[signal.name] = phase, self._now

    def _run(self, until: float) -> None:
        """Second by second, so that no red of any program is missed."""
        while self._now < until - 1e-9:
            self._look()
            self._now = min(self._now + 1.0, until)
            self._tell(lambda: self._sumo.simulationStep(self._now))
        self._look()

    def _look(self) -> None:
        for signal in self.roads.signals:
            last = self._green[signal.name]
            for i, light in enumerate(self._sumo.trafficlight.getRedYellowGreenState(signal.name)):
                if light not in "ry":
                    self._longest_red = max(self._longest_red, self._now - last[i])
                    last[i] = self._now

    @property
    def done(self) -> bool:
        """Whether the scenario's end is reached, or all have arrived where it has none."""
        if self._totals:
            return True
        end = self.roads.end
        if end is not None:
            return self._now >= end - 1e-9
        empty = self._sumo.simulation.getMinExpectedNumber() == 0
        return bool(empty or self._now >= self.roads.begin + _LONGEST)

    def _finish(self) -> None:
        """Closes SUMO, which then writes its files, and counts."""
        for signal in self.roads.signals:
            for i, last in enumerate(self._green[signal.name]):
                if any(phase[i] in GREEN for phase in signal.phases):
                    self._longest_red = max(self._longest_red, self._now - last)
        self._sumo.close()
        folder = self._folder or Path()
        hours = (self._now - self.roads.begin) / 3600
        self._totals = {
            **totals(folder, hours=hours),
            "max_red_s": self._longest_red,
            "queue_mean": sum(self._queues) / max(len(self._queues), 1),
            "queue_max": max(self._queues, default=0.0),
        }
        shutil.rmtree(folder, ignore_errors=True)

    def score(self) -> Mapping[str, float]:
        """Totals of the run, see `qianhang.engines.control.traffic_count`."""
        return self._totals


def _library() -> Any:
    """SUMO inside this process; its import greets on the standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        import libsumo
    return libsumo
