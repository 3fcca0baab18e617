"""Demand points, sites, and the minutes from each site to each point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Param

__all__ = ["Array", "Places", "places"]

Array = NDArray[np.float64]
_EARTH_M = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class Places:
    """What is to be served, and from where.

    people : (points,); minutes : (points, sites), infinite where there is no way
    existing : (sites,) whether a station stands there and stays
    where : points then sites, columns lon, lat in degrees; None where the data have none
    """

    points: tuple[str, ...]
    sites: tuple[str, ...]
    people: Array
    minutes: Array
    existing: NDArray[np.bool_]
    where: Array | None


def places(problem: Inputs, params: Mapping[str, Param]) -> Places:
    """The problem in numbers; times from the travel table, else from coordinates.

    Raises ContractError naming the point or site that has no time.
    """
    points, sites = problem["table"], problem["sites"]
    where = _where(points, sites)
    if "travel" in problem:
        minutes = _told(problem["travel"], points, sites, params)
    elif where is not None:
        minutes = _great_circle(where, len(points), params)
    else:
        raise ContractError(
            "QH123",
            "neither travel times nor coordinates were given",
            hint="add the input travel, or columns lon and lat to points and sites",
        )
    existing = np.zeros(len(sites), dtype=bool)
    if "existing" in sites and bool(params["keep_existing"]):
        existing = sites["existing"].fillna(0).to_numpy(float) > 0.5
    return Places(
        tuple(points["point"].astype(str)),
        tuple(sites["site"].astype(str)),
        points["people"].to_numpy(float),
        minutes + float(params["turnout_min"]),
        existing,
        where,
    )


def _where(points: pd.DataFrame, sites: pd.DataFrame) -> Array | None:
    columns = ["lon", "lat"]
    if not set(columns) <= set(points.columns) & set(sites.columns):
        return None
    both = np.vstack([points[columns].to_numpy(float), sites[columns].to_numpy(float)])
    return None if np.isnan(both).any() else both


def _told(
    travel: pd.DataFrame, points: pd.DataFrame, sites: pd.DataFrame, params: Mapping[str, Param]
) -> Array:
    """Minutes (points, sites) from rows of site, point and minutes or distance."""
    if "minutes" in travel and travel["minutes"].notna().all():
        value = travel["minutes"].astype(float)
    elif "distance" in travel and travel["distance"].notna().all():
        value = travel["distance"].astype(float) * _minutes_per_metre(params)
    else:
        raise ContractError(
            "QH103", "travel: found neither minutes nor distance in every row, expected one of them"
        )
    pairs = travel.assign(value=value)
    wide = pairs.pivot_table(index="point", columns="site", values="value", aggfunc="min")
    wide.index, wide.columns = wide.index.astype(str), wide.columns.astype(str)
    for kind, wanted, known in (
        ("point", points["point"], wide.index),
        ("site", sites["site"], wide.columns),
    ):
        lost = [str(name) for name in wanted if str(name) not in set(known)]
        if lost:
            raise ContractError(
                "QH106",
                f"travel: {kind} {lost[0]} has no row, nor have {len(lost) - 1} others",
                hint="leave out single pairs that cannot be driven, never a whole point or site",
            )
    wide = wide.reindex(index=points["point"].astype(str), columns=sites["site"].astype(str))
    return wide.fillna(np.inf).to_numpy(float)


def _great_circle(where: Array, count: int, params: Mapping[str, Param]) -> Array:
    """Minutes along a great circle made longer by the detour factor."""
    lon, lat = np.radians(where).T
    rise = np.sin((lat[:count, None] - lat[None, count:]) / 2) ** 2
    turn = np.sin((lon[:count, None] - lon[None, count:]) / 2) ** 2
    share = rise + np.cos(lat[:count, None]) * np.cos(lat[None, count:]) * turn
    metres = 2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(share, 0, 1)))
    made: Array = metres * float(params["detour"]) * _minutes_per_metre(params)
    return made


def _minutes_per_metre(params: Mapping[str, Param]) -> float:
    return 60 / (1000 * float(params["speed_kmh"]))
