"""PM2.5 of every station, hour by hour a day ahead, with the chance of heavy pollution."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows
from qianhang.packs.ecology.air_quality import scores
from qianhang.packs.ecology.air_quality.model import AirForecaster
from qianhang.packs.ecology.air_quality.signs import last_known

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9)
GROUP = "station"


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The table with each station's coordinates beside it, where a table of stations was given."""
    if "stations" not in inputs or {"lon", "lat"} <= set(inputs.table.columns):
        return inputs
    places = inputs["stations"].drop_duplicates(GROUP).set_index(GROUP)
    names = inputs.table[GROUP].astype(str)
    placed = {c: names.map(places[c]).to_numpy(float) for c in ("lon", "lat")}
    return inputs.replace(table=inputs.table.assign(**placed))


def fit(history: pd.DataFrame, *, spec: Spec) -> AirForecaster:
    """A forecaster that has seen `history` alone."""
    return AirForecaster.of(history, group=GROUP, spec=spec)


def predict_windows(model: AirForecaster, windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, 3) low, middle and high PM2.5, ug/m3."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon): the last reading stays."""
    last = last_known(windows.of(str(spec.target)))
    return np.repeat(last[..., None], windows.horizon, axis=2)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon): the last reading fades to the mean of the last two days."""
    past = windows.of(str(spec.target))
    last = last_known(past)
    mean = np.where(np.isfinite(past), past, last[..., None])[..., -48:].mean(axis=-1)
    kept = np.exp(-np.arange(1, windows.horizon + 1) / float(spec.params["fade_h"]))
    faded = mean[..., None] + (last - mean)[..., None] * kept
    return np.asarray(faded, dtype=np.float64)


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """Error, skill and warnings at 1, 6 and 24 h."""
    chances = {lead: float(spec.params[f"warn_{lead}h"]) for lead in scores.LEADS_H}
    return scores.score(answers, limit=float(spec.params["heavy_ug_m3"]), chances=chances)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Hours of heavy pollution a year and station warned of six hours ahead."""
    return trial.scores.get("warned_6h", float("nan"))


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Error and F1 by lead with a plain mark, a year's warnings, a map where places are known."""
    every = {"ours": trial.scores, "trivial": trial.trivial, "practice": trial.practice}
    found = {"by_lead": scores.by_lead(every), "warnings": _warnings(trial)}
    places = trial.model.places if isinstance(trial.model, AirForecaster) else {}
    if "series" in trial.tables and places:
        errors = trial.tables["series"].set_index("series")["ours"]
        rows = [(name, *places[name], errors[name]) for name in errors.index if name in places]
        found["places"] = pd.DataFrame(rows, columns=["name", "x", "y", "value"])
    return found


def _warnings(trial: Trial) -> pd.DataFrame:
    methods = {"ours": trial.scores, "trivial": trial.trivial, "practice": trial.practice}
    rows = [
        {"method": m, "lead_h": k, "warned_h": s[f"warned_{k}h"], "false_h": s[f"false_{k}h"]}
        for k in scores.LEADS_H
        for m, s in methods.items()
        if f"warned_{k}h" in s
    ]
    return pd.DataFrame(rows)


def sample(seed: int) -> Inputs:
    """Three stations for six weeks: stagnant days build up, north wind cleans, gauges are noisy."""
    rng = np.random.default_rng(seed)
    hours, names = 42 * 24, ("east", "north", "south")
    times = pd.date_range("2024-11-01", periods=hours, freq="1h", tz="Asia/Shanghai", name="time")
    wind = 2.5 + 2 * np.sin(np.arange(hours) / 24 / 4 * 2 * np.pi) + rng.normal(0, 0.4, hours)
    wind = np.maximum(wind, 0.2)
    level = np.empty(hours)
    level[0] = 80.0
    for t in range(1, hours):
        level[t] = level[t - 1] * (1 - 0.035 * wind[t - 1]) + 8 + rng.normal(0, 1.5)
    tables = []
    for i, name in enumerate(names):
        pm = np.maximum(np.roll(level, i) * (1 + 0.1 * i) + rng.normal(0, 2, hours), 1.0)
        columns = {"station": name, "pm25": pm, "wspm": wind, "wd_deg": 0.0,
                   "lon": 116.2 + 0.1 * i, "lat": 39.8 + 0.1 * (i % 2)}  # fmt: skip
        tables.append(pd.DataFrame(columns, index=times))
    return Inputs({"table": pd.concat(tables).sort_index(kind="stable")})
