"""Heat of substations hour by hour: boosted trees on shares of each one's level, with bands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast import BoostedTrees, Panel, Windows
from qianhang.engines.saving import under
from qianhang.packs.heating.demand_forecast.drivers import (
    DAY,
    Known,
    WeatherCurve,
    known_of,
    rows_at,
)

__all__ = ["HeatForecaster", "Settings"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST = 500  # readings below which there is nothing to learn from
_CHUNK = 3000  # origins looked at together


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is learned: trees of a model, hours looked back, hours ahead, seeds averaged.

    ahead : columns that are known ahead
    share : of the origins that train each lead between the first and the last
    """

    rounds: int
    lookback: int
    horizon: int
    seeds: int
    share: float
    ahead: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class HeatForecaster:
    """The forecaster of all substations that it was trained on, and of new ones like them.

    level : series -> mean heat while on, kWh; usual : that of a series never met
    next_hour, later : models of the first step and of all others
    low, high : models of the 10 and 90 % points of what the others missed; stretch : of the band
    """

    settings: Settings
    heat: str
    level: Mapping[str, float]
    usual: float
    curve: WeatherCurve
    next_hour: tuple[BoostedTrees, ...]
    later: tuple[BoostedTrees, ...]
    band: tuple[BoostedTrees, ...]
    stretch: float

    @classmethod
    def fitted(cls, panel: Panel, *, heat: str, settings: Settings) -> Self:
        """The forecaster trained on every reading of `panel`.

        The last quarter of the readings is forecast first by lighter models that have not seen it:
        what those missed makes the band.
        Raises ValueError where fewer than 500 hours of heat are known.
        """
        known = np.isfinite(panel.column(heat)).any(axis=1)
        if known.sum() < _LEAST:
            raise ValueError(
                f"{int(known.sum())} hours of heat are known, at least {_LEAST} needed"
            )
        cut = int(np.flatnonzero(known)[int(0.75 * known.sum())])
        light = replace(settings, rounds=settings.rounds // 2, seeds=1, share=settings.share / 2)
        early = cls._trained(panel, heat, light, stop=cut)
        band, stretch = early._missed(panel, start=cut)
        full = cls._trained(panel, heat, settings, stop=len(panel.times))
        return cls(
            settings, heat, full.level, full.usual, full.curve, full.next_hour, full.later,
            band, stretch,
        )  # fmt: skip

    @classmethod
    def _trained(cls, panel: Panel, heat: str, settings: Settings, *, stop: int) -> Self:
        values, warm = panel.column(heat)[:stop], _column(panel, "t_amb")[:stop]
        level = _levels(values)
        usual = float(np.nanmedian(level))
        level = np.where(np.isfinite(level), level, usual)
        hour = np.repeat(panel.times[:stop].hour.to_numpy(np.int64), len(level))
        curve = WeatherCurve.of((values / level).ravel(), warm.ravel(), hour)
        names = dict(zip(panel.series, level.tolist(), strict=True))
        bare = cls(settings, heat, names, usual, curve, (), (), (), 1.0)
        first, rest = bare._material(panel, stop)
        return cls(
            settings,
            heat,
            names,
            usual,
            curve,
            bare._grown(*first, seeds=settings.seeds),
            bare._grown(*rest, seeds=1),
            (),
            1.0,
        )

    def quantiles(self, windows: Windows) -> Floats:
        """(n, g, horizon, 3): 10 % point, expected heat, 90 % point, kWh, none below zero."""
        n, g = len(windows.origins), len(windows.series)
        level = self._level_of(windows)
        out = np.empty((n, g, windows.horizon, 3))
        known = self._known(windows, level)
        for lead in range(1, windows.horizon + 1):
            rows = rows_at(known, lead)
            told = self._expected(rows, lead)
            low, high = (m.predict(_band_rows(rows, told)) for m in self.band)
            band = [told + self.stretch * np.minimum(low, 0), told,
                    told + self.stretch * np.maximum(high, 0)]  # fmt: skip
            out[:, :, lead - 1] = np.stack(band, axis=-1).reshape(n, g, 3)
        return np.maximum(out, 0.0) * level[None, :, None, None]

    def to_files(self) -> dict[str, bytes]:
        """Facts as JSON, trees as LightGBM text."""
        groups = {"next_hour": self.next_hour, "later": self.later, "band": self.band}
        facts = {
            "settings": {k: getattr(self.settings, k) for k in Settings.__slots__},
            "heat": self.heat, "level": dict(self.level), "usual": self.usual,
            "curve": self.curve.table.tolist(), "stretch": self.stretch,
            "models": {name: len(models) for name, models in groups.items()},
        }  # fmt: skip
        files = {"heat.json": json.dumps(facts).encode()}
        for name, models in groups.items():
            for i, model in enumerate(models):
                files |= {f"{name}_{i}.{k}": v for k, v in model.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        facts = json.loads(files["heat.json"])
        groups = {
            name: tuple(BoostedTrees.from_files(under(files, f"{name}_{i}.")) for i in range(count))
            for name, count in facts["models"].items()
        }
        curve = WeatherCurve(np.array(facts["curve"]))
        settings = Settings(**{**facts["settings"], "ahead": tuple(facts["settings"]["ahead"])})
        return cls(
            settings, facts["heat"], facts["level"], facts["usual"], curve,
            stretch=facts["stretch"], **groups,
        )  # fmt: skip

    def _level_of(self, windows: Windows) -> Floats:
        """(g,) kWh; a series never met is measured by what is seen of it in the windows."""
        seen = _levels(windows.of(self.heat).transpose(0, 2, 1).reshape(-1, len(windows.series)))
        seen = np.where(np.isfinite(seen), seen, self.usual)
        met = [self.level.get(s) for s in windows.series]
        return np.array([s if m is None else m for m, s in zip(met, seen, strict=True)])

    def _known(self, windows: Windows, level: Floats) -> Known:
        return known_of(windows, heat=self.heat, level=level, curve=self.curve)

    def _expected(self, rows: Floats, lead: int) -> Floats:
        models = self.next_hour if lead == 1 else self.later
        mean = np.mean([m.predict(rows) for m in models], axis=0)
        return np.asarray(np.maximum(mean, 0.0), dtype=np.float64)

    def _material(self, panel: Panel, stop: int) -> tuple[tuple[Floats, Floats], ...]:
        """Columns and answers of the first step ahead, and of a draw of all others."""
        rng = np.random.default_rng(self.settings.seed)
        parts: dict[bool, list[tuple[Floats, Floats]]] = {True: [], False: []}
        for windows, answers in self._cut(panel, DAY, stop):
            known = self._known(windows, self._level_of(windows))
            for lead in range(1, self.settings.horizon + 1):
                ends = lead in (1, self.settings.horizon)
                drawn = rng.random(len(answers)) < (1.0 if ends else self.settings.share)
                use = drawn & np.isfinite(answers[:, lead - 1])
                part = (rows_at(_some(known, use), lead), answers[use, lead - 1])
                parts[lead == 1].append(part)
        first, rest = ((_stack(parts[k])) for k in (True, False))
        return first, rest if len(rest[1]) else first

    def _cut(self, panel: Panel, start: int, stop: int) -> list[tuple[Windows, Floats]]:
        """Windows at every origin after which something is known, and (m, horizon) shares."""
        s, level = self.settings, np.array([self.level[n] for n in panel.series])
        known = np.isfinite(panel.column(self.heat)[:stop]).any(axis=1)
        reach = np.convolve(known, np.ones(s.horizon))[s.horizon - 1 :] > 0
        rows = np.flatnonzero(reach[:stop])
        rows = rows[rows >= start]
        names = tuple(c for c in s.ahead if c in panel.columns)
        found = []
        for i in range(0, len(rows), _CHUNK):
            some = rows[i : i + _CHUNK]
            windows = panel.windows(some, lookback=s.lookback, horizon=s.horizon, known=names)
            ahead = panel.ahead(self.heat, some, horizon=s.horizon) / level[None, :, None]
            later = some[:, None] + np.arange(s.horizon) >= stop
            ahead = np.where(later[:, None, :], np.nan, ahead)
            found.append((windows, ahead.reshape(-1, s.horizon)))
        return found

    def _grown(self, X: Floats, y: Floats, *, seeds: int) -> tuple[BoostedTrees, ...]:
        s = self.settings
        rounds, leaves = min(s.rounds, max(len(y) // 20, 40)), 31 if len(y) > 5000 else 15
        rate = float(np.clip(12 / rounds, 0.03, 0.1))
        return tuple(
            BoostedTrees(
                rounds, rate=rate, leaves=leaves, columns=0.3, bins=63, objective="huber",
                level=0.4, seed=s.seed + i,
            ).fit(X, y)
            for i in range(seeds)
        )  # fmt: skip

    def _missed(self, panel: Panel, *, start: int) -> tuple[tuple[BoostedTrees, ...], float]:
        """Models of the 10 and 90 % points of what this forecaster missed after `start`."""
        rng = np.random.default_rng(self.settings.seed)
        seen, misses = [], []
        for windows, answers in self._cut(panel, start, len(panel.times)):
            known = self._known(windows, self._level_of(windows))
            for lead in range(1, self.settings.horizon + 1):
                use = (rng.random(len(answers)) < 0.1) & np.isfinite(answers[:, lead - 1])
                rows = rows_at(_some(known, use), lead)
                told = self._expected(rows, lead)
                seen.append(_band_rows(rows, told))
                misses.append(answers[use, lead - 1] - told)
        X, y = np.concatenate(seen), np.concatenate(misses)
        band = tuple(
            BoostedTrees(
                120, rate=0.06, leaves=15, least_rows=100, columns=0.5, bins=63,
                objective="quantile", level=q, seed=self.settings.seed,
            ).fit(X, y)
            for q in (0.1, 0.9)
        )  # fmt: skip
        return band, 1.0


def _levels(values: Floats) -> Floats:
    """(g,) mean of readings above zero, values (t, g)."""
    on = np.where(values > 0, values, np.nan)
    count = np.isfinite(on).sum(axis=0)
    return np.where(count > 0, np.nansum(on, axis=0) / np.maximum(count, 1), np.nan)


def _column(panel: Panel, name: str) -> Floats:
    known = name in panel.columns
    return panel.column(name) if known else np.full(panel.values.shape[:2], np.nan)


def _band_rows(rows: Floats, told: Floats) -> Floats:
    return np.column_stack([told, rows])


def _some(known: Known, use: NDArray[np.bool_]) -> Known:
    """The rows that `use` picks."""
    state = {k: v[use] for k, v in known.state.items()}
    service = {k: v[use] for k, v in known.service.items()}
    return Known(
        known.heat[use], known.warm[use], known.curve[use], known.hour[use], known.day[use],
        known.week[use], known.others[use], known.around[use], state, service,
    )  # fmt: skip


def _stack(parts: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    if not parts:
        return np.empty((0, 0)), np.empty(0)
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
