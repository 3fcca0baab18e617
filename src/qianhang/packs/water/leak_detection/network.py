"""One EPANET network, solved for one instant at a time under measured boundary conditions."""

from __future__ import annotations

import ctypes
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.core.errors import ContractError

__all__ = ["Network"]

Array = NDArray[np.float64]
# Parameter numbers of the EPANET 2.2 toolkit.
_BASE_DEMAND, _TANK_LEVEL, _DEMAND, _PRESSURE, _LOW, _HIGH = 1, 8, 9, 11, 20, 21
_ROUGHNESS, _FLOW, _STATUS, _HEAD_LOSS = 2, 8, 4, 10
_MULTIPLIER = 4


class Network:
    """A network file opened for single steady states; a context manager, since EPANET holds files.

    Demands in m3/h, pressures and levels in m, lengths in m, inside and out.
    """

    def __init__(self, path: Path) -> None:
        self.model = _read(path)
        model = self.model
        self.junctions: list[str] = list(model.junction_name_list)
        self.tanks: list[str] = list(model.tank_name_list)
        self.pumps: list[str] = list(model.pump_name_list)
        self.pipes: list[str] = list(model.pipe_name_list)
        self._pipe_set = frozenset(self.pipes)
        self.reservoirs: list[str] = list(model.reservoir_name_list)
        self.roughness = np.array([model.get_link(p).roughness for p in self.pipes])
        self.step_s = int(model.options.time.pattern_timestep)
        self.demands = _demands(model, self.junctions, self.step_s)
        self._base = np.zeros(len(self.junctions))
        self._folder = tempfile.TemporaryDirectory(prefix="qianhang_epanet_")
        self._open()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends EPANET and removes its files."""
        self._engine.ENcloseH()
        self._engine.ENclose()
        self._folder.cleanup()

    def nominal(self, time_s: float) -> Array:
        """Demand of every junction at a time of the model's clock, (junctions,), m3/h."""
        demand: Array = self.demands[int(time_s // self.step_s) % len(self.demands)]
        return demand

    def set_demands(self, nominal: Array, ratio: float, leaks: Mapping[int, float]) -> None:
        """Sets what every junction draws: nominal demand (junctions,) times a ratio, plus leaks.

        leaks : number of junction -> m3/h
        """
        engine, project = self._engine, self._engine._project
        base = nominal.copy()
        for place, size in leaks.items():
            base[place] += size / ratio
        changed = np.flatnonzero(base != self._base)
        call = engine.ENlib.EN_setnodevalue
        for number, flow in zip(changed.tolist(), base[changed].tolist(), strict=True):
            call(project, self._junction_index[number], _BASE_DEMAND, ctypes.c_double(flow))
        engine.ENlib.EN_setoption(project, _MULTIPLIER, ctypes.c_double(ratio))
        self._base = base

    def set_boundary(self, levels: Mapping[str, float], running: Mapping[str, bool]) -> None:
        """Sets tank levels, m, and which pumps run."""
        for tank, level in levels.items():
            low, high = self._limits[tank]
            # Within 2 mm of the brim a tank counts as full, so that EPANET shuts its inlet.
            inside = high if level > high - 0.002 else max(float(level), low)
            self._engine.ENsetnodevalue(self._nodes[tank], _TANK_LEVEL, inside)
        for pump, on in running.items():
            self._engine.ENsetlinkvalue(self._links[pump], _STATUS, float(on))

    def set_roughness(self, pipe: str, value: float) -> None:
        """Sets one pipe's roughness."""
        self._engine.ENsetlinkvalue(self._links[pipe], _ROUGHNESS, value)

    def solve(self) -> None:
        """Finds the steady state under what was set."""
        self._engine.ENinitH(0)
        self._engine.ENrunH()

    def read(self, nodes: Sequence[str], links: Sequence[str], tanks: Sequence[str]) -> Array:
        """Pressures at nodes (m), flows in links (m3/h), net inflows of tanks (m3/h), one array."""
        engine = self._engine
        values = [engine.ENgetnodevalue(self._nodes[n], _PRESSURE) for n in nodes]
        values += [engine.ENgetlinkvalue(self._links[k], _FLOW) for k in links]
        values += [engine.ENgetnodevalue(self._nodes[t], _DEMAND) for t in tanks]
        return np.array(values)

    def area(self, tank: str) -> float:
        """Cross section of a tank, m2."""
        return float(np.pi * self.model.get_node(tank).diameter ** 2 / 4)

    def head_losses(self) -> Array:
        """Head lost in every pipe in the state just solved, (pipes,), m."""
        engine = self._engine
        return np.array([engine.ENgetlinkvalue(self._links[p], _HEAD_LOSS) for p in self.pipes])

    def pipe_at(self, junction: str) -> str:
        """The shortest pipe at a junction, or its first link where it has none."""
        links = self.model.get_links_for_node(junction)
        pipes = [k for k in links if k in self._pipe_set]
        name: str = min(
            pipes or links, key=lambda k: getattr(self.model.get_link(k), "length", 0.0)
        )
        return name

    def _open(self) -> None:
        from wntr.epanet.toolkit import ENepanet
        from wntr.network.io import write_inpfile

        model = self.model
        for name in list(model.control_name_list):
            model.remove_control(name)
        model.options.time.duration = 0
        model.options.time.pattern_start = 0
        model.options.hydraulic.accuracy = 1e-5
        model.options.hydraulic.trials = 200
        model.options.hydraulic.demand_multiplier = 1.0
        model.add_pattern("qh_flat", [1.0])
        for name in self.junctions:
            demands = model.get_node(name).demand_timeseries_list
            demands.clear()
            demands.append((0.0, "qh_flat", ""))
        path = f"{self._folder.name}/network"
        write_inpfile(model, path + ".inp", units="CMH")
        self._engine = ENepanet(version=2.2)
        self._engine.ENopen(path + ".inp", path + ".rpt", path + ".bin")
        self._nodes = {n: self._engine.ENgetnodeindex(n) for n in model.node_name_list}
        self._links = {k: self._engine.ENgetlinkindex(k) for k in model.link_name_list}
        get = self._engine.ENgetnodevalue
        self._limits = {
            t: (get(self._nodes[t], _LOW), get(self._nodes[t], _HIGH)) for t in self.tanks
        }
        self._junction_index = [ctypes.c_int(self._nodes[n]) for n in self.junctions]
        self._engine.ENopenH()


def _read(path: Path) -> Any:
    import wntr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = wntr.network.WaterNetworkModel(str(path))
        except Exception as cause:  # wntr raises what each broken line happens to trip over
            raise ContractError(
                "QH160",
                f"{path.name}: found {type(cause).__name__}: {str(cause)[:160]}, "
                "expected an EPANET network file (.inp)",
                hint="does EPANET itself open and run this file?",
            ) from cause
    if not model.num_junctions or not model.num_pipes:
        raise ContractError(
            "QH160",
            f"{path.name}: found {model.num_junctions} junctions and {model.num_pipes} pipes, "
            "expected an EPANET network with both",
            hint="is it the whole .inp file?",
        )
    return model


def _demands(model: Any, junctions: Sequence[str], step_s: int) -> Array:
    """(steps, junctions) m3/h over the least common period of all patterns."""
    lengths = [len(p.multipliers) for _, p in model.patterns() if len(p.multipliers)]
    period = int(np.lcm.reduce(lengths)) if lengths else 1
    period = min(period, 7 * 86400 // step_s) if period * step_s > 31 * 86400 else period
    flows = np.zeros((period, len(junctions)))
    for column, name in enumerate(junctions):
        for demand in model.get_node(name).demand_timeseries_list:
            if demand.base_value:
                shape = np.ones(1) if demand.pattern is None else demand.pattern.multipliers
                flows[:, column] += demand.base_value * 3600 * np.resize(shape, period)
    return flows * float(model.options.hydraulic.demand_multiplier)
