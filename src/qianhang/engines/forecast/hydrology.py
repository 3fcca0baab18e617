"""River flow from rain: two stores and two unit hydrographs, for many rivers or windows at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.forecast.stores import Stores, run_stores

__all__ = ["Forcing", "RainfallRunoff", "sun_evaporation", "with_melt"]

Floats = NDArray[np.float64]
# Bounds of the search: logarithms of lengths in mm, hours and factors; the exchange as it is.
_BOUNDS = {
    "production": (np.log(20.0), np.log(1500.0)),
    "exchange": (-1.0, 1.0),
    "routing": (np.log(2.0), np.log(300.0)),
    "reach": (np.log(0.55), np.log(20.0)),
    "evaporation": (np.log(0.03), np.log(1.5)),
    "melt": (np.log(0.5), np.log(12.0)),
    "scale": (0.0, 1.0),
}
_SHIFT = 1e-6


@dataclass(frozen=True, slots=True)
class Forcing:
    """What falls on and leaves a catchment, the last axis along time.

    rain, evaporation : (..., t) mm a step; warmth : (..., t) degC or None
    """

    rain: Floats
    evaporation: Floats
    warmth: Floats | None = None


class RainfallRunoff(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Flow of a small catchment by the four-parameter scheme GR4J, at the step of its data.

    step_h : hours of a step; generations, members : of the search (differential evolution)
    weight : share of squared errors of flow, the rest of those of its square root
    free_scale : flow is in a unit of its own, so the mm that make one unit are sought too
    Source: Perrin, Michel and Andreassian (2003), J. Hydrol. 279:275; for hours Ficchi et al.
    (2016), J. Hydrol. 538:454; search: Storn and Price (1997).
    """

    def __init__(
        self,
        step_h: float = 1.0,
        *,
        generations: int = 15,
        members: int = 70,
        weight: float = 0.5,
        free_scale: bool = False,
        seed: int = 0,
    ) -> None:
        self.step_h = step_h
        self.generations = generations
        self.members = members
        self.weight = weight
        self.free_scale = free_scale
        self.seed = seed

    def fit(self, forcing: Forcing, flow: ArrayLike, *, warm: int) -> Self:
        """These stores, fitted on forcing (t,) and flow (t,), NaN where unknown.

        warm : first steps that only fill the stores
        Raises ValueError where fewer than 100 flows are known after them.
        """
        from scipy.optimize import differential_evolution

        known = np.asarray(flow, dtype=np.float64)
        seen = np.flatnonzero(np.isfinite(known) & (np.arange(len(known)) >= warm))
        if len(seen) < 100:
            raise ValueError(f"{len(seen)} flows are known after {warm} steps, at least 100 needed")
        names = self._names(forcing)
        bounds = [self._bound(n, forcing, known) for n in names]

        def miss(trial: Floats) -> Floats:
            told = self._run(forcing, dict(zip(names, np.atleast_2d(trial.T).T, strict=True)))
            return _miss(told.flow[:, seen], known[seen], self.weight)

        found = differential_evolution(
            miss, bounds, popsize=max(self.members // len(names), 2), maxiter=self.generations,
            vectorized=True, updating="deferred", polish=False, tol=1e-4, seed=self.seed,
        )  # fmt: skip
        self.values_ = dict(zip(names, map(float, found.x), strict=True))
        self.start_ = (0.5, 0.5)
        told = self._run(forcing, {n: np.asarray([v]) for n, v in self.values_.items()})
        self.start_ = (float(told.soil[0, warm:].mean()), float(told.channel[0, warm:].mean()))
        return self

    def predict(self, forcing: Forcing) -> Floats:
        """(n, t) flow for forcing (n, t), stores filled as usual at the first step."""
        check_is_fitted(self, "values_")
        return self._run(forcing, {n: np.asarray([v]) for n, v in self.values_.items()}).flow

    def to_files(self) -> dict[str, bytes]:
        """Everything as JSON."""
        check_is_fitted(self, "values_")
        facts = {"params": self.get_params(), "values": self.values_, "start": self.start_}
        return {"river.json": json.dumps(facts).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The stores that `to_files` wrote."""
        facts = json.loads(files["river.json"])
        model = cls(**facts["params"])
        model.values_, model.start_ = facts["values"], tuple(facts["start"])
        return model

    def _names(self, forcing: Forcing) -> list[str]:
        names = ["production", "exchange", "routing", "reach", "evaporation"]
        if forcing.warmth is not None:
            names.append("melt")
        return [*names, "scale"] if self.free_scale else names

    def _bound(self, name: str, forcing: Forcing, flow: Floats) -> tuple[float, float]:
        low, high = _BOUNDS[name]
        if name == "reach" and self.step_h > 6:
            return low, float(np.log(8.0))
        if name != "scale":
            return low, high
        ratio = float(np.nanmean(flow)) / max(float(np.nanmean(forcing.rain)), 1e-9)
        return float(np.log(ratio / 0.95)), float(np.log(ratio / 0.05))

    def _run(self, forcing: Forcing, values: Mapping[str, Floats]) -> Stores:
        rain = np.atleast_2d(forcing.rain)
        leaving = np.atleast_2d(forcing.evaporation) * np.exp(values["evaporation"])[:, None]
        if forcing.warmth is not None:
            rate = np.exp(values["melt"])[:, None] * self.step_h / 24
            rain = with_melt(rain, np.atleast_2d(forcing.warmth), rate)
        lengths = (np.exp(values["production"]), values["exchange"], np.exp(values["routing"]))
        start = getattr(self, "start_", (0.5, 0.5))
        told = run_stores(
            rain, leaving, lengths, reach=np.exp(values["reach"]), step_h=self.step_h, start=start
        )
        if "scale" not in values:
            return told
        return told.times(np.exp(values["scale"])[:, None])


def with_melt(rain: ArrayLike, warmth: ArrayLike, rate: ArrayLike) -> Floats:
    """(n, t) rain and melt in mm a step, from precipitation and air temperature.

    rain : (n, t) mm a step; warmth : (n, t) degC; rate : (n, 1) mm a step and degree above zero
    Snow falls whole below -1 degC, not at all above 3 degC, by a line in between.
    Source: degree-day factor, WMO-No. 168 (2009), vol. II, chapter 6.
    """
    fallen, warm = np.broadcast_arrays(np.asarray(rain, np.float64), np.asarray(warmth, np.float64))
    frozen = np.clip((3.0 - warm) / 4.0, 0.0, 1.0)
    wet, dry = fallen * (1 - frozen), fallen * frozen
    most = np.maximum(warm, 0.0) * np.asarray(rate, dtype=np.float64)
    out = np.empty(most.shape)
    pack = np.zeros(most.shape[0])
    for i in range(most.shape[1]):
        pack = pack + dry[:, i]
        melt = np.minimum(pack, most[:, i])
        pack = pack - melt
        out[:, i] = wet[:, i] + melt
    return out


def sun_evaporation(times: pd.DatetimeIndex, *, latitude: float, longitude: float) -> Floats:
    """(n,) the water that sunlight above the air could evaporate, mm an hour.

    A climatology from latitude, day of the year and, for steps below a day, the hour; a share of
    it, sought with the other values of a river, is the potential evaporation.
    Source: FAO Irrigation and Drainage Paper 56, equations 21 to 34, latent heat 2.45 MJ/kg.
    """
    day = np.asarray(times.tz_convert("UTC").dayofyear, dtype=np.float64)
    hour = np.asarray((times - times.tz_convert("UTC").normalize()) / pd.Timedelta(hours=1))
    declination = 0.409 * np.sin(2 * np.pi / 365 * day - 1.39)
    distance = 1 + 0.033 * np.cos(2 * np.pi / 365 * day)
    place = np.radians(latitude)
    up = np.sin(place) * np.sin(declination)
    across = np.cos(place) * np.cos(declination)
    daily = len(times) > 1 and (times[1] - times[0]) >= pd.Timedelta(hours=12)
    if daily:
        set_ = np.arccos(np.clip(-np.tan(place) * np.tan(declination), -1, 1))
        height = (set_ * up + across * np.sin(set_)) / np.pi
    else:
        turn = 2 * np.pi * (hour % 24 + 0.5 + longitude / 15 - 12) / 24
        height = np.maximum(up + across * np.cos(turn), 0.0)
    return np.asarray(4.92 / 2.45 * distance * height, dtype=np.float64)


def _miss(told: Floats, came: Floats, weight: float) -> Floats:
    """(m,) share of the variance that is missed, of flow and of its square root."""
    root, told_root = np.sqrt(np.maximum(came, 0)), np.sqrt(np.maximum(told, 0))
    plain = np.mean((told - came) ** 2, axis=1) / (np.var(came) + _SHIFT)
    low = np.mean((told_root - root) ** 2, axis=1) / (np.var(root) + _SHIFT)
    return np.asarray(weight * plain + (1 - weight) * low, dtype=np.float64)
