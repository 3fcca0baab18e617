"""What a deposit's field is turned into: blocks, classes, quantities, curves, plain tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core import units
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines import spatial

__all__ = ["averaged", "estimates", "facts", "lay", "merged", "renamed", "variogram"]

Floats = NDArray[np.float64]
_DRAWS = 200
_NORMAL_90 = 1.6448536269514722


def renamed(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """The frame with the contract's names, by alias.

    Raises ContractError for a required column that is not there.
    """
    names = {str(a).lower(): n for n, c in spec.columns.items() for a in (n, *c.aliases)}
    found = frame.rename(columns={c: names.get(str(c).lower(), c) for c in frame})
    for name, column in spec.columns.items():
        if column.required and name not in found:
            raise ContractError("QH103", f"input validation: column {name} is missing")
    return found[[c for c in found if c in spec.columns]]


def averaged(table: pd.DataFrame) -> pd.DataFrame:
    """One row a place: samples taken at the same x and y are averaged, the first hole named."""
    if not table.duplicated(["x", "y"]).any():
        return table.reset_index(drop=True)
    how = {c: "mean" if pd.api.types.is_numeric_dtype(table[c]) else "first" for c in table}
    grouped = table.groupby(["x", "y"], sort=False, as_index=False)
    merged = grouped.agg({c: h for c, h in how.items() if c not in ("x", "y")})
    return merged[list(table.columns)]


def merged(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """All samples, each with a hole of its own name; a column split where there are two parts."""
    whole = pd.concat([p.assign(split=n) for n, p in parts.items()], ignore_index=True)
    if len(parts) == 1:
        whole = whole.drop(columns="split")
    known = "hole" in whole and len(parts) == 1 and not whole["hole"].duplicated().any()
    names = whole["hole"].astype(str) if known else [f"H{k + 1:04d}" for k in range(len(whole))]
    return whole.assign(hole=names)


def lay(field: spatial.Field, inputs: Inputs, spec: Spec) -> spatial.Blocks:
    """Blocks over the holes, inside the boundary where one is given.

    Raises ContractError where no block lies inside it.
    """
    edge = inputs["boundary"][["x", "y"]].to_numpy(float) if "boundary" in inputs else None
    side, margin = float(spec.params["side"]), float(spec.params["margin"])
    blocks = spatial.lay(field.places, side=side, margin=margin, boundary=edge)
    if not len(blocks.centres):
        raise ContractError("QH132", "no block lies inside the boundary and near a hole")
    return blocks


def _metres(spec: Spec) -> float:
    given, unit = float(spec.params["metres"]), spec.columns["x"].unit
    if given > 0:
        return given
    return units.convert(1.0, from_=unit, to="m") if unit != "1" else 1.0


def estimates(
    blocks: spatial.Blocks, field: spatial.Field, inputs: Inputs, spec: Spec
) -> dict[str, pd.DataFrame]:
    """Every table that blocks give: maps, quantities, classes and curves."""
    found = blocks.estimate(field)
    thick, thick_error = _thickness(blocks, field, inputs, spec)
    metres, density = _metres(spec), float(spec.params["density"])
    tonnes = (blocks.side * metres) ** 2 * thick * density
    frame = pd.DataFrame(
        {
            "x": blocks.centres[:, 0], "y": blocks.centres[:, 1], "estimate": found.estimate,
            "sd": found.sd, "tonnes": tonnes, "class": _classes(found, spec),
        }
    )  # fmt: skip
    some = spatial.Blocks(blocks.centres[:: -(-len(tonnes) // 900)], blocks.side)
    drawn = np.maximum(some.simulate(field, _DRAWS, seed=spec.seed), 0.0)
    curve = _curve(drawn, field, tonnes, spec)
    return {
        "map": _map(frame, "estimate"),
        "map_error": _map(frame, "sd"),
        "quantities": _quantities(blocks, field, (tonnes, thick_error), drawn, spec),
        "classes": _by_class(frame),
        "cut_off": curve[["cutoff", "tonnes", "low", "high"]],
        "cut_off_grade": curve[["cutoff", "grade"]],
        "blocks": frame,
    }


def _thickness(
    blocks: spatial.Blocks, field: spatial.Field, inputs: Inputs, spec: Spec
) -> tuple[Floats, float]:
    """(m,) thickness of each block, m, and the relative 90% half-width of its mean."""
    table = inputs.table
    known = table["thickness"].notna() if "thickness" in table else pd.Series(dtype=bool)
    if known.sum() < spatial.LEAST or not np.ptp(table["thickness"][known]) > 0:
        flat = float(table["thickness"][known].mean() if known.any() else spec.params["thickness"])
        return np.full(len(blocks.centres), flat), 0.0
    held = table[known]
    places = held[["x", "y"]].to_numpy(float)
    seam = spatial.Field.fit(places, held["thickness"].to_numpy(float), kinds=["spherical"])
    mean, sd = blocks.whole(seam)
    return np.maximum(blocks.estimate(seam).estimate, 0.0), _NORMAL_90 * sd / max(mean, 1e-9)


def _classes(found: spatial.Estimate, spec: Spec) -> list[str]:
    """The class of each block, by half its band over its estimate."""
    half = (found.high - found.low) / 2 / np.maximum(found.estimate, 1e-9)
    measured, indicated = float(spec.params["measured"]), float(spec.params["indicated"])
    names = np.array(["Measured", "Indicated", "Inferred"])
    return list(names[(half > measured).astype(int) + (half > indicated)])


def _by_class(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a class: Mt, blocks, mean grade by tonnes."""
    lines = []
    for name in ("Measured", "Indicated", "Inferred"):
        part = frame[frame["class"] == name]
        total = float(part["tonnes"].sum())
        grade = float((part["estimate"] * part["tonnes"]).sum() / total) if total else float("nan")
        lines.append((name, total / 1e6, len(part), grade))
    return pd.DataFrame(lines, columns=["item", "amount", "blocks", "grade"])


