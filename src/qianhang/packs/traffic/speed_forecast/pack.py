"""Road speeds a quarter of an hour ahead, detector by detector, from the whole network."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows, filled
from qianhang.packs.traffic.speed_forecast import scores
from qianhang.packs.traffic.speed_forecast.material import GROUP, in_long_form
from qianhang.packs.traffic.speed_forecast.model import SpeedForecaster

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9)
_SHOWN = 40  # detectors of the heat map, those that slow down most


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """A long table of detectors, with places where they were given."""
    return in_long_form(inputs, spec=spec)


def fit(history: pd.DataFrame, *, spec: Spec) -> SpeedForecaster:
    """A forecaster that has seen `history` alone."""
    return SpeedForecaster.of(history, horizon=_rows_ahead(history, spec), spec=spec)


def predict_windows(model: SpeedForecaster, windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, 3) low, middle (the mean) and high speed."""
    return model.predict(windows, target=str(spec.target))


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon): the last reading stays."""
    return np.repeat(_known(windows, spec)[..., -1:], windows.horizon, axis=2)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon): the last reading, drawn step by step towards yesterday at the same time."""
    past, steps = _known(windows, spec), np.arange(windows.horizon)
    day = round(pd.Timedelta(days=1) / windows.step)
    last = past[..., -1:]
    if past.shape[-1] < day or windows.horizon > day:
        return np.repeat(last, windows.horizon, axis=2)
    pull = float(spec.params["pull"]) * (steps + 1) / windows.horizon
    return last + pull * (past[..., past.shape[-1] - day + steps] - last)


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """RMSE of the last step, and jams seen coming."""
    slow, chance = float(spec.params["slow_share"]), float(spec.params["warn_chance"])
    return scores.score(answers, slow_share=slow, chance=chance)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Share of beginning jams that were seen coming, %."""
    return trial.scores.get("onset_found", float("nan"))


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Usual speeds by hour, warnings beside the baselines, a map where places are known."""
    methods = {"ours": trial.scores, "trivial": trial.trivial, "practice": trial.practice}
    names = ("rmse", "rmse_last", "mae", "onset_found", "onset_right", "onset_f1")
    rows = [{"method": m, **{n: s.get(n) for n in names}} for m, s in methods.items() if s]
    found = {"methods": pd.DataFrame(rows)}
    if not isinstance(trial.model, SpeedForecaster):
        return found
    usual = trial.model.usual()
    slowest = (usual.min() / usual.max()).sort_values(kind="stable").index[:_SHOWN]
    heat = usual[slowest].T.rename_axis("sensor").reset_index()
    found["usual"] = heat.rename(columns=str)
    places = trial.model.places
    if places:
        named = [(n, *places[n], float(usual[n].min())) for n in usual.columns if n in places]
        found["places"] = pd.DataFrame(named, columns=["name", "x", "y", "value"])
    return found


def _known(windows: Windows, spec: Spec) -> Floats:
    """(n, g, lookback) readings without gaps; one that never read takes its fellows' mean."""
    past = windows.of(str(spec.target))
    level = float(np.nanmean(past)) if np.isfinite(past).any() else 0.0
    return filled(past, np.full(past.shape[1], level))


def _rows_ahead(history: pd.DataFrame, spec: Spec) -> int:
    """The horizon in rows of this table, which may have another spacing than its contract."""
    declared = spec.columns[spec.time].step if spec.time in spec.columns else ""
    if not declared:
        return spec.horizon
    times = pd.DatetimeIndex(history.index).unique().sort_values()
    step = pd.Series(np.diff(times)).mode().iloc[0]
    return max(round(spec.horizon * (pd.Timedelta(declared) / pd.Timedelta(step))), 1)


def sample(seed: int) -> Inputs:
    """Eight detectors on one road for two days and a half: a jam runs upstream each morning."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-03-04", periods=720, freq="5min", tz="Asia/Shanghai", name="time")
    clock = np.asarray(times.hour * 60 + times.minute, dtype=float)
    day = np.asarray(times.dayofyear) - times[0].dayofyear
    start = 470 + rng.normal(0, 15, 3)[day]
    jam = [np.exp(-(((clock - start - 6 * k) / 45) ** 2)) for k in range(8)]
    speed = 100 - 60 * np.stack(jam, axis=1) + rng.normal(0, 3, (len(times), 8))
    rows = pd.DataFrame({"speed": speed.ravel()}, index=times.repeat(8))
    rows[GROUP] = np.tile([f"d{k}" for k in range(8)], len(times))
    return Inputs({"table": rows.assign(x=np.tile(np.arange(8.0), len(times)), y=0.0)})
