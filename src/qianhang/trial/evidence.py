"""Tables that show whether risks hold: performance, calibration, decision curve, subgroups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import UsageError
from qianhang.core.spec import Spec
from qianhang.engines.classify.bootstrap import limits, resamples
from qianhang.trial.yardstick import Yardstick

__all__ = ["Risks", "check_settings", "overall", "protected", "tables"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
DRAWS = 200
THRESHOLD = 0.1
LEAST_EVENTS = 10  # below, a subgroup is shown but says nothing either way


@dataclass(frozen=True, slots=True)
class Risks:
    """Risks of rows that their model had not seen, and what they are held against.

    by : who predicted ("ours", "trivial", "practice", "published") -> (n,) risks
    rows : (m,) row numbers that were scored; groups : (n,) labels of rows that belong together
    """

    by: Mapping[str, Floats]
    yardstick: Yardstick
    rows: Rows
    groups: NDArray[np.int64]
    spec: Spec

    @property
    def threshold(self) -> float:
        """Risk at which somebody is treated, from the pack's parameters."""
        return float(self.spec.params.get("threshold", THRESHOLD))


def check_settings(spec: Spec) -> None:
    """Nothing, where the threshold and the bands that the user set can be used.

    Raises UsageError naming the parameter, what was found and what is expected.
    """
    threshold = spec.params.get("threshold", THRESHOLD)
    if not isinstance(threshold, int | float) or not 0.0 < threshold < 1.0:
        raise UsageError(
            "QH802", f"parameter threshold: found {threshold}, expected above 0, below 1"
        )
    for name in protected(spec):
        bands = str(spec.params.get(f"{name}_bands", ""))
        try:
            edges = [float(b) for b in bands.split(",")] if bands else []
        except ValueError:
            edges = [0.0, 0.0]
        if edges != sorted(set(edges)):
            raise UsageError(
                "QH802",
                f"parameter {name}_bands: found {bands!r}, expected rising numbers, 40,50,60",
            )


