"""Which phase every signal shows next, from the queues before it and the room behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Episode, Trial
from qianhang.core.spec import Spec
from qianhang.engines import control
from qianhang.engines.control import ACTUATED, OWN, AllSignals, Job, Knob, Policy, Pressure, Traffic
from qianhang.packs.traffic.signal_control import scenario, views

_SEARCHED = 1000  # seeds of a search begin here; scored ones count from 1
FRESH = True  # a second run of SUMO in one process may break ties in another order
Totals = Sequence[Mapping[str, float]]


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The inputs with the configuration to run, its network read once to see that it can be."""
    config = scenario.configuration(inputs["scenario"], name=str(spec.params["map"]))
    scenario.roads(config, float(spec.params["reach_m"]))
    return inputs.replace(scenario=config)


def units(inputs: Inputs, *, spec: Spec) -> tuple[str, ...]:
    """The seeds that are scored, from 1 on; none of them is ever searched on."""
    return tuple(f"{i:03d}" for i in range(1, int(spec.params["seeds"]) + 1))


def simulator(inputs: Inputs, unit: str, *, spec: Spec) -> Traffic:
    """The scenario with the drivers of one seed."""
    p = spec.params
    roads = scenario.roads(inputs["scenario"], float(p["reach_m"]))
    names = ("step_s", "yellow_s", "all_red_s", "reach_m")
    return Traffic(roads, int(unit), **{name: float(p[name]) for name in names})


def fit(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> Pressure:
    """The controller with the gains of the parameters, or with those that a search finds.

    A search plays the scenario with `search_budget` gains on a seed that is never scored.
    """
    given = _pressure(spec.params)
    budget = int(spec.params["search_budget"])
    if budget < 1:
        return given

    def objective(gains: Mapping[str, float]) -> float:
        build = partial(simulator, inputs, str(_SEARCHED), spec=spec)
        job = Job("search", build, _pressure({**spec.params, **gains}).start)
        limit = float(spec.params["time_limit_s"])
        return control.episodes([job], seed=spec.seed, time_limit_s=limit)[0].totals["delay_s"]

    knobs = [Knob("coming", 0.0, 1.5, given.coming, 0.25), Knob("stay", 0.8, 2.0, given.stay, 0.2)]
    found = control.search(objective, knobs, budget=budget, seed=spec.seed)
    return _pressure({**spec.params, **found.settings})


def policy(model: Pressure, *, spec: Spec) -> Policy:
    """Observation in, a phase for each signal out; it has no memory."""
    return model.start()


def baseline(*, spec: Spec) -> Policy:
    """Fixed time: the programs that came with the network."""
    return AllSignals(OWN).start()


def practice(*, spec: Spec) -> Policy:
    """SUMO's gap-based actuated controller on the same phases."""
    return AllSignals(ACTUATED).start()


def score(totals: Totals, fixed: Totals, *, spec: Spec) -> dict[str, float]:
    """Means over seeds beside fixed time; of limits the worst seed."""
    return views.score(totals, fixed)


def tables(
    inputs: Inputs, played: Mapping[str, Mapping[str, Episode]], *, spec: Spec
) -> dict[str, pd.DataFrame]:
    """Queues over time, roads by delay before and after, junctions, phases, decisions."""
    roads = scenario.roads(inputs["scenario"], float(spec.params["reach_m"]))
    return views.tables(roads, played, coming=_pressure(spec.params).coming)


def dated(steps: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Served steps as the plan of phases: one row a signal and step."""
    return views.plan(steps)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Vehicle-hours saved in an hour, against the programs that came with the network."""
    return float(trial.scores["saved_h"])


def sample(seed: int) -> Inputs:
    """Two made-up signals, for the conformance suite only."""
    return Inputs({"scenario": scenario.made_up(seed)})


def _pressure(p: Mapping[str, object]) -> Pressure:
    names = ("coming", "stay", "min_green_s", "max_red_s", "step_s")
    return Pressure(**{name: float(str(p[name])) for name in names})
