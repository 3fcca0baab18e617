"""A plan run afresh: written as a file, simulated whole by EPANET, read back from its results."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.packs.water.pump_schedule.document import DAY_S, Document, Run

__all__ = ["Result", "broken", "simulate"]

_DEMAND, _PRESSURE = 9, 11  # EPANET's numbers of a node's values
_PSI_M = 0.703249  # metres of water in a psi
_NEAR_M = 0.1  # EPANET finds pressures to about so much when a day is run again


@dataclass(frozen=True, slots=True)
class Result:
    """What EPANET reports of a day, hour by hour.

    energy : one row a pump, columns kwh, cost, hours ; pressure, demand : (25, nodes) m, m3/h
    levels : (25, tanks) m
    flow : (25, links) m3/h ; lowest : (nodes,) lowest pressure over every step, m
    given : water from sources that no pump draws on, in the file's unit of flow times hours
    """

    energy: pd.DataFrame
    pressure: pd.DataFrame
    demand: pd.DataFrame
    levels: pd.DataFrame
    flow: pd.DataFrame
    lowest: pd.Series
    given: pd.Series

    @property
    def cost(self) -> float:
        """Money for the day, by EPANET's own energy report."""
        return float(self.energy["cost"].sum())


def simulate(document: Document) -> Result:
    """The day that the file describes, by EPANET's whole-run simulation and its result file.

    Raises ContractError where EPANET does not finish.
    """
    from wntr.epanet.io import BinFile
    from wntr.epanet.toolkit import ENepanet

    rows: dict[str, list[float]] = {}

    class _File(BinFile):  # type: ignore[misc]  # wntr is untyped
        """wntr's reader of result files, keeping the energy report that it reads over."""

        def save_energy_line(self, pump_idx: int, pump_name: str, values: Any) -> None:  # noqa: ARG002
            rows[str(pump_name)] = [float(v) for v in values]

    with tempfile.TemporaryDirectory(prefix="qianhang_check_") as folder:
        path = f"{folder}/day"
        text = document.with_hydraulics(path + ".hyd").text()
        Path(path + ".inp").write_text(text, encoding="latin-1")
        engine = ENepanet(version=2.2)
        try:
            engine.ENopen(path + ".inp", path + ".rpt", path + ".bin")
            stepwise = _stepwise(engine, document.unpumped())
            engine.ENsolveH()
            engine.ENsaveH()
            engine.ENclose()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = _File(energy=True).read(path + ".bin")
        except Exception as error:  # wntr raises its own classes for what EPANET refuses
            raise ContractError("QH160", f"EPANET does not finish the day: {error}") from error
    return _result(document, found, rows, stepwise)


def _stepwise(engine: Any, sources: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Over every step of the day: lowest pressure of each node, and what each source gave, both
    in the units of the file (flow unit times hours)."""
    nodes = {engine.ENgetnodeid(i): i for i in range(1, engine.ENgetcount(0) + 1)}
    lowest, given = dict.fromkeys(nodes, float("inf")), dict.fromkeys(sources, 0.0)
    engine.ENopenH()
    engine.ENinitH(0)
    while engine.ENrunH() < DAY_S:
        for name, index in nodes.items():
            lowest[name] = min(lowest[name], engine.ENgetnodevalue(index, _PRESSURE))
        out = {s: -engine.ENgetnodevalue(nodes[s], _DEMAND) for s in sources}
        step = engine.ENnextH()
        given = {s: v + out[s] * step / 3600 for s, v in given.items()}
        if step <= 0:
            break
    engine.ENcloseH()
    return lowest, given


def _result(
    document: Document,
    found: Any,
    rows: dict[str, list[float]],
    stepwise: tuple[dict[str, float], dict[str, float]],
) -> Result:
    """Energy columns of the file: share of time, efficiency, kWh a m3, kW, peak kW, cost a day."""
    values = {p: rows.get(p, [0.0] * 6) for p in document.pumps}
    energy = pd.DataFrame(
        {
            "hours": {p: v[0] / 100 * 24 for p, v in values.items()},
            "kwh": {p: v[0] / 100 * 24 * v[3] for p, v in values.items()},
            "cost": {p: v[5] for p, v in values.items()},
        }
    )
    tanks = [words[0] for words in document.rows("TANKS")]
    pressure, demand = found.node["pressure"], found.node["demand"] * 3600
    low = pd.Series(stepwise[0])[list(pressure.columns)] * _scale(document)
    given = pd.Series(stepwise[1], dtype=float)
    flow = found.link["flowrate"] * 3600
    return Result(energy, pressure, demand, pressure[tanks], flow, low, given)


def _scale(document: Document) -> float:
    """Metres in the file's unit of pressure: psi with American units of flow, else metres."""
    words = {w[0].upper(): w[-1].upper() for w in document.rows("OPTIONS")}
    american = words.get("UNITS", "GPM") in ("CFS", "GPM", "MGD", "IMGD", "AFD")
    return _PSI_M if american else 1.0


def broken(
    document: Document, runs: Sequence[Run], *, own: Result, starts: int, least_m: float
) -> list[str]:
    """What a plan breaks, in words.

    document : the file without pump schedules ; own : the day under the file's own controls
    starts : most starts of a pump ; least_m : pressure asked for at junctions with demand, m; where
    the file's own controls give less, that must be kept
    """
    words = _malformed(document, runs)
    if words:
        return words
    counts = {p: sum(r.pump == p for r in runs) for p in document.pumps}
    words = [f"{p}: starts {n} times, limit {starts}" for p, n in counts.items() if n > starts]
    day = simulate(document.with_runs(runs))
    start, end = own.levels.iloc[0], day.levels.iloc[-1]
    words += [
        f"tank {t}: ends at {end[t]:.3f} m, began at {start[t]:.3f} m"
        for t in end.index
        if end[t] < start[t] - 0.005
    ]
    words += _pressures(document, day, own, least_m)
    return words + _sources(day, own)


def _malformed(document: Document, runs: Sequence[Run]) -> list[str]:
    words = [f"{r.pump}: no such pump" for r in runs if r.pump not in document.pumps]
    words += [
        f"{r.pump}: runs from {r.start} s to {r.end} s, expected within 0 to {DAY_S} s"
        for r in runs
        if not 0 <= r.start < r.end <= DAY_S
    ]
    for pump in document.pumps:
        own = sorted(r for r in runs if r.pump == pump)
        words += [
            f"{pump}: two runs overlap at {b.start} s"
            for a, b in zip(own, own[1:], strict=False)
            if b.start < a.end
        ]
    return words


def _pressures(document: Document, day: Result, own: Result, least_m: float) -> list[str]:
    drawn = [
        words[0] for words in document.rows("JUNCTIONS") if float(own.demand[words[0]].max()) > 1e-6
    ]
    low, usual = day.lowest[drawn], own.lowest[drawn]
    limit = usual.clip(upper=least_m) - _NEAR_M
    return [
        f"junction {n}: pressure falls to {low[n]:.2f} m, limit {limit[n]:.2f} m"
        for n in drawn
        if low[n] < limit[n]
    ]


def _sources(day: Result, own: Result) -> list[str]:
    """Sources on which no pump draws give together no more than under the file's own controls."""
    more, usual = float(day.given.sum()), float(own.given.sum())
    if more <= usual + 0.01 * abs(usual) + 0.1:
        return []
    names = ", ".join(str(n) for n in day.given.index)
    return [f"reservoirs {names}: give {more:.0f}, {usual:.0f} under own controls"]
