"""Forecasters beside LightGBM, scikit-learn and statsforecast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qianhang.engines import forecast
from timing import Pair

_ROUNDS = 50


def pairs(size: float = 1.0) -> list[Pair]:
    """Each fitted on the same matrix or series as the library alone."""
    found = [_trees(size), _day_ahead(size), _window_ridge(size)]
    try:
        return [*found, _ets(size)]
    except ImportError:
        return found


def _trees(size: float) -> Pair:
    import lightgbm

    rng = np.random.default_rng(0)
    x = rng.normal(size=(int(6000 * size), 20))
    y = x[:, 0] * x[:, 1] + rng.normal(size=len(x))
    ours = forecast.BoostedTrees(100)

    def theirs() -> Any:
        data = lightgbm.Dataset(x, label=y)
        return lightgbm.train(ours._settings(), data, num_boost_round=100).predict(x, num_threads=1)

    return Pair("forecast", "BoostedTrees", "lightgbm.train", lambda: ours.fit(x, y).predict(x),
                theirs)  # fmt: skip


def _series(days: int) -> forecast.SeasonalSeries:
    """Half-hours of a load with a day, a week and weather."""
    times = pd.date_range("2022-01-03", periods=48 * days, freq="30min", tz="UTC")
    rng = np.random.default_rng(0)
    step = np.arange(len(times))
    warm = 15 + 8 * np.sin(2 * np.pi * step / 48) + np.repeat(rng.normal(0, 4, days), 48)
    load = 5000 + 900 * np.sin(2 * np.pi * step / 48 - 1) + 30 * (warm - 18) ** 2
    load = np.where(times.dayofweek >= 5, 0.9, 1.0) * load * np.exp(rng.normal(0, 0.01, len(step)))
    clock = forecast.read_clock(times, length=48, holiday=None)
    return forecast.SeasonalSeries(load, clock, warm[:, None])


def _day_ahead(size: float) -> Pair:
    """The same trainings on the same matrices, caught from one fit and made again directly."""
    import lightgbm

    series = _series(max(int(100 * size), 60))
    caught: list[tuple[dict[str, Any], Any, int]] = []
    train = lightgbm.train

    def catch(params: dict[str, Any], data: Any, num_boost_round: int) -> Any:
        caught.append((params, (data.data, data.label, data.weight), num_boost_round))
        return train(params, data, num_boost_round)

    lightgbm.train = catch
    try:
        forecast.DayAheadForecaster(rounds=_ROUNDS).fit(series)
    finally:
        lightgbm.train = train

    def again(params: dict[str, Any], parts: Any, rounds: int) -> Any:
        x, y, weight = parts
        return train(params, lightgbm.Dataset(x, label=y, weight=weight), rounds)

    def theirs() -> Any:
        return [again(*one) for one in caught][-1].predict(caught[-1][1][0], num_threads=1)

    def ours() -> Any:
        fitted = forecast.DayAheadForecaster(rounds=_ROUNDS).fit(series)
        return fitted.models_[-1].predict(caught[-1][1][0])

    return Pair("forecast", "DayAheadForecaster", "lightgbm.train on the same matrices", ours,
                theirs, repeats=4, why="building the matrices and the conformal bands")  # fmt: skip


def _window_ridge(size: float) -> Pair:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    past = rng.normal(size=(int(20000 * size) + 400, 336)).cumsum(axis=1) / 10
    ahead = past[:, -96:] + rng.normal(size=(len(past), 96))
    ours = forecast.WindowRidge(0.0, floor=10.0)

    def theirs() -> Any:
        level = past.mean(axis=1, keepdims=True)
        ridge = Ridge(10.0, fit_intercept=False, solver="cholesky").fit(past - level, ahead - level)
        return ridge.coef_.T

    return Pair("forecast", "WindowRidge", "scikit-learn Ridge, 96 outputs",
                lambda: ours.fit(past, ahead).coef_, theirs, 1e-6, repeats=6)  # fmt: skip


def _ets(size: float) -> Pair:
    from statsforecast.models import AutoETS

    rng = np.random.default_rng(0)
    step = np.arange(int(360 * size) + 48)
    series = 100 + step / 10 + 10 * np.sin(2 * np.pi * step / 12) + rng.normal(size=len(step))
    ours = forecast.StatisticalForecaster("ets", seasons=(12,))
    return Pair("forecast", "StatisticalForecaster", "statsforecast AutoETS",
                lambda: ours.fit(series).predict(24)[:, 1],
                lambda: AutoETS(season_length=12).fit(series).predict(24, level=[80])["mean"],
                repeats=4)  # fmt: skip