def overall(risks: Risks, table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Who predicted -> metric -> value over all scored rows, worst subgroups among them."""
    return {
        who: {
            **risks.yardstick.scores(risk, risks.rows),
            **_use(risks, risk),
            **_worst(_subgroups(risks, table, risk)),
        }
        for who, risk in risks.by.items()
    }


def _use(risks: Risks, risk: Floats) -> dict[str, float]:
    """net_benefit, its gain over the better of treating all and none, treatments avoided.

    treatments_avoided : per 1,000 against treating all, at equal cases found on balance
    """
    stick, at = risks.yardstick, risks.threshold
    everybody = stick.net_benefit(np.ones(len(risk)), risks.rows, at)
    benefit = stick.net_benefit(risk, risks.rows, at)
    return {
        "net_benefit": benefit,
        "net_benefit_gain": benefit - max(everybody, 0.0),
        "treatments_avoided": 1000.0 * (benefit - everybody) * (1.0 - at) / at,
    }


def _worst(groups: pd.DataFrame) -> dict[str, float]:
    if groups.empty or not groups["held"].any():
        return {}
    held = groups[groups["held"]]
    return {"oe_group_min": float(held["oe"].min()), "oe_group_max": float(held["oe"].max())}


def tables(risks: Risks, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """performance, calibration, decision_curve, and subgroups where columns are protected."""
    found = {
        "performance": _performance(risks),
        "calibration": _calibration(risks),
        "decision_curve": _decision_curve(risks),
    }
    groups = _subgroups(risks, table, risks.by["ours"])
    return found if groups.empty else found | {"subgroups": groups}


def _performance(risks: Risks) -> pd.DataFrame:
    """One row a metric: ours with 95% limits by bootstrap over groups, and the others."""
    drawn = pd.DataFrame(
        [
            _scores(risks, risks.by["ours"], risks.rows[draw])
            for draw in resamples(risks.groups[risks.rows], DRAWS, seed=risks.spec.seed)
        ]
    )
    reached = {who: _scores(risks, risk, risks.rows) for who, risk in risks.by.items()}
    lines = []
    for metric, value in reached["ours"].items():
        low, high = limits(drawn[metric].to_list())
        others = {who: s[metric] for who, s in reached.items() if who != "ours"}
        lines.append({"metric": metric, "ours": value, "low": low, "high": high, **others})
    return pd.DataFrame(lines)


def _scores(risks: Risks, risk: Floats, rows: Rows) -> dict[str, float]:
    benefit = risks.yardstick.net_benefit(risk, rows, risks.threshold)
    return {**risks.yardstick.scores(risk, rows), "net_benefit": benefit}


def _calibration(risks: Risks, *, bins: int = 10) -> pd.DataFrame:
    """One row a tenth of the scored rows, lowest risk first: n, predicted, observed, limits."""
    risk = risks.by["ours"][risks.rows]
    bins = max(1, min(bins, len(risk) // 20))
    order = risks.rows[np.argsort(risk, kind="stable")]
    lines = []
    for part in np.array_split(order, bins):
        share, low, high = risks.yardstick.observed(part)
        predicted = float(risks.by["ours"][part].mean())
        lines.append((len(part), risks.yardstick.count(part), predicted, share, low, high))
    return pd.DataFrame(lines, columns=["n", "events", "predicted", "observed", "low", "high"])


def _decision_curve(risks: Risks) -> pd.DataFrame:
    """One row a threshold: net benefit of each model, of treating all, and of treating none."""
    top = min(0.6, max(0.2, 3 * risks.threshold))
    thresholds = np.unique(np.append(np.linspace(0.01, top, 30), risks.threshold).round(4))
    everybody = np.ones(len(risks.by["ours"]))
    who = {**risks.by, "treat_all": everybody}
    curve = {
        name: [risks.yardstick.net_benefit(risk, risks.rows, float(t)) for t in thresholds]
        for name, risk in who.items()
    }
    return pd.DataFrame({"threshold": thresholds, **curve, "treat_none": 0.0})


def _subgroups(risks: Risks, table: pd.DataFrame, risk: Floats) -> pd.DataFrame:
    """One row a level of a protected column: n, events, expected, observed, O/E, discrimination.

    held : whether the bar applies; a level with fewer than ten events says nothing either way
    """
    lines = []
    for name in protected(risks.spec):
        if name not in table.columns:
            continue
        levels = _levels(table[name], str(risks.spec.params.get(f"{name}_bands", "")))
        codes = levels.cat.codes.to_numpy()[risks.rows]
        for code, level in enumerate(levels.cat.categories):
            rows = risks.rows[codes == code]
            if len(rows):
                lines.append({"group": name, "level": str(level), **_line(risks, risk, rows)})
    return pd.DataFrame(lines)


def _line(risks: Risks, risk: Floats, rows: Rows) -> dict[str, float | int | bool]:
    expected = float(risk[rows].mean())
    share, low, high = risks.yardstick.observed(rows)
    events = risks.yardstick.count(rows)
    return {
        "n": len(rows),
        "events": events,
        "expected": expected,
        "observed": share,
        "oe": share / max(expected, 1e-12),
        "oe_low": low / max(expected, 1e-12),
        "oe_high": high / max(expected, 1e-12),
        risks.yardstick.headline: risks.yardstick.discrimination(risk, rows),
        "held": events >= LEAST_EVENTS,
    }


def protected(spec: Spec) -> tuple[str, ...]:
    """The columns whose levels must each be served well: the manifest's, and protected ones."""
    declared = spec.manifest.subgroups if spec.manifest else ()
    named = [n for n, c in spec.columns.items() if c.role == "protected"]
    return tuple(dict.fromkeys([*declared, *named]))


def _levels(column: pd.Series[Any], bands: str) -> pd.Series[Any]:
    """Levels, in order: a number's bands such as "40,50,60" or quarters, else its own values."""
    column = column.reset_index(drop=True)
    if bands:
        edges = [-np.inf, *(float(b) for b in bands.split(",")), np.inf]
        names = [f"< {edges[1]:g}"]
        names += [f"{a:g} - {b:g}" for a, b in zip(edges[1:-2], edges[2:-1], strict=True)]
        names.append(f">= {edges[-2]:g}")
        return pd.Series(pd.cut(column, edges, right=False, labels=names))
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > 12:
        return pd.Series(pd.qcut(column, 4, duplicates="drop"))
    return column.astype(str).where(column.notna()).astype("category")
