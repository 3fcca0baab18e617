"""High and low water: found in a series, compared with what came, printed for the coming days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.packs.ocean.tide.ports import PortForecaster

__all__ = ["scores", "tables_of_model", "turns"]

Floats = NDArray[np.float64]
_NEAR = pd.Timedelta(hours=3)
_MACRO_M, _MESO_M = 4.0, 2.0
_SPRING = 0.85  # quantile of daily ranges that stands for springs
_DAYS = 7
_CM = 100.0


def turns(times: pd.DatetimeIndex, level: Floats) -> pd.DataFrame:
    """High and low waters of a regular series: time, height_m, kind (high, low).

    Instant and height are those of the parabola through the three readings about the turn.
    """
    values = np.asarray(level, dtype=np.float64)
    before, here, after = values[:-2], values[1:-1], values[2:]
    with np.errstate(invalid="ignore"):
        high = (here > before) & (here >= after)
        low = (here < before) & (here <= after)
    at = np.flatnonzero(high | low)
    bend = before[at] - 2 * here[at] + after[at]
    shift = 0.5 * (before[at] - after[at]) / np.where(bend == 0, np.inf, bend)
    height = here[at] - 0.25 * (before[at] - after[at]) * shift
    step = (times[1] - times[0]) if len(times) > 1 else pd.Timedelta(0)
    when = times[at + 1] + pd.to_timedelta(shift * step.total_seconds(), unit="s")
    kind = np.where(high[at], "high", "low")
    return pd.DataFrame({"time": when.round("1s"), "height_m": height, "kind": kind})


def scores(answers: pd.DataFrame) -> dict[str, float]:
    """Errors as a port sees them.

    rmse_macro : the worst port with a spring range above 4 m (macro-tidal); rmse_meso, rmse_micro
    rmse_6h, rmse_24h : mean over ports at that lead; explained : least share of variance, %
    high_water_min, high_water_cm : median error of time and height of high water
    """
    table = answers.assign(square=(answers["p50"] - answers["actual"]) ** 2)
    by_port = np.sqrt(table.groupby("series")["square"].mean())
    found = _by_range(table, by_port)
    step_h = _step_h(table)
    for hours in (6, 24):
        part = table[np.isclose(table["lead"] * step_h, hours)]
        if len(part) and table["lead"].max() * step_h <= 24 * 7:
            found[f"rmse_{hours}h"] = float(np.sqrt(part.groupby("series")["square"].mean()).mean())
    spread = table.groupby("series")["actual"].std()
    found["explained"] = float(100 * (1 - (by_port / spread) ** 2).min())
    return found | _high_water(table)


def tables_of_model(model: PortForecaster) -> dict[str, pd.DataFrame]:
    """Constituents of each port, and high and low waters of the week after the last reading."""
    first = model.until + pd.Timedelta(hours=model.step_h)
    times = pd.date_range(first, periods=_DAYS * 24 * 6, freq="10min")
    waters, parts = [], []
    for port, tide in model.tides.items():
        waters.append(turns(times, tide.predict(times)).assign(port=port))
        parts.append(tide.table().head(20).assign(port=port))
    named = ["port", "time", "kind", "height_m"]
    table = pd.concat(waters)[named].round({"height_m": 2})
    table["time"] = table["time"].dt.round("1min")
    return {
        "waters": table.reset_index(drop=True),
        "constituents": pd.concat(parts, ignore_index=True),
    }


def _by_range(table: pd.DataFrame, by_port: pd.Series[float]) -> dict[str, float]:
    once = table.drop_duplicates(["series", "time"])
    day = once["time"].dt.floor("D")
    extent = once.groupby(["series", day])["actual"].agg(lambda x: x.max() - x.min())
    spring = extent.groupby("series").quantile(_SPRING)
    classes = {
        "macro": spring.index[spring > _MACRO_M],
        "meso": spring.index[(spring <= _MACRO_M) & (spring > _MESO_M)],
        "micro": spring.index[spring <= _MESO_M],
    }
    return {f"rmse_{n}": float(by_port[ports].max()) for n, ports in classes.items() if len(ports)}


def _high_water(table: pd.DataFrame) -> dict[str, float]:
    """Each high water that came against the nearest one foretold, of forecasts that follow on."""
    minutes, heights = [], []
    horizon = int(table["lead"].max())
    for _, port in table.groupby("series"):
        part = _following(port, horizon)
        came = turns(pd.DatetimeIndex(part.index), part["actual"].to_numpy())
        told = turns(pd.DatetimeIndex(part.index), part["p50"].to_numpy())
        pairs = [f[f["kind"] == "high"].drop(columns="kind") for f in (came, told)]
        if not len(pairs[0]) or not len(pairs[1]):
            continue
        both = pd.merge_asof(
            pairs[0].assign(at=pairs[0]["time"]), pairs[1].rename(columns={"height_m": "told"}),
            on="time", direction="nearest", tolerance=_NEAR,
        )  # fmt: skip
        nearest = pairs[1]["time"].to_numpy()
        place = np.clip(np.searchsorted(nearest, both["at"].to_numpy()), 1, len(nearest) - 1)
        gaps = np.stack(
            [both["at"].to_numpy() - nearest[place - 1], nearest[place] - both["at"].to_numpy()]
        )
        best = np.abs(gaps / np.timedelta64(1, "s")).min(axis=0) / 60
        known = both["told"].notna().to_numpy()
        minutes.append(float(np.median(best[known])))
        heights.append(float(_CM * (both["told"] - both["height_m"]).abs().median()))
    if not minutes:
        return {}
    return {"high_water_min": float(np.mean(minutes)), "high_water_cm": float(np.mean(heights))}


def _following(port: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """One reading an instant, each from the first origin that reaches it, gaps as NaN."""
    part = port.sort_values(["time", "lead"], ascending=[True, False]).drop_duplicates("time")
    part = part.set_index("time")[["actual", "p50"]]
    step = pd.Series(part.index).diff().min()
    return part.asfreq(step) if pd.notna(step) else part


def _step_h(table: pd.DataFrame) -> float:
    part = table.drop_duplicates(["series", "time"]).sort_values(["series", "time"])
    gaps = part.groupby("series")["time"].diff().dropna()
    return float(gaps.min() / pd.Timedelta(hours=1)) if len(gaps) else 1.0
