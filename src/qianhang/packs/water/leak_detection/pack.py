"""Leaks in a water network from pressures, flows and the hydraulic model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.detect import EpisodeScore, SourceModel
from qianhang.packs.water.leak_detection import material, official, simple
from qianhang.packs.water.leak_detection import watch as keeping

_SAMPLE = Path(__file__).with_name("sample.inp")


def sample(seed: int) -> Inputs:
    """Forty days of a small made-up network, simulated, for the conformance suite only."""
    from qianhang.packs.water.leak_detection.twin import simulate

    twin = simulate(_SAMPLE, seed=seed, days=40, leaks=3, sensors=10)
    return Inputs({"network": _SAMPLE, "table": twin.table, "truth": twin.truth,
                   "truth_flow": twin.flow})  # fmt: skip


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The inputs with readings as `table`, and truth where the data are a twin."""
    return material.assemble(inputs, params=spec.params, seed=spec.seed)


def units(inputs: Inputs, *, spec: Spec) -> dict[str, Inputs]:
    """Each network with readings of its own."""
    return material.split_units(inputs)


def fit(train: Inputs, *, spec: Spec) -> SourceModel:
    """What leaks would look like in this network, and how wrong the network file may be."""
    return keeping.learn(train["network"], _one(train), spec.params)


def watch(
    model: SourceModel, inputs: Inputs, *, spec: Spec
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Alarms, and the tables that explain them."""
    alarms, tables = keeping.watch(model, _one(inputs))
    return alarms, {**tables, "network": keeping.drawing(inputs["network"], alarms)}


def detect(model: SourceModel, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Alarms: start, place (pipe), size (m3/h), score (chance within reach), node, sensors."""
    return keeping.watch(model, _one(inputs))[0]


def baseline(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Night flow above its usual, with no idea where."""
    return _night(inputs, spec, localise=False)


def practice(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Night flow above its usual, at the gauge whose pressure fell most."""
    return _night(inputs, spec, localise=True)


def match(
    alarms: pd.DataFrame, truth: pd.DataFrame, inputs: Inputs, *, spec: Spec
) -> dict[str, Any]:
    """How far each alarm is from each leak, and what it is worth by the official rule."""
    flow = inputs["truth_flow"]
    return official.judge(alarms, truth, flow, inputs["network"], spec.params)


def score(
    alarms: pd.DataFrame, truth: pd.DataFrame, inputs: Inputs, result: EpisodeScore, *, spec: Spec
) -> dict[str, float]:
    """share of the perfect score, EUR, EUR a year, false alarms a year."""
    times = inputs.table.index
    years = (times[-1] - times[0]).total_seconds() / (365 * 86400)
    flow = inputs["truth_flow"]
    seen = flow[(flow.index >= times[0]) & (flow.index <= times[-1] + pd.Timedelta("30min"))]
    best = official.perfect(seen, float(spec.params["water_eur_m3"]))
    money = float(result.money.sum())
    return {
        "share": money / best,
        "eur": money,
        "eur_per_year": money / years,
        "false_per_year": float((result.event_of == -1).sum()) / years,
    }


def headline(trial: Trial, *, spec: Spec) -> float:
    """EUR saved a year, mean over the units."""
    return float(trial.scores.get("eur_per_year", float("nan")))


def _night(inputs: Inputs, spec: Spec, *, localise: bool) -> pd.DataFrame:
    return simple.night_flow_alarms(
        inputs["network"],
        _one(inputs),
        window=int(spec.params["night_window"]),
        rise=float(spec.params["night_rise"]),
        localise=localise,
    )


def _one(inputs: Inputs) -> pd.DataFrame:
    table = inputs.table
    if "unit" in table:
        table = table[table["unit"] == table["unit"].iloc[0]].drop(columns="unit")
    return table
