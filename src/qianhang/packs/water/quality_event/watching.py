"""A detector whose window is chosen forward in time inside the training record, and its alarms."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines.detect import AlarmLogic, DeviationDetector, build_episodes, recent_usual
from qianhang.packs.water.quality_event.material import marked, sensors, step_of

__all__ = ["alarms_of", "learn", "limit_alarms", "strange_alarms", "watch"]

_WEEK = pd.Timedelta(days=7)
_HOURS = (1.0, 2.0, 4.0, 8.0, 24.0)
_PERSIST = (1, 3)
_CHECK = 0.6  # share of the training record that sets limits while the window is chosen
_LONGEST = 6000  # points of a drawn line


def learn(train: Inputs, *, spec: Spec) -> DeviationDetector:
    """Limits from the whole training record, with the window that served best in its last part.

    Where fewer than three events are known, the window of the parameters stands.
    """
    table = train.table
    names = sensors(table, spec)
    values = table[names].to_numpy(float)
    step = step_of(table.index)
    events = train.get("known")
    inside = np.zeros(len(table), bool) if events is None else marked(events, table.index)
    edge = int(len(table) * _CHECK)
    late = build_episodes(inside[edge:], gap=0)
    if len(late) < 3:
        window = _rows(float(spec.params["window_h"]), step)
        return _fit(values, inside, names, choice=(window, 1), step=step, spec=spec)
    best: tuple[float, ...] = ()
    chosen = (0, 0)
    for hours, persist in itertools.product(_HOURS, _PERSIST):
        window = _rows(hours, step)
        if window > edge // 4:
            continue
        choice = (window, persist)
        tried = _fit(values[:edge], inside[:edge], names, choice=choice, step=step, spec=spec)
        rank = _rank(tried, values, inside, edge, step)
        if not best or rank > best:
            best, chosen = rank, choice
    if not best:
        chosen = (max(edge // 8, 2), 1)
    return _fit(values, inside, names, choice=chosen, step=step, spec=spec)


def watch(
    model: DeviationDetector, inputs: Inputs, *, spec: Spec
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Alarms, the statistic through time, and the readings about the strongest alarm."""
    table = inputs.table.reindex(columns=list(model.names))
    values = table.to_numpy(float)
    ratios = model.ratios(values)
    score = np.nan_to_num(np.abs(ratios), nan=0.0).max(axis=1, initial=0.0)
    episodes = model.logic.episodes(score)
    alarms = alarms_of(episodes, table.index)
    told = [_reason(model, ratios, values, a, b) for a, b in episodes]
    alarms = alarms.assign(
        place=[t[0] for t in told],
        size=[t[1] for t in told],
        score=[t[2] for t in told],
        sensors=[t[3] for t in told],
    ).astype({"place": object, "size": float, "score": float, "sensors": object})
    found = {"statistic": _statistic(table.index, score)}
    if len(episodes):
        strongest = int(np.argmax([t[2] for t in told]))
        found["around"] = _around(model, table, episodes[strongest], told[strongest][0])
    return alarms, found


def alarms_of(episodes: NDArray[np.int64], index: pd.Index) -> pd.DataFrame:
    """Alarms with start and end, from positions (k, 2)."""
    times = pd.DatetimeIndex(index)
    return pd.DataFrame({"start": times[episodes[:, 0]], "end": times[episodes[:, 1]]})


