"""Forecasts of flow read as flood alarms: scores, episodes, how true the chances are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.spec import Spec
from qianhang.engines.forecast.chance import chance_above

__all__ = ["limit_of", "scores", "tables"]

Bools = NDArray[np.bool_]
_HOURS = (1, 3, 6, 12, 24, 48, 72)
_BINS = np.asarray([0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
_APART = pd.Timedelta(hours=24)
_NEAR = pd.Timedelta(hours=3)


def limit_of(answers: pd.DataFrame, *, spec: Spec) -> float:
    """The warning level: the parameter, or the flow passed in 0.5 % of the steps that came."""
    given = float(spec.params["warning"])
    return given if given > 0 else float(answers.drop_duplicates("time")["actual"].quantile(0.995))


def scores(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """Nash-Sutcliffe efficiency and critical success index by lead, and what warnings are worth.

    nse_6h, csi_6h and so on for leads that exist; nse_lead, csi_lead at the lead of warning;
    brier of the chance of a flood, floods_warned (share), warning_h (mean hours of warning)
    Source: Nash and Sutcliffe (1970), J. Hydrol. 10:282; Schaefer (1990), Wea. Forecasting 5:570.
    """
    limit, step = limit_of(answers, spec=spec), _step_h(answers)
    found: dict[str, float] = {}
    rows = answers.assign(alarm=_alarm(answers, limit, spec))
    main = _main(answers, spec)
    for lead, part in rows.groupby("lead"):
        hours = float(lead) * step  # type: ignore[arg-type]  # a group's key is of any type
        both = {"nse": _nse(part), "csi": _csi(part, limit)}
        if hours in _HOURS:
            found |= {f"{name}_{hours:.0f}h": value for name, value in both.items()}
        if lead == main:
            found |= {f"{name}_lead": value for name, value in both.items()}
            chance, flood = _chance(part, limit), part["actual"].to_numpy() > limit
            found["brier"] = float(np.mean((chance - flood) ** 2))
    return found | _warnings(rows, limit, step)


def tables(answers: pd.DataFrame, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """At the lead of warning: alarms with their outcome, chances against what came, the greatest
    flood; and efficiency by lead."""
    limit = limit_of(answers, spec=spec)
    rows = answers.assign(alarm=_alarm(answers, limit, spec))
    part = rows[rows["lead"] == _main(answers, spec)].sort_values("time", ignore_index=True)
    peak = int(part["actual"].to_numpy().argmax())
    flood = part.iloc[max(peak - 72, 0) : peak + 97]
    by_lead = [
        {"lead": lead, "nse": _nse(one), "csi": _csi(one, limit)}
        for lead, one in rows.groupby("lead")
    ]
    return {
        "alarms": _episodes(part, limit),
        "chance": _calibration(part, limit),
        "flood": flood[["time", "actual", "p10", "p50", "p90"]].reset_index(drop=True),
        "by_lead": pd.DataFrame(by_lead),
    }


def _step_h(answers: pd.DataFrame) -> float:
    gaps = answers["time"].drop_duplicates().sort_values().diff().dropna()
    return float(gaps.min() / pd.Timedelta(hours=1)) if len(gaps) else 1.0


def _main(answers: pd.DataFrame, spec: Spec) -> int:
    wanted = float(spec.params["lead_h"]) / _step_h(answers)
    return int(np.clip(round(wanted), 1, answers["lead"].max()))


def _chance(rows: pd.DataFrame, limit: float) -> NDArray[np.float64]:
    """(r,) chance of a flow above the limit; 0 or 1 from a single value."""
    named = sorted(
        (float(c[1:]) / 100, c) for c in rows.columns if c[1:].replace(".", "").isdigit()
    )
    if len(named) < 3:
        return (rows["p50"].to_numpy() > limit).astype(np.float64)
    levels = [level for level, _ in named]
    return chance_above(rows[[c for _, c in named]].to_numpy(), levels, limit=limit)


def _alarm(rows: pd.DataFrame, limit: float, spec: Spec) -> Bools:
    return np.asarray(_chance(rows, limit) >= float(spec.params["alarm_chance"]))


def _nse(rows: pd.DataFrame) -> float:
    spread = ((rows["actual"] - rows["actual"].mean()) ** 2).sum()
    return float(1 - ((rows["actual"] - rows["p50"]) ** 2).sum() / spread) if spread > 0 else np.nan


def _csi(rows: pd.DataFrame, limit: float) -> float:
    flood, alarm = rows["actual"] > limit, rows["alarm"]
    either = int((flood | alarm).sum())
    return float((flood & alarm).sum() / either) if either else np.nan


def _onsets(times: pd.Series[pd.Timestamp]) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last instant of each run of instants less than a day apart."""
    runs: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for time in times.sort_values():
        if runs and time - runs[-1][1] <= _APART:
            runs[-1] = (runs[-1][0], time)
        else:
            runs.append((time, time))
    return runs


def _warnings(rows: pd.DataFrame, limit: float, step: float) -> dict[str, float]:
    """Floods of which an alarm spoke before, and how long before, at most the horizon."""
    once = rows.drop_duplicates("time")
    floods = _onsets(once.loc[once["actual"] > limit, "time"])
    said = rows[rows["alarm"]]
    ahead = []
    for start, end in floods:
        near = said[(said["time"] >= start - _NEAR) & (said["time"] <= min(end, start + _NEAR))]
        issued = near["time"] - pd.to_timedelta(near["lead"] * step, unit="h")
        before = (start - issued[issued < start]) / pd.Timedelta(hours=1)
        ahead.append(float(before.max()) if len(before) else 0.0)
    if not ahead:
        return {}
    longest = float(rows["lead"].max()) * step
    capped = np.minimum(ahead, longest)
    return {
        "floods": float(len(ahead)),
        "floods_warned": float(np.mean(capped >= min(6.0, longest))),
        "warning_h": float(capped.mean()),
    }


def _episodes(part: pd.DataFrame, limit: float) -> pd.DataFrame:
    """One row an episode of flood or alarm: start, end, outcome, greatest flow and chance."""
    part = part.assign(chance=_chance(part, limit))
    flood, alarm = part["actual"] > limit, part["alarm"]
    found = []
    for start, end in _onsets(part.loc[flood | alarm, "time"]):
        here = (part["time"] >= start) & (part["time"] <= end)
        rose, called = bool((flood & here).any()), bool((alarm & here).any())
        outcome = "hit" if rose and called else "miss" if rose else "false_alarm"
        row = {"start": start, "end": end, "outcome": outcome, "peak": part["actual"][here].max()}
        row |= {"told": part["p50"][here].max(), "chance": part["chance"][here].max()}
        found.append(row)
        if rose and called:
            found.append({**row, "outcome": "event"})
    return pd.DataFrame(found, columns=["start", "end", "outcome", "peak", "told", "chance"])


def _calibration(part: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Chances in classes beside the share of floods in each."""
    chance, flood = _chance(part, limit), part["actual"].to_numpy() > limit
    place = np.clip(np.searchsorted(_BINS, chance, side="right") - 1, 0, len(_BINS) - 2)
    table = pd.DataFrame({"class": place, "predicted": chance, "observed": flood.astype(float)})
    shares = table.groupby("class").agg(
        predicted=("predicted", "mean"), observed=("observed", "mean"), n=("observed", "size")
    )
    return shares.reset_index(drop=True)
