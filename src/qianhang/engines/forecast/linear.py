"""Closed-form linear forecasts of many steps at once, one map shared by all channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.saving import pack_arrays, unpack_arrays

__all__ = ["LinearForecaster", "WindowRidge"]

Floats = NDArray[np.float64]


class WindowRidge(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Ridge from a window of past steps to all steps ahead, on departures from the window's level.

    penalty : ridge on the oldest step of the window; it falls linearly to `floor` on the newest
    level : number of last steps whose mean is taken off and put back; 0 is the whole window
    spread : added to the root mean square that each window is divided by, so that loud windows do
        not decide alone; 0 divides nothing
    Source: the closed form of Toner and Darlow (2024), ICML, with a penalty that grows with age.
    """

    def __init__(
        self, penalty: float = 1.0, *, floor: float = 1e-3, level: int = 0, spread: float = 0.0
    ) -> None:
        self.penalty = penalty
        self.floor = floor
        self.level = level
        self.spread = spread

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        tags.regressor_tags.poor_score = True  # a window's own level is no feature here
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """This map, fitted on windows X (n, lookback), oldest step first, and y (n, horizon)."""
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        windows = np.asarray(X, dtype=np.float64)
        targets = np.asarray(y, dtype=np.float64).reshape(len(windows), -1)
        self.flat_ = np.ndim(y) == 1
        past, level, scale = self._centred(windows)
        self._solve(past.T @ past, past.T @ ((targets - level) / scale))
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """(n, horizon) forecasts for windows X (n, lookback)."""
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, reset=False, dtype=np.float64)
        past, level, scale = self._centred(np.asarray(X, dtype=np.float64))
        out = (past @ self.coef_) * scale + level
        return out[:, 0] if self.flat_ else out

    def _centred(self, windows: Floats) -> tuple[Floats, Floats, Floats]:
        level = windows[:, -self.level :].mean(axis=1, keepdims=True)
        past = windows - level
        if self.spread <= 0:
            return past, level, np.ones_like(level)
        scale = np.sqrt(np.mean(past**2, axis=1, keepdims=True)) + self.spread
        return past / scale, level, scale

    def _solve(self, gram: Floats, cross: Floats) -> None:
        age = np.arange(len(gram), 0, -1) / len(gram)
        self.coef_ = np.linalg.solve(gram + np.diag(self.penalty * age + self.floor), cross)


class LinearForecaster(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """All channels, all steps ahead, from one window of the past: the mean of window ridges.

    Channels are put on one scale first. The penalty is the one that forecasts the last part of
    the history best when fitted on what came before.
    lookback, horizon : steps in, steps out
    levels : for each member, the last steps whose mean is taken off (0: the whole window)
    penalties : tried in turn; check_share : share of the history that chooses among them
    refit : fit again on the whole history after choosing; False keeps to the part before it
    most_windows : windows of each channel at most, evenly spaced
    """

    def __init__(
        self,
        lookback: int = 336,
        horizon: int = 96,
        *,
        levels: Sequence[int] = (0, 24),
        penalties: Sequence[float] = (1e3, 1e4, 3e4, 1e5, 3e5),
        spread: float = 0.1,
        check_share: float = 0.25,
        refit: bool = True,
        most_windows: int = 20000,
    ) -> None:
        self.lookback = lookback
        self.horizon = horizon
        self.levels = levels
        self.penalties = penalties
        self.spread = spread
        self.check_share = check_share
        self.refit = refit
        self.most_windows = most_windows

    def fit(self, series: ArrayLike) -> Self:
        """This forecaster, fitted on series (n, channels), oldest first, without gaps.

        Raises ValueError where the history is shorter than two windows, or holds a gap.
        """
        table = np.asarray(series, dtype=np.float64)
        if table.ndim != 2 or not np.isfinite(table).all():
            raise ValueError("series must be (n, channels) without NaN or infinity")
        cut = round(len(table) * (1 - self.check_share))
        whole = self.lookback + self.horizon
        if cut < whole or len(table) - cut < self.horizon:
            raise ValueError(f"{len(table)} steps of history are too few for windows of {whole}")
        self.mean_ = table[:cut].mean(axis=0)
        deviation = table[:cut].std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        scaled = (table - self.mean_) / self.scale_
        early = self._windows(scaled[:cut])
        late = self._windows(scaled[cut - self.lookback :])
        self.members_: list[WindowRidge] = []
        self.check_errors_: list[list[float]] = []
        for level in self.levels:
            penalty = self._choose(level, early, late)
            member = WindowRidge(penalty, floor=10.0, level=level, spread=self.spread)
            self.members_.append(member.fit(*(self._windows(scaled) if self.refit else early)))
        return self

    def predict(self, pasts: ArrayLike) -> Floats:
        """(n, horizon, channels) forecasts for pasts (n, lookback, channels)."""
        check_is_fitted(self, "members_")
        table = np.asarray(pasts, dtype=np.float64)
        scaled = ((table - self.mean_) / self.scale_).transpose(0, 2, 1)
        flat = np.ascontiguousarray(scaled).reshape(-1, self.lookback)
        out = np.mean([m.predict(flat) for m in self.members_], axis=0)
        steps = out.reshape(len(table), -1, self.horizon).transpose(0, 2, 1)
        return np.asarray(steps * self.scale_ + self.mean_, dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, maps as npz without objects."""
        check_is_fitted(self, "members_")
        facts = {"params": self.get_params(), "penalties": [m.penalty for m in self.members_]}
        arrays: dict[str, Any] = {f"coef{i}": m.coef_ for i, m in enumerate(self.members_)}
        arrays |= {"mean": self.mean_, "scale": self.scale_}
        return pack_arrays(arrays, facts, name="linear")

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        arrays, facts = unpack_arrays(files, name="linear")
        model = cls(**facts["params"])
        model.members_ = []
        model.mean_, model.scale_ = arrays["mean"], arrays["scale"]
        for i, penalty in enumerate(facts["penalties"]):
            member = WindowRidge(penalty, floor=10.0, level=model.levels[i], spread=model.spread)
            member.coef_, member.flat_ = arrays[f"coef{i}"], False
            member.n_features_in_ = model.lookback
            model.members_.append(member)
        return model

    def _windows(self, scaled: Floats) -> tuple[Floats, Floats]:
        """Windows of all channels, (m, lookback), and what followed, (m, horizon)."""
        whole = self.lookback + self.horizon
        views = np.lib.stride_tricks.sliding_window_view(scaled, whole, axis=0)
        stride = -(-len(views) // self.most_windows)
        flat = views[::stride].reshape(-1, whole)
        return flat[:, : self.lookback], flat[:, self.lookback :]

    def _choose(
        self, level: int, early: tuple[Floats, Floats], late: tuple[Floats, Floats]
    ) -> float:
        member = WindowRidge(floor=10.0, level=level, spread=self.spread)
        past, offset, scale = member._centred(early[0])
        gram, cross = past.T @ past, past.T @ ((early[1] - offset) / scale)
        past, offset, scale = member._centred(late[0])
        errors = []
        for penalty in self.penalties:
            member.penalty = penalty
            member._solve(gram, cross)
            missed = (past @ member.coef_) * scale + offset - late[1]
            errors.append(float(np.mean(missed**2)))
        self.check_errors_.append(errors)
        return float(self.penalties[int(np.argmin(errors))])
