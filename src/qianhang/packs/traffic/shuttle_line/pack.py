"""How long each shuttle of a fixed line waits at a control stop, so that gaps stay even."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Episode, Trial
from qianhang.core.spec import Spec
from qianhang.engines import control
from qianhang.engines.control import Job, Knob, Policy
from qianhang.packs.traffic.shuttle_line import records
from qianhang.packs.traffic.shuttle_line.holding import NoHold, OneWayHold, TwoWayHold
from qianhang.packs.traffic.shuttle_line.line import Line

_WORST = ("max_load", "left_behind")
Totals = Sequence[Mapping[str, float]]


def units(inputs: Inputs, *, spec: Spec) -> tuple[str, ...]:
    """The days with records."""
    return records.days(inputs.table)


def simulator(inputs: Inputs, unit: str, *, spec: Spec) -> Line:
    """One day of the line, with that day's running times and passengers."""
    seats, controls = int(spec.params["seats"]), int(spec.params["control_stops"])
    day = records.day_of(inputs.table, unit, seats=seats, controls=controls)
    return Line(day, int(unit.replace("-", "")))


def fit(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> TwoWayHold:
    """The gain with the least waiting of passengers on training days, holding counted too."""
    longest = float(spec.params["max_hold_s"])

    def objective(gains: Mapping[str, float]) -> float:
        start = TwoWayHold(gains["gain"], longest).start
        jobs = [Job(u, partial(simulator, inputs, u, spec=spec), start) for u in units]
        found = [e.totals for e in control.episodes(jobs, seed=spec.seed)]
        return float(np.mean([t["wait_min"] + t["hold_s"] / 600 for t in found]))

    knob = Knob("gain", 0.0, 2.0, 0.8, 0.4)
    budget = int(spec.params["search_budget"])
    found = control.search(objective, [knob], budget=budget, seed=spec.seed)
    return TwoWayHold(found.settings["gain"], longest)


def policy(model: TwoWayHold, *, spec: Spec) -> Policy:
    """The rule, ready for a day."""
    return model.start()


def baseline(*, spec: Spec) -> Policy:
    """Nobody waits at a control stop."""
    return NoHold().start()


def practice(*, spec: Spec) -> Policy:
    """Hold until the planned gap to the shuttle ahead is nearly reached."""
    share, longest = float(spec.params["practice_share"]), float(spec.params["max_hold_s"])
    return OneWayHold(share, longest).start()


def score(totals: Totals, free: Totals, *, spec: Spec) -> dict[str, float]:
    """Means over days, the worst day of loads, and waiting beside a line without holding."""
    names = [k for k in totals[0] if k not in ("wait_h", "hours")]
    means = {k: float(np.mean([t[k] for t in totals])) for k in names}
    worst = {k: max(t[k] for t in totals) for k in _WORST}
    waits, others = (float(np.mean([t["wait_min"] for t in part])) for part in (totals, free))
    saved = (others - waits) * means["riders"] / 60
    return {**means, **worst, "wait_ratio": waits / max(others, 1e-9), "wait_saved_h": saved}


def tables(
    inputs: Inputs, played: Mapping[str, Mapping[str, Episode]], *, spec: Spec
) -> dict[str, pd.DataFrame]:
    """Holds and gaps of the first day, and speed and disengagements of every section."""
    frames = []
    for name, days in played.items():
        unit, first = next(iter(days.items()))
        steps = first.table.assign(unit=unit, policy=name, minute=first.table["time"] // 600 * 10)
        frames.append(steps)
    steps = pd.concat(frames, ignore_index=True)
    gaps = steps.pivot_table(index="minute", columns="policy", values="ahead_s") / 60
    safe = records.safety(inputs.table)
    return {"steps": steps, "gaps": gaps.rename_axis(columns=None).reset_index(), "safety": safe}


def headline(trial: Trial, *, spec: Spec) -> float:
    """Hours of passengers' waiting saved in a day, against no holding."""
    return float(trial.scores["wait_saved_h"])


def sample(seed: int) -> Inputs:
    """Six made-up days, for the conformance suite and the synthetic case only."""
    return Inputs({"table": records.made_up(seed)})
