"""What a planner reads off a choice of sites: the curve, the map, who is left out, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from qianhang.core.spec import Param
from qianhang.packs.disaster.emergency_coverage import simple
from qianhang.packs.disaster.emergency_coverage.location import (
    Chosen,
    Siting,
    locate,
    reached,
    value,
)
from qianhang.packs.disaster.emergency_coverage.places import Places

__all__ = ["curve", "drawing", "left_out", "prices", "table_of"]

_METRES = 111_195.0  # a degree of latitude on the mean sphere


def table_of(at: Places, chosen: Chosen) -> pd.DataFrame:
    """A row each site: site, open, existing, points and people that it is nearest to."""
    nearest = np.where(chosen[None, :], at.minutes, np.inf).argmin(axis=1)
    served = np.isfinite(reached(at, chosen))
    count = np.bincount(nearest[served], minlength=len(at.sites))
    people = np.bincount(nearest[served], weights=at.people[served], minlength=len(at.sites))
    return pd.DataFrame(
        {
            "site": at.sites,
            "open": chosen.astype(int),
            "existing": at.existing.astype(int),
            "points": count,
            "people": people,
        }
    )


def curve(at: Places, params: Mapping[str, Param], counts: list[int]) -> pd.DataFrame:
    """A row each number of stations: best value, bound, gap, what the baselines reach.

    Columns stations, cost, bound, gap, covered (share), mean_min, worst_min, more (what this
    station adds to the one before, in the unit of the cost), practice, trivial.
    """
    aim, limit = str(params["aim"]), float(params["minutes"])
    rows: list[dict[str, float]] = []
    for count in counts:
        best = locate(at, count, aim=aim, limit=limit, time_limit_s=float(params["time_limit_s"]))
        others = {
            "practice": simple.greedy(at, count, aim=aim, limit=limit),
            "trivial": simple.spread(at, count),
        }
        before = rows[-1]["cost"] if rows else np.nan
        rows.append(
            {
                "stations": count,
                "cost": best.cost,
                "bound": best.bound,
                "gap": best.gap,
                "covered": _covered(at, best.chosen, limit),
                "mean_min": value(at, best.chosen, aim="mean", limit=limit),
                "worst_min": value(at, best.chosen, aim="worst", limit=limit),
                "more": before - best.cost,
                **{n: value(at, c, aim=aim, limit=limit) for n, c in others.items()},
            }
        )
    return pd.DataFrame(rows)


def _covered(at: Places, chosen: Chosen, limit: float) -> float:
    return 1.0 - value(at, chosen, aim="cover", limit=limit) / max(float(at.people.sum()), 1e-9)


def prices(at: Places, best: Siting, params: Mapping[str, Param]) -> pd.DataFrame:
    """What loosening a rule is worth: rule, price (fall of the cost), after (the new cost).

    One more station; a minute more time; letting go of each existing station; and, for each
    chosen site, what closing it would cost with the others as they are (negative).
    """
    aim, limit = str(params["aim"]), float(params["minutes"])
    count, patience = int(best.chosen.sum()), float(params["time_limit_s"])
    after: dict[tuple[str, str], float] = {}  # by rule and the site that it is about
    if count < len(at.sites):
        more = locate(at, count + 1, aim=aim, limit=limit, time_limit_s=patience)
        after["one more station", ""] = more.cost
    if aim == "cover":
        later = locate(at, count, aim=aim, limit=limit + 1, time_limit_s=patience)
        after["one minute more", ""] = later.cost
    if at.existing.any():
        free = Places(
            at.points, at.sites, at.people, at.minutes, np.zeros_like(at.existing), at.where
        )
        moved = locate(free, count, aim=aim, limit=limit, time_limit_s=patience)
        after["existing stations may move", ""] = moved.cost
    for j in np.flatnonzero(best.chosen):
        without = best.chosen.copy()
        without[j] = False
        if without.any():
            after["one station closed", str(at.sites[j])] = value(at, without, aim=aim, limit=limit)
    rows = [(*key, best.cost - cost, cost) for key, cost in after.items()]
    return pd.DataFrame(rows, columns=["rule", "site", "price", "after"])


def left_out(at: Places, chosen: Chosen, limit: float) -> pd.DataFrame:
    """Points beyond the limit, most people first: point, people, minutes, nearest (open site),
    could (site that would reach it in time, "" where none can)."""
    minutes = reached(at, chosen)
    late = np.flatnonzero((minutes > limit + 1e-9) & (at.people > 0))
    late = late[np.argsort(-at.people[late], kind="stable")]
    nearest = np.where(chosen[None, :], at.minutes, np.inf).argmin(axis=1)
    quickest = at.minutes.argmin(axis=1)
    able = at.minutes.min(axis=1) <= limit + 1e-9
    return pd.DataFrame(
        {
            "point": [at.points[i] for i in late],
            "people": at.people[late],
            "minutes": minutes[late],
            "nearest": [at.sites[nearest[i]] for i in late],
            "could": [at.sites[quickest[i]] if able[i] else "" for i in late],
        }
    )


def drawing(at: Places, chosen: Chosen) -> pd.DataFrame:
    """Points and sites on a plane: name, kind, x and y (m), value (minutes), mark (open sites).

    Without coordinates, points stand in a grid in the order of the file.
    """
    count = len(at.points)
    if at.where is None:
        side = int(np.ceil(np.sqrt(count + len(at.sites))))
        place = np.arange(count + len(at.sites))
        x, y = 1000.0 * (place % side), 1000.0 * (place // side)
    else:
        middle = at.where.mean(axis=0)
        x, y = ((at.where - middle) * _METRES).T
        x = x * np.cos(np.radians(middle[1]))
    mark = np.full(count + len(at.sites), "", dtype=object)
    mark[count:] = np.where(chosen, np.array(at.sites, dtype=object), "")
    own = np.where(chosen, 0.0, np.nan)
    frame = pd.DataFrame(
        {
            "name": [*at.points, *at.sites],
            "kind": ["point"] * count + ["site"] * len(at.sites),
            "x": x,
            "y": y,
            "value": np.concatenate([reached(at, chosen), own]),
            "mark": mark,
        }
    )
    keep = (frame["kind"] == "point") | (frame["mark"] != "")
    return frame[keep].replace({"value": {np.inf: np.nan}}).reset_index(drop=True)