def limit_alarms(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What operators set: fixed limits at the outermost thousandth of the training readings, and
    five minutes outside before an alarm."""
    names = sensors(train.table, spec)
    known = train.table[names].to_numpy(float)
    low, high = np.nanquantile(known, 0.001, axis=0), np.nanquantile(known, 0.999, axis=0)
    values = inputs.table.reindex(columns=names).to_numpy(float)
    outside = ((values < low) | (values > high)).any(axis=1)
    step = step_of(inputs.table.index)
    logic = AlarmLogic(persist=_rows(5 / 60, step), hold=_hold(step, spec))
    return alarms_of(logic.episodes(outside.astype(float)), inputs.table.index)


def strange_alarms(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """An isolation forest over the raw readings, one in a hundred taken for strange."""
    from qianhang.engines.detect import IsolationDetector

    filled = train.table.ffill().bfill()
    rng = np.random.default_rng(spec.seed)
    some = rng.choice(len(filled), min(len(filled), 20000), replace=False)
    forest = IsolationDetector(50, seed=spec.seed).fit(filled.to_numpy(float)[some])
    rows = inputs.table.reindex(columns=filled.columns).ffill().fillna(filled.median())
    strange = forest.predict(rows.to_numpy(float)) < 0
    logic = AlarmLogic(hold=_hold(step_of(rows.index), spec))
    return alarms_of(logic.episodes(strange.astype(float)), rows.index)


def _fit(
    values: NDArray[np.float64],
    inside: NDArray[np.bool_],
    names: Sequence[str],
    *,
    choice: tuple[int, int],
    step: pd.Timedelta,
    spec: Spec,
) -> DeviationDetector:
    window, persist = choice
    weeks = (~inside).sum() * (step / _WEEK)
    logic = AlarmLogic(
        release=float(spec.params["release"]), persist=persist, hold=_hold(step, spec)
    )
    return DeviationDetector.fit(
        values,
        names=names,
        window=window,
        most=float(spec.params["alarms_per_week"]) * weeks,
        logic=logic,
        apart=inside,
    )


def _rank(
    model: DeviationDetector,
    values: NDArray[np.float64],
    inside: NDArray[np.bool_],
    edge: int,
    step: pd.Timedelta,
) -> tuple[float, ...]:
    """Events found and false alarms in the part after the edge, better first."""
    states = model.logic.states(model.score(values))[edge:]
    events, alarms = build_episodes(inside[edge:], gap=0), build_episodes(states, gap=0)
    starts = alarms[:, 0]
    hit = sum(bool(((starts >= a) & (starts <= b)).any()) for a, b in events)
    false = sum(not bool(((s >= events[:, 0]) & (s <= events[:, 1])).any()) for s in starts)
    both = float((states & inside[edge:]).sum())
    f1 = 2 * both / max(float(states.sum() + inside[edge:].sum()), 1.0)
    return (float(hit) - false * float(step / _WEEK), f1)


def _reason(
    model: DeviationDetector, ratios: NDArray[np.float64], values: Any, first: int, last: int
) -> tuple[str, float, float, str]:
    """Sensor, its deviation in its unit, how many limits that is, and the three that say most."""
    part = np.nan_to_num(ratios[first : last + 1], nan=0.0)
    order = np.argsort(-np.abs(part).max(axis=0), kind="stable")
    lead = int(np.abs(part[0]).argmax())  # as it was known when the alarm was raised
    texts = []
    for k in order[:3]:
        at = int(np.abs(part[:, k]).argmax())
        if abs(part[at, k]) >= 0.5:
            away = part[at, k] * model.limits[k]
            texts.append(f"{model.names[k]} {away:+.3g} (±{model.limits[k]:.3g})")
    worst = int(np.abs(part[:, lead]).argmax())
    size = float(part[worst, lead] * model.limits[lead])
    return model.names[lead], size, float(np.abs(part).max()), ", ".join(texts)


def _statistic(index: pd.Index, score: NDArray[np.float64]) -> pd.DataFrame:
    """Score in units of the limit, the largest of each stretch where the record is long."""
    size = max(int(np.ceil(len(score) / _LONGEST)), 1)
    heads = np.arange(0, len(score), size)
    top = np.maximum.reduceat(score, heads)
    return pd.DataFrame(
        {"time": index[heads], "statistic": np.minimum(top, 20.0), "threshold": 1.0}
    )


def _around(
    model: DeviationDetector, table: pd.DataFrame, episode: NDArray[np.int64], sensor: str
) -> pd.DataFrame:
    """A sensor's readings from three episodes before to one after, its usual and its limits."""
    length = int(episode[1] - episode[0]) + 1
    begin = max(int(episode[0]) - max(3 * length, 60), 0)
    end = min(int(episode[1]) + max(length, 30), len(table) - 1)
    usual = recent_usual(table[[sensor]].to_numpy(float), model.window)[begin : end + 1, 0]
    limit = model.limits[model.names.index(sensor)]
    frame = {
        "time": table.index[begin : end + 1],
        sensor: table[sensor].to_numpy(float)[begin : end + 1],
        "usual": usual,
        "low": usual - limit,
        "high": usual + limit,
    }
    return pd.DataFrame(frame)


def _rows(hours: float, step: pd.Timedelta) -> int:
    return max(round(pd.Timedelta(hours=hours) / step), 1)


def _hold(step: pd.Timedelta, spec: Spec) -> int:
    return max(round(pd.Timedelta(minutes=float(spec.params["hold_min"])) / step) - 1, 0)
