"""Cox proportional hazards with a ridge penalty, Efron ties and a smooth way back to risk.

Source: Cox (1972); Verweij and van Houwelingen (1994), Stat. Med. 13:2427, for the penalty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.survive.metrics import harrell_c
from qianhang.engines.survive.partial import RiskSets, breslow, partial_likelihood
from qianhang.engines.survive.times import unsigned

__all__ = ["CoxRidge"]

Floats = NDArray[np.float64]


class CoxRidge(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Cox model whose coefficients, per standard deviation, are drawn towards zero.

    penalty : precision of the normal prior on a standardised coefficient; 0 is plain Cox
    steps, tolerance : limit and stopping rule of Newton's method
    `y` holds signed times: positive where the event happened, negative where censored.
    """

    def __init__(self, penalty: float = 1.0, *, steps: int = 50, tolerance: float = 1e-9) -> None:
        self.penalty = penalty
        self.steps = steps
        self.tolerance = tolerance

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """This model, fitted on X (n, p) and signed times y (n,).

        Raises ValueError where no event was seen.
        """
        rows, signed = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        time, event = unsigned(signed)
        if not event.any():
            raise ValueError(f"no event among n_samples = {len(event)}: nothing to learn from")
        self.mean_ = rows.mean(axis=0)
        spread = rows.std(axis=0)
        self.scale_ = np.where(spread > 1e-12 * (1 + np.abs(self.mean_)), spread, 1.0)
        scaled = (rows - self.mean_) / self.scale_
        sets = RiskSets.of(time, event)
        beta = self._newton(scaled, sets)
        self.coef_ = beta / self.scale_
        self.covariance_ = self._covariance(scaled, beta, sets)
        self.times_, self.hazard_, self.hazard_variance_ = breslow(scaled @ beta, sets)
        self.events_ = int(event.sum())
        return self

    def _newton(self, scaled: Floats, sets: RiskSets) -> Floats:
        beta: Floats = np.zeros(scaled.shape[1])
        # A whiff of ridge keeps plain Cox solvable where columns repeat or separate the events.
        penalty = max(float(self.penalty), 1e-6)
        value = -np.inf
        step: Floats = np.zeros_like(beta)
        for count in range(1, self.steps + 1):
            self.n_iter_ = count
            trial = beta + step
            likelihood, gradient, spread = partial_likelihood(scaled, trial, sets)
            objective = likelihood - 0.5 * penalty * float(trial @ trial)
            if objective < value - 1e-12 * abs(value):
                step = step / 2
                continue
            done = objective - value < self.tolerance * (abs(value) + 1.0)
            beta, value = trial, objective
            if done:
                break
            curvature = spread + penalty * np.eye(len(beta))
            step = np.asarray(
                np.linalg.solve(curvature, gradient - penalty * beta), dtype=np.float64
            )
        return beta

    def _covariance(self, scaled: Floats, beta: Floats, sets: RiskSets) -> Floats:
        """(p, p) of the standardised coefficients: the inverse of the penalised curvature."""
        _, _, spread = partial_likelihood(scaled, beta, sets)
        penalty = max(float(self.penalty), 1e-6)
        return np.asarray(np.linalg.inv(spread + penalty * np.eye(len(beta))), dtype=np.float64)

    def _scaled(self, X: ArrayLike) -> Floats:
        check_is_fitted(self, "coef_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        centred: Floats = (rows - self.mean_) / self.scale_
        return centred

    def predict(self, X: ArrayLike) -> Floats:
        """(n,) log relative hazard against a subject with average features."""
        score: Floats = self._scaled(X) @ (self.coef_ * self.scale_)
        return score

    def contributions(self, X: ArrayLike) -> Floats:
        """(n, p) what each feature adds to the log relative hazard; rows sum to `predict`."""
        parts: Floats = self._scaled(X) * (self.coef_ * self.scale_)
        return parts

    def risk(self, X: ArrayLike, horizon: float) -> Floats:
        """(n,) probability of the event by `horizon`, in the unit of the signed times."""
        relative = np.exp(np.minimum(self.predict(X), 50.0))
        return np.asarray(-np.expm1(-self._at(self.hazard_, horizon) * relative))

    def risk_interval(
        self, X: ArrayLike, horizon: float, *, z: float = 1.96
    ) -> tuple[Floats, Floats]:
        """Lower and upper limit of `risk`, (n,) each, by the delta method on the log hazard.

        z : normal quantile, 1.96 for 95%
        """
        scaled = self._scaled(X)
        log_hazard = np.minimum(scaled @ (self.coef_ * self.scale_), 50.0)
        hazard = self._at(self.hazard_, horizon)
        if hazard <= 0:
            return np.zeros(len(scaled)), np.zeros(len(scaled))
        variance = np.einsum("ij,jk,ik->i", scaled, self.covariance_, scaled)
        variance = variance + self._at(self.hazard_variance_, horizon) / hazard**2
        half = z * np.sqrt(variance)
        low = -np.expm1(-hazard * np.exp(log_hazard - half))
        high = -np.expm1(-hazard * np.exp(log_hazard + half))
        return low, high

    def _at(self, steps: Floats, horizon: float) -> float:
        place = int(np.searchsorted(self.times_, horizon, side="right"))
        return float(steps[place - 1]) if place else 0.0

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Harrell's C of `predict` on signed times y (n,)."""
        time, event = unsigned(y)
        return harrell_c(time, event, self.predict(X))

    def to_files(self) -> dict[str, bytes]:
        """The fitted model as one JSON file."""
        check_is_fitted(self, "coef_")
        state: dict[str, Any] = {"params": self.get_params(), "features": self.n_features_in_}
        state["events"] = self.events_
        for name in _ARRAYS:
            state[name] = getattr(self, name).tolist()
        return {"cox.json": json.dumps(state).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        state = json.loads(files["cox.json"])
        model = cls(**state["params"])
        for name in _ARRAYS:
            setattr(model, name, np.asarray(state[name], dtype=np.float64))
        model.n_features_in_, model.events_ = state["features"], state["events"]
        return model


_ARRAYS = ("coef_", "mean_", "scale_", "covariance_", "times_", "hazard_", "hazard_variance_")
