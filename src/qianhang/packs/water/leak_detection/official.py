"""The BattLeDIM rule: what each alarm is worth in EUR, for leaks whose outflow is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.packs.water.leak_detection.network import Network

__all__ = ["judge", "perfect", "pipe_distance"]

Array = NDArray[np.float64]


def pipe_distance(path: Path, alarms: list[str], leaks: list[str]) -> Array:
    """Way along pipes between pipe centres, (alarms, leaks), m; infinite for an unknown pipe.

    Source: Vrachimis et al. (2022), Battle of the Leakage Detection and Isolation Methods.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    with Network(path) as network:
        model = network.model
        number = {n: i for i, n in enumerate(model.node_name_list)}
        links = [k for _, k in model.links()]
        ends = {k.name: (number[k.start_node_name], number[k.end_node_name]) for k in links}
        length = {k.name: float(getattr(k, "length", 0.0) or 0.0) for k in links}
    rows = [max(length[k], 0.01) for k in ends]
    start, end = np.array(list(ends.values())).T
    graph = csr_matrix((rows, (start, end)), shape=(len(number), len(number)))
    sources = sorted({node for k in leaks for node in ends[k]})
    way = dijkstra(graph, directed=False, indices=sources)
    row = {node: i for i, node in enumerate(sources)}
    result = np.full((len(alarms), len(leaks)), np.inf)
    for a, alarm in enumerate(alarms):
        for b, leak in enumerate(leaks):
            if alarm == leak:
                result[a, b] = 0.0
            elif alarm in ends:
                nearest = min(way[row[n], m] for n in ends[leak] for m in ends[alarm])
                result[a, b] = nearest + length[leak] / 2 + length[alarm] / 2
    return result


def judge(
    alarms: pd.DataFrame, truth: pd.DataFrame, flow: pd.DataFrame, path: Path, prices: Any
) -> dict[str, Any]:
    """distance, worth and false_cost as engines.detect.score_episodes takes them.

    flow : (n, leaks) outflow, m3/h, evenly spaced ; prices : the pack's parameters
    """
    reach, crew = float(prices["reach_m"]), float(prices["crew_eur"])
    away = pipe_distance(path, alarms["place"].astype(str).tolist(), truth["place"].tolist())
    hours = (flow.index[1] - flow.index[0]).total_seconds() / 3600
    after = flow.to_numpy(float)[::-1].cumsum(axis=0)[::-1] * hours
    after = np.vstack([after, np.zeros(after.shape[1])])
    at = flow.index.searchsorted(pd.DatetimeIndex(alarms["start"]))
    saved = after[at] * float(prices["water_eur_m3"])
    near = np.where(away <= reach, away, np.inf)
    worth = saved - np.where(np.isfinite(near), near, 0.0) / reach * crew
    return {"distance": near, "worth": worth, "false_cost": crew}


def perfect(flow: pd.DataFrame, price: float) -> float:
    """EUR saved by whoever knows every leak from its first moment."""
    hours = (flow.index[1] - flow.index[0]).total_seconds() / 3600
    return float(flow.to_numpy(float).sum() * hours * price)