def _curve(drawn: Floats, field: spatial.Field, tonnes: Floats, spec: Spec) -> pd.DataFrame:
    """Mt and mean grade beyond each cut-off with 90% limits, by simulated deposits."""
    levels = np.unique(np.quantile(field.values, np.linspace(0.02, 0.98, 25)).round(6))
    each = float(tonnes.sum()) / drawn.shape[1] / 1e6
    return spatial.cut_off(drawn, each, levels, above=bool(spec.params["above"]))


def _quantities(
    blocks: spatial.Blocks,
    field: spatial.Field,
    amount: tuple[Floats, float],
    drawn: Floats,
    spec: Spec,
) -> pd.DataFrame:
    """One row a quantity: value, low, high (90%), unit."""
    mean, sd = blocks.whole(field)
    tonnes, thick_error = amount
    half, total = _NORMAL_90 * sd, float(tonnes.sum())
    area = len(blocks.centres) * (blocks.side * _metres(spec)) ** 2
    unit = spec.columns["value"].unit
    share = {"%": 0.01, "g/t": 1e-6, "mg/kg": 1e-6}.get(unit, 0.0)
    error = float(np.hypot(half / max(mean, 1e-9), thick_error))
    level = float(spec.params["cutoff"]) or float(np.median(field.values))
    each, above = total / drawn.shape[1] / 1e6, bool(spec.params["above"])
    ore = spatial.cut_off(drawn, each, np.array([level]), above=above).iloc[0]
    held = total * mean * share
    rows = [
        ("area", area / 1e6, np.nan, np.nan, "km2"),
        ("tonnes", *(total / 1e6 * (1 + e) for e in (0, -thick_error, thick_error)), "Mt"),
        ("mean", mean, mean - half, mean + half, unit),
        ("contained", *(held * (1 + e) for e in (0, -error, error)), "t"),
        (f"{'>=' if above else '<='} {level:g}", ore["tonnes"], ore["low"], ore["high"], "Mt"),
    ]
    return pd.DataFrame(rows, columns=["item", "value", "low", "high", "unit"])


def _map(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The blocks as a matrix, north at the top: a row each northing, a column each easting."""
    rounded = frame.assign(row=frame["y"].round(2), place=frame["x"].round(2))
    wide = rounded.pivot(index="row", columns="place", values=column).sort_index(ascending=False)
    wide.columns = [f"{c:.2f}".rstrip("0").rstrip(".") for c in wide.columns]
    return wide.reset_index()


def variogram(field: spatial.Field) -> pd.DataFrame:
    """lag, gamma, robust, fitted: the samples' variogram beside the model's."""
    trend = field.trend.at(field.places)
    slope = np.linalg.lstsq(trend, field.values, rcond=None)[0]
    found = spatial.empirical(field.places, field.values - trend @ slope)
    found = found.assign(fitted=field.structure.gamma(found["lag"].to_numpy()))
    return found[["lag", "gamma", "robust", "fitted"]]


def facts(field: spatial.Field, spec: Spec) -> pd.DataFrame:
    """One row a property of the fitted field."""
    s = field.structure
    rows = {
        "variogram": s.kind, "nugget share": f"{s.nugget:.3f}", "range": f"{s.reach:.4g}",
        "sill": f"{s.sill:.4g}", "short over long axis": f"{s.ratio:.3f}",
        "direction of the long axis, degrees from east": f"{np.degrees(s.angle) % 180:.0f}",
        "degree of the drift": str(field.trend.degree), "samples": str(len(field.values)),
        "band below, in standard errors": f"{field.tails[0]:.3f}",
        "band above, in standard errors": f"{field.tails[1]:.3f}",
    }  # fmt: skip
    return pd.DataFrame({"item": list(rows), "value": list(rows.values())})
