"""What is usual in each section, and how far readings have climbed away from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.spec import Spec
from qianhang.engines.detect import build_episodes, cusum

__all__ = ["COLUMNS", "SENSORS", "Usual", "alarms_of", "limits", "usual"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
COLUMNS = ["start", "place", "sensor", "rule", "size", "score"]
# sensor -> +1 where a rise is the danger, -1 where a fall is
SENSORS = {"ch4": 1, "h2s": 1, "o2": -1, "temperature": 1, "level": 1}
_LEAST_SPREAD = {"ch4": 0.3, "h2s": 0.1, "o2": 0.03, "temperature": 0.2, "level": 0.01}


@dataclass(frozen=True, slots=True)
class Usual:
    """Of each section and sensor: level of each hour of the day, spread, worst reading, and the
    highest sum of departures that quiet weeks reached."""

    level: Mapping[str, list[float]]
    spread: Mapping[str, float]
    worst: Mapping[str, float]
    peak: Mapping[str, float]

    def to_files(self) -> dict[str, bytes]:
        """The model as one JSON file."""
        return {"usual.json": json.dumps(asdict(self)).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        return cls(**json.loads(files["usual.json"]))


def usual(table: pd.DataFrame, *, slack: float) -> Usual:
    """Medians by hour of the day, and robust spreads, of readings (section, sensors by time).

    slack : departures below so many spreads are usual
    """
    level: dict[str, list[float]] = {}
    spread: dict[str, float] = {}
    worst: dict[str, float] = {}
    peak: dict[str, float] = {}
    for section, rows in table.groupby("section", observed=True):
        hour = pd.DatetimeIndex(rows.index).hour
        for sensor, sign in SENSORS.items():
            key = f"{section}/{sensor}"
            by_hour = rows[sensor].groupby(hour).median().reindex(range(24)).interpolate()
            level[key] = by_hour.bfill().ffill().fillna(0.0).tolist()
            away = rows[sensor].to_numpy(float) - np.array(level[key])[hour]
            typical = 1.4826 * float(np.nanmedian(np.abs(away))) if np.isfinite(away).any() else 0.0
            spread[key] = max(typical, _LEAST_SPREAD[sensor])
            sums = cusum(
                np.maximum(sign * away / spread[key], 0.0), slack=slack, limit=np.inf, reset=False
            )
            peak[key] = float(sums.statistic.max(initial=0.0))
            known = (sign * rows[sensor]).dropna()
            worst[key] = float(known.max()) if len(known) else np.inf
    return Usual(level, spread, worst, peak)


def limits(spec: Spec) -> dict[str, float]:
    """The statutory limit of each sensor, times its sign."""
    return {s: sign * float(spec.params[f"{s}_limit"]) for s, sign in SENSORS.items()}


def alarms_of(
    table: pd.DataFrame, model: Usual | None, bounds: Mapping[str, float], *, spec: Spec
) -> pd.DataFrame:
    """One row an alarm, in order of time.

    model : adds slow climbs to the limits; bounds : sensor, or section/sensor -> signed limit
    """
    parts = [
        _of_sensor(rows, (str(section), sensor), model, bounds, spec)
        for section, rows in table.groupby("section", observed=True)
        for sensor in SENSORS
    ]
    found = [p for p in parts if len(p)]
    frame = pd.concat(found) if found else pd.DataFrame(columns=COLUMNS)
    if not found:
        frame["start"] = pd.DatetimeIndex([], tz=pd.DatetimeIndex(table.index).tz)
    return frame.sort_values(["start", "place", "sensor"], ignore_index=True)


def _of_sensor(
    rows: pd.DataFrame,
    place: tuple[str, str],
    model: Usual | None,
    bounds: Mapping[str, float],
    spec: Spec,
) -> pd.DataFrame:
    section, sensor = place
    key, sign = f"{section}/{sensor}", SENSORS[sensor]
    values = rows[sensor].to_numpy(float)
    limit = bounds.get(key, bounds.get(sensor, np.inf))
    flags = {"limit": np.nan_to_num(sign * values, nan=-np.inf) >= limit}
    score = np.zeros(len(values))
    if model is not None and key in model.level:
        away, score = _climb(rows[sensor], key, sign, model, spec)
        flags["climb"] = away
    times = pd.DatetimeIndex(rows.index)
    hold = int(spec.params["hold_min"])
    kept = [
        (times[at], section, sensor, rule, values[at], score[at])
        for at, rule in _first(flags, times, hold)
    ]
    return pd.DataFrame(kept, columns=COLUMNS)


def _climb(
    values: pd.Series, key: str, sign: int, model: Usual, spec: Spec
) -> tuple[Flags, Floats]:
    """Whether the departures from the usual have summed up to a climb, and the sums."""
    hour, params = pd.DatetimeIndex(values.index).hour, spec.params
    away = sign * (values.to_numpy(float) - np.array(model.level[key])[hour]) / model.spread[key]
    limit = max(float(params["climb"]), float(params["over_peak"]) * model.peak[key])
    # What lies on the safe side counts as nothing; one alarm lasts until the climb is undone.
    slack = float(params["slack"])
    chart = cusum(np.maximum(away, 0.0), slack=slack, limit=limit, reset=False)
    return chart.alarm, chart.statistic


def _first(
    flags: Mapping[str, Flags], times: pd.DatetimeIndex, hold_min: int
) -> Iterator[tuple[int, str]]:
    """Where alarms begin, with their ground; repeats within the hold are silent.

    A climb never silences a limit.
    """
    hold = pd.Timedelta(minutes=hold_min)
    limit = [int(a) for a, _ in build_episodes(flags["limit"])]
    climb = [int(a) for a, _ in build_episodes(flags.get("climb", np.zeros(0, dtype=bool)))]
    begins = sorted([(a, 0, "limit") for a in limit] + [(a, 1, "climb") for a in climb])
    told: dict[str, pd.Timestamp] = {}
    for at, _, rule in begins:
        over = [told[r] for r in ("limit", rule) if r in told]
        if not over or times[at] - max(over) >= hold:
            yield at, rule
            told[rule] = times[at]
