"""When and how much to irrigate, so that a season keeps its yield with half of the water."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines import control
from qianhang.engines.control import EveryDays, Job, Knob, Policy, StagedRule
from qianhang.packs.agriculture.irrigation import season
from qianhang.packs.agriculture.irrigation.field import Field, Plot

# the deepest depletion, as a share of the available water, that each stage is given at the start
_STAGES = {"emergence": 0.8, "growth": 0.7, "flowering": 0.6, "ripening": 0.9}
Totals = Sequence[Mapping[str, float]]


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The inputs with the daily table, read from a station file where no table was given."""
    given = "table" in inputs
    return inputs if given else inputs.replace(table=season.station(inputs["station"]))


def units(inputs: Inputs, *, spec: Spec) -> tuple[str, ...]:
    """The seasons, by year of sowing, that the weather covers whole."""
    sowing, days = str(spec.params["sowing"]), int(spec.params["season_days"])
    return season.complete(season.daily(inputs), sowing=sowing, days=days)


def simulator(inputs: Inputs, unit: str, *, spec: Spec) -> Field:
    """The field of one season."""
    p = spec.params
    crop, soil, sowing, water = (str(p[k]) for k in ("crop", "soil", "sowing", "start_water"))
    plot = Plot(crop, soil, sowing, water, float(p["dose_mm"]))
    return Field(plot, season.daily(inputs), int(unit), int(p["season_days"]))


def fit(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> StagedRule:
    """The trigger of each growth stage that keeps the yield with the least water.

    Searched on training seasons that range from dry to wet.
    """
    count, tries = int(spec.params["search_seasons"]), int(spec.params["search_budget"])
    seasons = season.ranging(season.daily(inputs), units, count=count)
    full = _played(inputs, seasons, partial(baseline, spec=spec), spec)

    def objective(settings: Mapping[str, float]) -> float:
        rule = _rule(tuple(settings[s] for s in _STAGES), spec)
        found = score(_played(inputs, seasons, rule.start, spec), full, spec=spec)
        short = max(0.0, float(spec.params["keep"]) - found["yield_kept"])
        return found["water_share"] + 20 * short  # a missing 1% weighs as much as 20% of the water

    knobs = [Knob(s, 0.3, 1.0, at, 0.1) for s, at in _STAGES.items()]
    budget = min(tries, 4 * len(seasons))
    found = control.search(objective, knobs, budget=budget, seed=spec.seed)
    return _rule(tuple(found.settings[s] for s in _STAGES), spec)


def policy(model: StagedRule, *, spec: Spec) -> Policy:
    """The rule, ready for a season."""
    return model.start()


def dated(steps: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Served steps with the day of the calendar and the irrigation, mm."""
    return season.dated(steps, sowing=str(spec.params["sowing"]))


def baseline(*, spec: Spec) -> Policy:
    """Full irrigation by the calendar: every week up to 25 mm, never above field capacity."""
    return EveryDays("day", 7, float(spec.params["dose_mm"]), "missing_mm").start()


def practice(*, spec: Spec) -> Policy:
    """One soil-moisture trigger for the whole season, as field controllers are set."""
    return _rule((float(spec.params["practice_dryness"]),), spec).start()


def references(*, spec: Spec) -> dict[str, Policy]:
    """Further policies that are shown beside: no irrigation at all."""
    return {"rainfed": lambda seen: 0.0}  # noqa: ARG005 - a policy that looks at nothing


def score(totals: Totals, full: Totals, *, spec: Spec) -> dict[str, float]:
    """Yield and water of some seasons beside full irrigation of the same seasons."""
    return season.compare(totals, full, cap_mm=float(spec.params["cap_mm"]))


def headline(trial: Trial, *, spec: Spec) -> float:
    """Water saved, m3 per hectare and season."""
    return float(trial.scores["saved"])


def sample(seed: int) -> Inputs:
    """Synthetic weather, for the conformance suite only."""
    return Inputs({"table": season.made_up(seed, zone="Asia/Shanghai")})


def _rule(triggers: tuple[float, ...], spec: Spec) -> StagedRule:
    dose, cap = float(spec.params["dose_mm"]), float(spec.params["cap_mm"])
    return StagedRule("dryness", "stage", triggers, dose, "missing_mm", "spent_mm", cap)


def _played(
    inputs: Inputs, seasons: Sequence[str], start: Callable[[], Policy], spec: Spec
) -> Totals:
    jobs = [Job(s, partial(simulator, inputs, s, spec=spec), start) for s in seasons]
    return [e.totals for e in control.episodes(jobs, seed=spec.seed)]
