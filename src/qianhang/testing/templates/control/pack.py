"""$title_en."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.control import PI, Policy, play

_LOSS_KW, _STORE_KWH = 2.0, 12.0  # per K, of a synthetic house


@dataclass
class House:
    """A room that loses heat to the outdoors, one step an hour."""

    outdoor: np.ndarray
    wanted: float
    room: float = 18.0
    hour: int = 0
    heat: float = 0.0
    cold: float = 0.0

    def reset(self, seed: int) -> None:
        """Back to the first hour."""
        self.room, self.hour, self.heat, self.cold = 18.0, 0, 0.0, 0.0

    def observe(self) -> Mapping[str, float]:
        """What the controller may know."""
        return {"room": self.room, "outdoor": float(self.outdoor[self.hour])}

    def act(self, action: float | Mapping[str, float]) -> None:
        """One hour under `action` kW of heat."""
        power = float(np.clip(float(action), 0.0, 120.0))
        loss = _LOSS_KW * (self.room - float(self.outdoor[self.hour]))
        self.room += (power - loss) / _STORE_KWH
        self.heat += power
        self.cold += max(0.0, self.wanted - 1.0 - self.room)
        self.hour += 1

    @property
    def done(self) -> bool:
        """Whether the season is over."""
        return self.hour >= len(self.outdoor)

    def score(self) -> Mapping[str, float]:
        """Heat in kWh, and degree hours below what is wanted less one."""
        return {"heat": self.heat, "cold": self.cold}


def units(inputs: Inputs, *, spec: Spec) -> Sequence[str]:
    """The seasons that the weather holds: one a month."""
    return sorted({f"{t:%Y-%m}" for t in inputs.table.index})


def simulator(inputs: Inputs, unit: str, *, spec: Spec) -> House:
    """The house under the weather of one season."""
    rows = inputs.table[[f"{t:%Y-%m}" == unit for t in inputs.table.index]]
    return House(rows["outdoor"].to_numpy(), float(spec.params["wanted"]))


def fit(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> PI:
    """Of three strengths of control, the one that is not too cold with the least heat."""

    def cost(strength: float) -> float:
        played = [
            play(
                simulator(inputs, unit, spec=spec),
                _control(strength, spec).start(),
                seed=spec.seed,
            )
            for unit in units
        ]
        return sum(e.totals["heat"] + 50.0 * e.totals["cold"] for e in played)

    return _control(min((2.0, 4.0, 8.0), key=cost), spec)


def _control(strength: float, spec: Spec) -> PI:
    wanted = float(spec.params["wanted"])
    return PI("room", wanted, strength, integral_s=36000.0, step_s=3600.0, low=0.0, high=120.0)


def policy(model: PI, *, spec: Spec) -> Policy:
    """The controller as a function of what is observed."""
    return model.start()


def baseline(*, spec: Spec) -> Policy:
    """Enough for a cold day, all the time."""
    return partial(_constant, 70.0)


def _constant(power: float, seen: Mapping[str, float]) -> float:
    return power


def headline(trial: Trial, *, spec: Spec) -> float:
    """kWh saved a season against constant heat."""
    return trial.trivial["heat"] - trial.scores["heat"]


def sample(seed: int) -> Inputs:
    """Four synthetic winter months of hourly temperature."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2025-11-01", periods=120 * 24, freq="1h", tz="Asia/Shanghai", name="time")
    days = np.repeat(rng.normal(-5, 4, 120), 24)
    outdoor = days + 4 * np.sin((time.hour.to_numpy() - 9) * np.pi / 12)
    return Inputs({"table": pd.DataFrame({"outdoor": outdoor}, index=time)})
