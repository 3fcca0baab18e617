"""Day-ahead load of a city: boosted trees with intervals; many channels at once: a linear map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core import units
from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines import forecast as engine

Forecaster = engine.DayAheadForecaster | engine.LinearForecaster
Floats = NDArray[np.float64]
_CALENDAR = ("holiday", "workday")


def fit(history: pd.DataFrame, *, spec: Spec) -> Forecaster:
    """A forecaster that has seen `history` alone; several targets share one linear map."""
    p = spec.params
    if not isinstance(spec.target, str):
        linear = engine.LinearForecaster(int(p["lookback"]), spec.horizon, levels=(0, spec.season))
        linear.set_params(check_share=p["check_share"], refit=p["refit"])
        return linear.fit(history[list(spec.target)].to_numpy())
    half_life = float(p["half_life_days"])
    model = engine.DayAheadForecaster(
        rounds=int(p["rounds"]), half_life_days=half_life, seed=spec.seed
    )
    return model.fit(_series(history, history.iloc[:0], spec))


def predict(
    model: engine.DayAheadForecaster, history: pd.DataFrame, ahead: pd.DataFrame, *, spec: Spec
) -> pd.DataFrame:
    """Low, middle and high load of each step ahead, MW."""
    told = model.predict(_series(history, ahead, spec), origin=len(history))
    return pd.DataFrame(told, index=ahead.index, columns=["p10", "p50", "p90"])


def predict_windows(
    model: engine.LinearForecaster, windows: engine.Windows, *, spec: Spec
) -> Floats:
    """(n, 1, horizon, targets) from what was known at n origins."""
    return model.predict(_pasts(windows, spec))[:, None]


def baseline(history: pd.DataFrame, ahead: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """The load at the same time `trivial_days` earlier."""
    back = int(spec.params["trivial_days"]) * engine.steps_per_day(history.index)
    told = engine.same_step_before(history[str(spec.target)], back=back, steps=len(ahead))
    return pd.DataFrame({"p50": told}, index=ahead.index)


def baseline_windows(windows: engine.Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon, targets): the same time `trivial_days` earlier."""
    past = _pasts(windows, spec).transpose(1, 0, 2)
    back = int(spec.params["trivial_days"]) * spec.season
    return engine.same_step_before(past, back=back, steps=spec.horizon).transpose(1, 0, 2)[:, None]


def _pasts(windows: engine.Windows, spec: Spec) -> Floats:
    """(n, lookback, targets) readings before each origin."""
    return np.stack([windows.of(target)[:, 0] for target in spec.target], axis=-1)


def practice(history: pd.DataFrame, ahead: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """The dispatcher's similar day at yesterday's level."""
    told = engine.similar_day(_series(history, ahead, spec), origin=len(history))
    return pd.DataFrame({"p50": told}, index=ahead.index)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Imbalance avoided a year against the similar day, MWh; NaN for several targets."""
    return _mwh_a(trial.practice, spec) - _mwh_a(trial.scores, spec)


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """What a year of imbalance costs by each method, MWh and CNY at the given price."""
    if not isinstance(spec.target, str):
        return {}
    methods = {"ours": trial.scores, "practice": trial.practice, "trivial": trial.trivial}
    table = pd.DataFrame({"method": list(methods)})
    table["imbalance_mwh_a"] = [_mwh_a(scores, spec) for scores in methods.values()]
    table["cost_cny_a"] = table["imbalance_mwh_a"] * float(spec.params["price_cny_mwh"])
    return {"imbalance": table}


def _mwh_a(scores: Mapping[str, float], spec: Spec) -> float:
    if not isinstance(spec.target, str) or "mae" not in scores:
        return float("nan")
    unit = spec.columns[spec.target].unit or "MW"
    return units.convert(scores["mae"], from_=unit, to="MW") * 8760


def _series(history: pd.DataFrame, ahead: pd.DataFrame, spec: Spec) -> engine.SeasonalSeries:
    """History and the steps ahead on one clock, the target unknown ahead."""
    table = pd.concat([history, ahead]) if len(ahead) else history
    known = [c for c, column in spec.columns.items() if column.known_ahead and c in table]
    weather = [c for c in known if c not in _CALENDAR and spec.params["weather"]]
    flags = [table[c].fillna(False).to_numpy(bool) if c in table else None for c in _CALENDAR]
    times, length = pd.DatetimeIndex(table.index), engine.steps_per_day(history.index)
    clock = engine.read_clock(times, length=length, holiday=flags[0], workday=flags[1])
    values = table[str(spec.target)].to_numpy(float)
    return engine.SeasonalSeries(values, clock, table[weather].to_numpy(float))


def sample(seed: int) -> Inputs:
    """Ten weeks of a small made-up city: hourly habits, weekends, heating and cooling, noise."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-03-01", periods=70 * 48, freq="30min", tz="Australia/Melbourne")
    hour = times.hour + times.minute / 60
    warm = 15 + 6 * np.sin((hour - 9) / 24 * 2 * np.pi) + np.repeat(rng.normal(0, 3, 70), 48)
    habit = 1 + 0.25 * np.sin((hour - 8) / 24 * 2 * np.pi) - 0.12 * (times.day_of_week >= 5)
    load = 1000 * habit + 12 * np.abs(warm - 18) + rng.normal(0, 10, len(times))
    city = {"load": load, "temperature": warm, "holiday": False}
    return Inputs({"table": pd.DataFrame(city, index=times.rename("time"))})
