"""How well estimates at places foretell samples taken there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["band", "errors"]

Floats = NDArray[np.float64]


def errors(actual: Floats, estimate: Floats) -> dict[str, float]:
    """rmse, mae and bias (estimate - actual), in the unit of the values; both (n,), n > 0."""
    apart = np.asarray(estimate, dtype=float) - np.asarray(actual, dtype=float)
    return {
        "rmse": float(np.sqrt(np.mean(apart**2))),
        "mae": float(np.mean(np.abs(apart))),
        "bias": float(np.mean(apart)),
    }


def band(actual: Floats, low: Floats, high: Floats) -> dict[str, float]:
    """coverage (% inside the band) and width (its mean), each given (n,)."""
    inside = (actual >= low) & (actual <= high)
    return {"coverage": 100.0 * float(np.mean(inside)), "width": float(np.mean(high - low))}
