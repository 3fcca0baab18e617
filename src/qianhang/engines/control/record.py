"""Episodes as files: the steps as Parquet, the totals as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import pandas as pd

from qianhang.core.results import Episode

__all__ = ["read_episode", "write_episode"]


def write_episode(episode: Episode) -> dict[str, bytes]:
    """The episode as two named files."""
    buffer = io.BytesIO()
    episode.table.to_parquet(buffer, index=False)
    totals = json.dumps(dict(episode.totals), sort_keys=True).encode()
    return {"steps.parquet": buffer.getvalue(), "totals.json": totals}


def read_episode(files: Mapping[str, bytes]) -> Episode:
    """The episode that `write_episode` wrote."""
    table = pd.read_parquet(io.BytesIO(files["steps.parquet"]))
    return Episode(table, json.loads(files["totals.json"]))
