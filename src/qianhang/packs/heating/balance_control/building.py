"""The town of a unit: on the example network, or on the user's own list of buildings."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.packs.heating.balance_control.town import Town, draw, example_layout, layout_of

__all__ = ["made_up_homes", "town_of"]


def town_of(inputs: Inputs, *, seed: int, outside: float) -> Town:
    """The hidden town of a seed; what a list of buildings states is kept.

    Input buildings: name, x, y m, and design_kw, area m2 where known.
    """
    if "buildings" not in inputs:
        return _example(seed, outside)
    given = inputs["buildings"]
    names, network = layout_of(given)
    homes = given.set_index(given["name"].astype(str)).loc[list(names)]
    design = homes["design_kw"].to_numpy(np.float64) * 1000 if "design_kw" in homes else None
    area = homes["area"].to_numpy(np.float64) if "area" in homes else None
    return draw(names, network, seed=seed, outside=outside, design=design, area=area)


def made_up_homes(seed: int) -> pd.DataFrame:
    """Six buildings along two streets, for the conformance suite only."""
    rng = np.random.default_rng(seed)
    columns = {
        "name": [f"H{i}" for i in range(1, 7)],
        "x": [0.0, 80.0, 160.0, 0.0, 80.0, 160.0],
        "y": [0.0, 5.0, 0.0, 120.0, 125.0, 120.0],
        "design_kw": rng.uniform(80, 200, 6).round(),
        "area": rng.uniform(2000, 4000, 6).round(),
    }
    return pd.DataFrame(columns)


@lru_cache(maxsize=16)
def _example(seed: int, outside: float) -> Town:
    names, network = example_layout()
    return draw(names, network, seed=seed, outside=outside)
