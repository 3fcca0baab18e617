"""What a flood office reckons by hand: recession and a unit hydrograph of the last weeks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast import Windows

__all__ = ["persistence", "unit_hydrograph"]

Floats = NDArray[np.float64]
_RAIN = 4  # ordinates on rain beside the recession
_RIDGE = 1e-6


def persistence(windows: Windows) -> Floats:
    """(n, g, horizon) the last flow that was read, for ever; 0 where none was."""
    last = _carried(windows.of("flow"))[..., -1:]
    return np.repeat(last, windows.horizon, axis=-1)


def unit_hydrograph(windows: Windows, *, rain_ahead: bool) -> Floats:
    """(n, g, horizon) flow from the last flow and the rain of the last four steps.

    Recession and ordinates are fitted by least squares on the lookback of each origin; rain of
    the steps ahead is used where it is known and allowed, else it stays dry.
    Source: the linear reservoir with a unit hydrograph, Sherman (1932), as an ARX model.
    """
    flow, rain = _carried(windows.of("flow")), np.nan_to_num(windows.of("rain"))
    later = np.zeros((*rain.shape[:2], windows.horizon))
    if rain_ahead and "rain" in windows.known:
        later = np.nan_to_num(windows.told("rain"))
    length = flow.shape[-1]
    before = [flow[..., _RAIN - 1 : -1]]
    fallen = [rain[..., _RAIN - k : length - k] for k in range(_RAIN)]
    inputs = np.stack([*before, *fallen], axis=-1)
    gram = np.einsum("ngti,ngtj->ngij", inputs, inputs)
    scale = np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / (_RAIN + 1) + 1e-12
    cross = np.einsum("ngti,ngt->ngi", inputs, flow[..., _RAIN:])
    solved = np.linalg.solve(gram + _RIDGE * scale * np.eye(_RAIN + 1), cross[..., None])[..., 0]
    keep, ordinates = np.clip(solved[..., 0], 0.0, 1.0), np.maximum(solved[..., 1:], 0.0)
    whole = np.concatenate([rain[..., -_RAIN:], later], axis=-1)
    out, level = np.empty(later.shape), flow[..., -1]
    for h in range(windows.horizon):
        recent = whole[..., h + 1 : h + 1 + _RAIN][..., ::-1]
        level = keep * level + (ordinates * recent).sum(axis=-1)
        out[..., h] = level
    return out


def _carried(flow: Floats) -> Floats:
    """Gaps filled with the last reading before them, 0 before the first."""
    known = np.isfinite(flow)
    at = np.maximum.accumulate(np.where(known, np.arange(flow.shape[-1]), 0), axis=-1)
    return np.nan_to_num(np.take_along_axis(flow, at, axis=-1))
