"""A warning from the reading and its trend, its level set by a budget of false alarms a shift."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines.detect import AlarmLogic
from qianhang.packs.mining.gas_warning.record import crossings_of, rows_of, step_of

__all__ = ["Warner", "fixed_alarms", "learn", "watch"]

Array = NDArray[np.float64]
_SHIFT = pd.Timedelta(hours=8)
_TREND_MIN = 10.0
_WEIGHTS = (0.0, 0.25, 0.5)  # of the trend; larger ones warn of noise
_LONGEST = 6000
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Warner:
    """Alarm when methane plus `weight` times its excess over its recent mean reaches `logic.on`."""

    weight: float
    logic: AlarmLogic

    def score(self, table: pd.DataFrame) -> Array:
        """Methane with its trend carried on, %, (n,), NaN where no reading is."""
        gas = table["methane"]
        rows = rows_of(_TREND_MIN, step_of(table.index))
        rise = (gas - gas.rolling(rows, min_periods=1).mean()).clip(lower=0)
        score: Array = (gas + self.weight * rise).to_numpy(dtype=float)
        return score

    def to_files(self) -> dict[str, bytes]:
        """The model as JSON."""
        return {"warner.json": json.dumps(asdict(self), sort_keys=True).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        held = json.loads(files["warner.json"])
        return cls(held["weight"], AlarmLogic(**held["logic"]))


def learn(train: Inputs, *, spec: Spec) -> Warner:
    """The weight of the trend that warns of most crossings of the training record within the
    budget, at the lowest level that keeps it; fewer false alarms where several warn of as many.

    Raises ContractError where the record holds fewer crossings than the manifest asks for.
    """
    table = train.table
    events = crossings_of(table, spec)
    least = max(spec.manifest.event_min if spec.manifest is not None else 1, 1)
    if len(events) < least:
        raise ContractError(
            "QH133",
            f"the training record passes {spec.params['limit_pct']} % {len(events)} times, "
            f"expected at least {least}",
            hint="give a longer record",
        )
    most = float(spec.params["alarms_per_shift"]) * (table.index[-1] - table.index[0]) / _SHIFT
    tried = [_lowest(weight, table, events, most, spec) for weight in _WEIGHTS]
    best = max(tried, key=lambda t: t[0])
    return best[1]


def watch(
    model: Warner, inputs: Inputs, *, spec: Spec
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Alarms with what raised them, the score through time, readings about the highest one."""
    table, score = inputs.table, model.score(inputs.table)
    episodes = model.logic.episodes(score)
    times = pd.DatetimeIndex(table.index)
    alarms = pd.DataFrame(
        {
            "start": times[episodes[:, 0]],
            "end": times[episodes[:, 1]],
            "place": pd.Series(["methane"] * len(episodes), dtype=object),
            "size": table["methane"].to_numpy(float)[episodes[:, 0]],
            "score": score[episodes[:, 0]],
            "sensors": pd.Series([_reason(table, a) for a, _ in episodes], dtype=object),
        }
    )
    heads = np.arange(0, len(score), max(len(score) // _LONGEST, 1))
    top = np.maximum.reduceat(np.nan_to_num(score, nan=0.0), heads)
    drawn = {"time": times[heads], "statistic": top, "threshold": model.logic.on}
    found = {"statistic": pd.DataFrame(drawn)}
    if len(episodes):
        at = int(episodes[int(score[episodes[:, 0]].argmax()), 0])
        part = table.iloc[max(at - _AROUND, 0) : at + _AROUND]
        gauges = part[[c for c in part if str(c).startswith("methane")]]
        shown = gauges.assign(limit=float(spec.params["limit_pct"])).rename_axis("time")
        found["around"] = shown.reset_index()
    return alarms, found


def fixed_alarms(inputs: Inputs, level: float, *, spec: Spec) -> pd.DataFrame:
    """An alarm while methane stands at a fixed level, %, ended by the hold."""
    table = inputs.table
    episodes = _logic(level, table, spec).episodes(table["methane"].to_numpy(float))
    times = pd.DatetimeIndex(table.index)
    return pd.DataFrame({"start": times[episodes[:, 0]], "end": times[episodes[:, 1]]})


def _lowest(
    weight: float, table: pd.DataFrame, events: pd.DataFrame, most: float, spec: Spec
) -> tuple[tuple[float, float], Warner]:
    """Crossings warned of and minus the false alarms, under the best level within the budget."""
    limit = float(spec.params["limit_pct"])
    best: tuple[tuple[float, float], Warner] | None = None
    for level in np.linspace(0.7 * limit, limit, 46):
        warner = Warner(weight, _logic(float(level), table, spec))
        warned, false = _count(warner, table, events)
        if false <= most and (best is None or warned > best[0][0]):
            best = ((warned, -false), warner)
    last = Warner(weight, _logic(limit, table, spec))
    return best if best is not None else ((0.0, 0.0), last)


def _count(warner: Warner, table: pd.DataFrame, events: pd.DataFrame) -> tuple[float, float]:
    """Crossings with an alarm raised before them, and alarms near no crossing."""
    times = pd.DatetimeIndex(table.index)
    starts = times[warner.logic.episodes(warner.score(table))[:, 0]]
    warned, near = 0, np.zeros(len(starts), dtype=bool)
    rows = zip(events["start"], events["crossing"], events["end"], strict=True)
    for begin, crossing, end in rows:
        warned += bool(((starts >= begin) & (starts < crossing)).any())
        near |= (starts >= begin) & (starts <= end)
    return float(warned), float((~near).sum())


def _logic(level: float, table: pd.DataFrame, spec: Spec) -> AlarmLogic:
    hold = rows_of(float(spec.params["hold_min"]), step_of(table.index))
    return AlarmLogic(on=level - 1e-9, hold=hold)


def _reason(table: pd.DataFrame, at: int) -> str:
    """Each gauge when the alarm was raised, and how far it had moved in ten minutes."""
    rows = rows_of(_TREND_MIN, step_of(table.index))
    now, before = table.iloc[at], table.iloc[max(at - rows, 0)]
    texts: list[Any] = [f"{c} {now[c]:.3g} ({now[c] - before[c]:+.2g})" for c in table.columns[:5]]
    return ", ".join(texts)
