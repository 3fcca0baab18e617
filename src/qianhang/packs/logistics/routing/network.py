"""Who has to be visited from where: instances of VRPLIB and Solomon, and stops of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.spec import Param

__all__ = ["Network", "best_known", "of_file", "of_stops"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_EARTH_M = 6371008.8
_NEVER = 10**9


@dataclass(frozen=True, slots=True)
class Network:
    """Stops of one depot, number 0; places (n, 2), demand (n,), times in min or the file's unit.

    distance, duration : (n, n) whole numbers: steps of `step` distance units, and times x `clock`
    opens, closes, service : (n,) times; shift : longest route, 0 for none
    measure : how a length is made of two places: round, dimacs, exact, plane, earth or matrix
    vehicles : how many there are, 0 for no limit; per_unit, per_vehicle : cost
    """

    name: str
    stops: tuple[str, ...]
    places: Floats
    demand: Floats
    capacity: float
    distance: Ints
    duration: Ints
    opens: Floats
    closes: Floats
    service: Floats
    measure: str
    step: float = 1.0
    clock: float = 1.0
    detour: float = 1.0
    pace: float = 1.0
    vehicles: int = 0
    shift: float = 0.0
    per_unit: float = 1.0
    per_vehicle: float = 0.0

    @property
    def timed(self) -> bool:
        """Whether any stop or route has a time to keep."""
        return bool((self.closes < _NEVER).any() or self.shift > 0)


def of_file(path: Path, params: Mapping[str, Param]) -> Network:
    """The network in a VRPLIB file, or in one of Solomon's (.txt).

    Raises ContractError naming file and section where it is no such file, or asks for what this
    pack does not plan.
    """
    import vrplib  # type: ignore[import-untyped]  # it has no stubs

    kind = "solomon" if path.suffix.lower() == ".txt" else "vrplib"
    try:
        held = vrplib.read_instance(path, instance_format=kind)
    except (ValueError, KeyError, IndexError, TypeError, RuntimeError) as cause:
        hint = "VRPLIB (.vrp) or Solomon's format (.txt)"
        raise ContractError("QH118", f"{path.name}: {cause}", hint=hint) from cause
    for field in ("demand", "capacity"):
        if field not in held:
            section = f"{field.upper()}{'_SECTION' if field == 'demand' else ''}"
            raise ContractError("QH103", f"{path.name}: {section} is missing")
    kinds = str(held.get("type", "CVRP")).upper()
    if kinds not in ("CVRP", "VRPTW", "DCVRP"):
        raise ContractError("QH107", f"{path.name}: TYPE {kinds}, expected CVRP or VRPTW")
    first = int(np.atleast_1d(held.get("depot", [0]))[0])
    if len(np.atleast_1d(held.get("depot", [0]))) > 1:
        raise ContractError("QH107", f"{path.name}: several depots, expected one")
    return _made(path, held, first, kind=kind, params=params)


def _made(
    path: Path, held: Mapping[str, Any], first: int, *, kind: str, params: Mapping[str, Param]
) -> Network:
    demand = np.asarray(held["demand"], dtype=float)
    n = len(demand)
    order = np.r_[first, np.delete(np.arange(n), first)]
    measure = str(params["rounding"])
    if measure == "auto":
        measure = "dimacs" if kind == "solomon" else "round"
    coordinates = held.get("node_coord")
    explicit = str(held.get("edge_weight_type", "EUC_2D")).upper() != "EUC_2D"
    if explicit or coordinates is None:
        matrix = np.asarray(held["edge_weight"], dtype=float)[np.ix_(order, order)]
        measure, distance, step = "matrix", np.rint(matrix).astype(np.int64), 1.0
        places = np.zeros((n, 2)) if coordinates is None else np.asarray(coordinates, float)[order]
    else:
        places = np.asarray(coordinates, dtype=float)[order]
        distance, step = _rounded(_plane(places), measure)
    clock = 1.0 / step
    windows = np.tile([0.0, float(_NEVER)], (n, 1))
    if "time_window" in held:
        windows = np.asarray(held["time_window"], dtype=float)[order]
    service = np.zeros(n)
    if "service_time" in held:
        service = np.broadcast_to(np.asarray(held["service_time"], float), (n,)).copy()[order]
        service[0] = 0.0
    fleet = int(held.get("vehicles", 0) or 0)
    return Network(
        path.stem, tuple(str(k + 1) for k in order), places, demand[order],
        float(held["capacity"]), distance, distance, windows[:, 0], windows[:, 1], service,
        measure, step=step, clock=clock, vehicles=fleet,
    )  # fmt: skip


def _plane(places: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(places, places))


def _rounded(lengths: Floats, measure: str) -> tuple[Ints, float]:
    """Whole steps, and how long a step is: the conventions of CVRPLIB, of DIMACS, or thousandths.

    Raises ContractError for another word.
    """
    if measure == "round":
        return np.floor(lengths + 0.5).astype(np.int64), 1.0
    if measure == "dimacs":
        return np.floor(10.0 * lengths).astype(np.int64), 0.1
    if measure == "exact":
        return np.rint(1000.0 * lengths).astype(np.int64), 0.001
    hint = "auto, round, dimacs or exact"
    raise ContractError("QH107", f"rounding: found {measure!r}", hint=hint)


def of_stops(table: pd.DataFrame, params: Mapping[str, Param]) -> Network:
    """The network of a table of stops, the depot in its first row; lengths in m, times in min.

    Raises ContractError where neither x and y nor lat and lon are there for every stop, a stop is
    named twice, asks for more than a vehicle holds, or closes before it opens.
    """
    rows = table.reset_index(drop=True)
    ids = rows["stop"].astype(str)
    if len(rows) < 2:
        raise ContractError("QH115", f"stops: {len(rows)} rows, expected a depot and a stop")
    if ids.duplicated().any():
        raise ContractError("QH107", f"stops: stop {ids[ids.duplicated()].iloc[0]} comes twice")
    pair = next((p for p in (("x", "y"), ("lat", "lon")) if set(p) <= set(rows)), None)
    if pair is None or rows[list(pair)].isna().to_numpy().any():
        raise ContractError("QH103", "stops: every row needs x and y, or lat and lon")
    places = rows[list(pair)].to_numpy(float)
    lengths = float(params["detour"]) * (_plane(places) if pair[0] == "x" else _earth(places))
    demand = rows["demand"].fillna(0.0).to_numpy(float).copy()
    demand[0] = 0.0
    _holds(ids, demand, float(params["capacity"]))
    opens = _column(rows, "opens", 0.0)
    closes = _column(rows, "closes", float(_NEVER))
    if (closes < opens).any():
        which = ids[int(np.argmax(closes < opens))]
        raise ContractError("QH101", f"stops: {which} closes before it opens")
    pace = float(params["speed_kmh"]) * 1000.0 / 60.0
    service = _column(rows, "service", 0.0)
    service[0] = 0.0
    return Network(
        "stops", tuple(ids), places, demand, float(params["capacity"]),
        np.rint(lengths).astype(np.int64), np.ceil(lengths / pace * 60.0).astype(np.int64),
        opens, closes, service, "plane" if pair[0] == "x" else "earth",
        clock=60.0, detour=float(params["detour"]), pace=pace,
        vehicles=int(params["vehicles"]), shift=float(params["shift_min"]),
        per_unit=float(params["cny_per_km"]) / 1000.0, per_vehicle=float(params["cny_per_vehicle"]),
    )  # fmt: skip


def _holds(ids: pd.Series, demand: Floats, capacity: float) -> None:
    if (demand > capacity).any():
        which = int(np.argmax(demand > capacity))
        raise ContractError(
            "QH101",
            f"stops: {ids[which]} asks for {demand[which]:g}, a vehicle holds {capacity:g}",
            hint="--param capacity=..., or split the stop",
        )


def _column(rows: pd.DataFrame, name: str, missing: float) -> Floats:
    if name not in rows:
        return np.full(len(rows), missing)
    return rows[name].fillna(missing).to_numpy(float).copy()


def _earth(places: Floats) -> Floats:
    """(n, n) great-circle lengths, m, of latitudes and longitudes (n, 2) in degrees."""
    lat, lon = np.radians(places).T
    half = np.sin((lat[:, None] - lat) / 2) ** 2
    half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return np.asarray(2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def best_known(path: Path) -> float:
    """The cost that a CVRPLIB solution file gives.

    Raises ContractError where it gives none.
    """
    for line in path.read_text(encoding="utf8", errors="replace").splitlines():
        words = line.replace(":", " ").split()
        if len(words) == 2 and words[0].lower() == "cost":
            try:
                return float(words[1])
            except ValueError:
                break
    raise ContractError("QH118", f"{path.name}: no line with the cost", hint="Cost 36391")
