"""What a traffic engineer looks at: scores, queues, roads by delay, junctions, phases, reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from qianhang.core.results import Episode
from qianhang.engines.control import Roads, Signal

__all__ = ["plan", "score", "tables"]

Played = Mapping[str, Mapping[str, Episode]]
_MEANS = ("delay_s", "queue_mean", "stops", "travel_s", "co2_kg")
_WORST = ("undeparted", "max_red_s", "queue_max", "teleports", "collisions")
_WINDOW = 900.0  # s of decisions that are shown
_ROADS = 1500
_ROAD = ["name", "x", "y", "x2", "y2", "score", "passed"]


def score(
    totals: Sequence[Mapping[str, float]], fixed: Sequence[Mapping[str, float]]
) -> dict[str, float]:
    """Scores over some seeds: means, worst seeds of limits, and what fixed time would have cost.

    ratio_fixed : mean delay over that of fixed time; saved_h : vehicle-hours saved in an hour
    """
    mean = {k: float(np.mean([t[k] for t in totals])) for k in _MEANS}
    worst = {k: max(t[k] for t in totals) for k in _WORST}
    whole = float(np.mean([t["delay_s"] for t in fixed]))
    saved = [(f["lost_h"] - t["lost_h"]) / t["hours"] for t, f in zip(totals, fixed, strict=True)]
    first = mean.pop("delay_s")
    ratio = first / whole if whole else 1.0
    return {
        "delay_s": first, "ratio_fixed": ratio, "saved_h": float(np.mean(saved)), **worst, **mean,
    }  # fmt: skip


def tables(roads: Roads, played: Played, *, coming: float) -> dict[str, pd.DataFrame]:
    """Queues over time, roads by delay before and after, junctions, phases and decisions.

    coming : weight of a vehicle on its way, for the pressures that are shown
    """
    junctions = _junctions(roads, played)
    worst = junctions.set_index("junction")["trivial"].idxmax()
    signal = next(s for s in roads.signals if s.name == worst)
    first = next(iter(played["ours"].values())).table
    decisions = pd.DataFrame(_decisions(roads, signal, first, coming))
    return {
        "queues": _queues(played),
        "roads_before": _roads(roads, played["trivial"], junctions, "trivial"),
        "roads_after": _roads(roads, played["ours"], junctions, "ours"),
        "junctions": junctions,
        "phases": decisions[["lane", "start", "end", "kind", "task"]],
        "decisions": decisions.drop(columns=["task"]),
    }


def _queues(played: Played) -> pd.DataFrame:
    """Vehicles that stand before all signals, mean over seeds, one row a minute."""
    columns = {}
    for name, episodes in played.items():
        steps = pd.concat([e.table[["time", "waiting"]] for e in episodes.values()])
        columns[name] = steps.groupby(steps["time"] // 60)["waiting"].mean()
    return pd.DataFrame(columns).rename_axis("minute").reset_index()


def _junctions(roads: Roads, played: Played) -> pd.DataFrame:
    """Vehicle-hours lost in an hour on the roads before each signal, worst under fixed time first.

    A road before two signals counts for the nearer one, which is the one at its end.
    """
    rows = []
    for signal in roads.signals:
        parts = [p for lane in signal.lanes for p in roads.before[lane]]
        edges = {roads.lanes[p.lane].edge for p in parts}
        row: dict[str, object] = {"junction": signal.name}
        for name, episodes in played.items():
            row[name] = float(np.mean([
                sum(e.totals.get(f"lost:{edge}", 0.0) for edge in edges) / e.totals["hours"] / 3600
                for e in episodes.values()
            ]))  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows).sort_values("trivial", ascending=False, ignore_index=True)


def _roads(
    roads: Roads, episodes: Mapping[str, Episode], junctions: pd.DataFrame, policy: str
) -> pd.DataFrame:
    """Roads with their ends, m, and the mean time lost on each by a vehicle, s; the worst signals.

    One row a road that anybody used, the busiest first.
    """
    rows = {}
    for lane in roads.lanes.values():
        lost = sum(e.totals.get(f"lost:{lane.edge}", 0.0) for e in episodes.values())
        passed = sum(e.totals.get(f"passed:{lane.edge}", 0.0) for e in episodes.values())
        if passed > 0 and not lane.edge.startswith(":"):
            x, y, x2, y2 = lane.ends
            rows[lane.edge] = {"name": lane.edge, "x": x, "y": y, "x2": x2, "y2": y2,
                               "score": lost / passed, "passed": passed}  # fmt: skip
    found = pd.DataFrame(list(rows.values()), columns=_ROAD)
    found = found.sort_values("passed", ascending=False)
    stop = {s.name: roads.lanes[s.lanes[0]].ends for s in roads.signals}
    marks = [
        {"name": name, "x": stop[name][2], "y": stop[name][3], "score": np.nan, "mark": name}
        for name in junctions.sort_values(policy, ascending=False)["junction"].head(3)
    ]
    return pd.concat([found.head(_ROADS), pd.DataFrame(marks)], ignore_index=True).drop(
        columns=["passed"]
    )


def _decisions(
    roads: Roads, signal: Signal, steps: pd.DataFrame, coming: float
) -> Iterator[dict[str, object]]:
    """Each phase that one signal showed, from when to when, minutes, and what decided for it."""
    name, count = signal.name, len(signal.phases)
    begin = max(0.0, float(steps["time"].max()) / 2 - _WINDOW / 2)
    part = steps[(steps["time"] >= begin) & (steps["time"] < begin + _WINDOW)]
    values = np.column_stack(
        [part[f"queue:{name}/{k}"] + coming * part[f"coming:{name}/{k}"] for k in range(count)]
    )
    chosen = part[name].to_numpy(dtype=int)
    at = part["time"].to_numpy() / 60
    starts = [i for i in range(len(part)) if i == 0 or chosen[i] != chosen[i - 1]]
    step = at[1] - at[0] if len(at) > 1 else 0.0
    for i, j in zip(starts, [*starts[1:], len(part)], strict=True):
        phase, before = chosen[i], chosen[i - 1] if i else chosen[i]
        lead = int(part[f"lead:{name}/{phase}"].iloc[i])
        road = roads.lanes[signal.lanes[lead]].edge if lead >= 0 else "-"
        red = values[i, phase] < values[i].max() and i > 0
        yield {
            "lane": f"P{phase + 1}",
            "start": at[i],
            "end": at[j - 1] + step,
            "kind": "red_limit" if red else "highest",
            "task": road,
            "junction": name,
            "lead": road,
            "pressure": float(values[i, phase]),
            "pressure_other": float(values[i, before]) if i else np.nan,
            "red": float(part[f"red:{name}/{phase}"].iloc[i]),
        }


def plan(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps of episodes as a plan: unit, time s, signal, phase (from 1), pressure, red s before.

    Which state of its lights a phase is stands in the signal's own program: its green phases in
    their order there.
    """
    names = [c.removeprefix("phase:") for c in steps.columns if c.startswith("phase:")]
    frames = []
    for name in names:
        phase = steps[name].astype(int)
        at = np.arange(len(steps))
        count = sum(c.startswith(f"queue:{name}/") for c in steps.columns)
        queue = steps[[f"queue:{name}/{k}" for k in range(count)]].to_numpy()
        red = steps[[f"red:{name}/{k}" for k in range(count)]].to_numpy()
        columns = {
            "unit": steps["unit"], "time_s": steps["time"], "signal": name, "phase": phase + 1,
            "standing": queue[at, phase], "red_s": red[at, phase], "changed": phase.diff().ne(0),
        }  # fmt: skip
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True).sort_values(
        ["unit", "time_s", "signal"], ignore_index=True
    )
