"""Heat for every building and no more: valves by room temperature, then the lowest supply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Episode, Trial
from qianhang.core.spec import Spec
from qianhang.engines.control import Policy
from qianhang.packs.heating.balance_control import showing, tuning, winter
from qianhang.packs.heating.balance_control.building import made_up_homes, town_of
from qianhang.packs.heating.balance_control.policies import RoomFeedback, WeatherCurve
from qianhang.packs.heating.balance_control.simulator import Commissioned, HeatedTown, commission

Totals = Sequence[Mapping[str, float]]
_KNOWN: dict[tuple[object, ...], Commissioned] = {}  # a town's curves are found once a process


def units(inputs: Inputs, *, spec: Spec) -> tuple[str, ...]:
    """Season and hidden town: towns to learn on in all seasons but the last, others in the last."""
    found = sorted(winter.seasons(inputs.table))
    learn, test = int(spec.params["learn_towns"]), int(spec.params["test_towns"])
    early = [f"{found[-2 if len(found) > 1 else -1]}-{100 + i}" for i in range(learn)]
    return tuple(early + [f"{found[-1]}-{500 + i}" for i in range(test)])


def simulator(inputs: Inputs, unit: str, *, spec: Spec) -> HeatedTown:
    """The town of a hidden seed over one season."""
    p, (year, seed) = spec.params, unit.split("-")
    rows = winter.seasons(inputs.table)[year]
    weather = winter.winter(rows, latitude=float(p["latitude"]), days=int(p["days"]))
    town = town_of(inputs, seed=int(seed), outside=float(p["design_c"]))
    key = (unit, weather.hours, float(weather.air.sum()), town.names, float(town.design.sum()))
    if key not in _KNOWN:
        _KNOWN[key] = commission(town, weather, share=float(p["cold_share"]) / 100)
    noise, missing = float(p["noise_k"]), float(p["missing"])
    return HeatedTown(town, weather, commissioned=_KNOWN[key], noise_k=noise, missing=missing)


def fit(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> RoomFeedback:
    """The settings that need the least heat in the training towns at no more cold hours."""
    some = units[: int(spec.params["search_towns"])]
    towns = {unit: simulator(inputs, unit, spec=spec) for unit in some}
    return tuning.tuned(towns, partial(baseline, spec=spec), spec=spec)


def policy(model: RoomFeedback, *, spec: Spec) -> Policy:
    """The controller, ready for a season."""
    return model.start()


def baseline(*, spec: Spec) -> Policy:
    """The weather curve at the level that the worst building needs, valves as found."""
    return WeatherCurve(False, float(spec.params["design_c"])).start()


def practice(*, spec: Spec) -> Policy:
    """The weather curve after valves were balanced by flow once."""
    return WeatherCurve(True, float(spec.params["design_c"])).start()


def score(totals: Totals, fixed: Totals, *, spec: Spec) -> dict[str, float]:
    """Means of some towns beside the weather curve in the same towns; extremes of all."""
    return showing.compare(totals, fixed)


def headline(trial: Trial, *, spec: Spec) -> float:
    """What a town of this size saves in a season against the weather curve, CNY."""
    spared = trial.trivial["heat_gj"] - trial.scores["heat_gj"]
    return spared * float(spec.params["price_cny_gj"])


def tables(
    inputs: Inputs, played: Mapping[str, Mapping[str, Episode]], *, spec: Spec
) -> dict[str, pd.DataFrame]:
    """Course of the season, every building before and after, the map, states by pandapipes."""
    unit = next(iter(played["ours"]))
    return showing.tables(simulator(inputs, unit, spec=spec), unit, played)


def dated(steps: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Served steps with the advised supply in front."""
    first = ["unit", "hour", "outdoor", "supply"]
    return steps[[*first, *(c for c in map(str, steps) if c.startswith("valve_"))]]


def sample(seed: int) -> Inputs:
    """Two short made-up winters and six buildings, for the conformance suite only."""
    weather = winter.made_up(seed, days=24)
    return Inputs({"table": weather, "buildings": made_up_homes(seed)})
