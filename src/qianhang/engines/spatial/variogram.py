"""The variogram of samples, cell by cell of distance, beside the fitted one.

Source: Cressie & Hawkins (1980), Mathematical Geology 12, 115-125 for the robust estimate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["empirical"]

Floats = NDArray[np.float64]


def empirical(places: Floats, values: Floats, *, bins: int = 15) -> pd.DataFrame:
    """One row a distance class up to half the extent: lag, pairs, gamma, robust.

    places : (n, 2); values : (n,)
    gamma : half the mean squared difference (Matheron); robust : Cressie and Hawkins
    """
    from scipy.spatial.distance import pdist

    apart = pdist(places)
    differ = np.abs(pdist(np.asarray(values, dtype=float)[:, None]))
    edges = np.linspace(0.0, float(apart.max()) / 2.0, bins + 1)
    lines = []
    for low, high in zip(edges, edges[1:], strict=False):
        inside = (apart > low) & (apart <= high)
        count = int(inside.sum())
        if not count:
            continue
        d = differ[inside]
        robust = np.mean(np.sqrt(d)) ** 4 / (2 * (0.457 + 0.494 / count))
        lines.append((apart[inside].mean(), count, np.mean(d**2) / 2, robust))
    return pd.DataFrame(lines, columns=["lag", "pairs", "gamma", "robust"])
