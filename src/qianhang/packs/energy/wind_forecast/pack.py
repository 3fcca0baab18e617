"""Power of wind farms a day ahead, as quantiles, from the weather forecast."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows
from qianhang.packs.energy.wind_forecast.farms import LEVELS, WindFarms, climatology, power_curve

Floats = NDArray[np.float64]
_SHOWN_MW = 100.0


def fit(history: pd.DataFrame, *, spec: Spec) -> WindFarms:
    """Farms that have seen `history` alone."""
    return WindFarms.learn(history, spec=spec)


def predict_windows(model: WindFarms, windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, levels) power, in the unit of the target."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, levels) what the farm has given in the lookback, whatever the weather."""
    return climatology(windows, target=str(spec.target))


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, levels) the farm's power curve over the forecast wind speed, in bins."""
    return power_curve(windows, target=str(spec.target))


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """Mean and root mean squared deviation as a share of capacity, %."""
    miss = (answers["p50"] - answers["actual"]) / answers["series"].map(_capacity(answers, spec))
    return {
        "mae_share": float(100 * miss.abs().mean()),
        "rmse_share": float(100 * np.sqrt((miss**2).mean())),
    }


def headline(trial: Trial, *, spec: Spec) -> float:
    """Deviation avoided a year against the power curve, MWh for 100 MW of capacity."""
    return _mwh_a(trial.practice) - _mwh_a(trial.scores)


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """What a year of deviation costs by each method, for 100 MW, and the skill at each farm."""
    methods = {"ours": trial.scores, "practice": trial.practice, "trivial": trial.trivial}
    cost = pd.DataFrame({"method": list(methods)})
    cost["imbalance_mwh_a"] = [_mwh_a(scores) for scores in methods.values()]
    cost["cost_cny_a"] = cost["imbalance_mwh_a"] * float(spec.params["price_cny_mwh"])
    loss = pd.DataFrame({"method": list(methods)})
    loss["pinball"] = [s.get("pinball", np.nan) for s in methods.values()]
    return {"imbalance": cost, "loss": loss}


def _mwh_a(scores: Mapping[str, float]) -> float:
    return scores.get("mae_share", float("nan")) / 100 * _SHOWN_MW * 8760


def _capacity(answers: pd.DataFrame, spec: Spec) -> pd.Series[float]:
    """Capacity of each farm: the parameter, else the most that it has given."""
    most = answers.groupby("series")["actual"].max().clip(lower=1e-6)
    given = float(spec.params["capacity"])
    return most * 0 + given if given else most


def sample(seed: int) -> Inputs:
    """Two made-up farms for seven weeks, power as a share: one wind field, forecast with errors."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-03-01", periods=49 * 24, freq="1h", tz="UTC")
    slow = np.convolve(rng.normal(0, 1, len(times) + 47), np.ones(48) / 7, "valid")
    frames = []
    for i, name in enumerate("AB"):
        east = 4 + 3 * slow + 0.5 * i + rng.normal(0, 0.5, len(times))
        north = 2 + 2 * np.roll(slow, 6) + rng.normal(0, 0.5, len(times))
        true = np.hypot(east, north) + rng.normal(0, 0.8, len(times))
        power = np.clip((true - 3) / 9, 0, 1) ** 2
        wind = {"u10": 0.7 * east, "v10": 0.7 * north, "u100": east, "v100": north}
        frames.append(pd.DataFrame({"farm": name, "power": power, **wind}, index=times))
    table = pd.concat(frames).rename_axis("time").sort_index(kind="stable")
    return Inputs({"table": table})


__all__ = ["LEVELS"]
