"""The two stores and two unit hydrographs of GR4J, for many parameter sets or windows at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stores", "run_stores", "unit_hydrographs"]

Floats = NDArray[np.float64]
_QUICK = 0.1  # share that goes by the second hydrograph, past the routing store
_DAY_H = 24.0


@dataclass(frozen=True, slots=True)
class Stores:
    """What came out: flow (m, t), mm a step; soil, channel (m, t) how full the stores are, 0..1."""

    flow: Floats
    soil: Floats
    channel: Floats

    def times(self, factor: Floats) -> Stores:
        """The same with flow in another unit."""
        return replace(self, flow=self.flow * factor)


def run_stores(
    rain: Floats,
    leaving: Floats,
    lengths: tuple[Floats, Floats, Floats],
    *,
    reach: Floats,
    step_h: float,
    start: tuple[float, float],
) -> Stores:
    """Flow of m catchments, parameter sets or windows over t steps.

    rain, leaving : (1 or m, t) rain and potential evaporation, mm a step
    lengths : production store (mm), exchange (mm a step), routing store (mm), each (1,) or (m,)
    reach : (1,) or (m,) base of the first unit hydrograph, steps; start : filling at the first step
    Source: Perrin et al. (2003); the percolation of other steps than a day as by Ficchi (2016).
    """
    m = max(len(rain), len(leaving), len(lengths[0]))
    size, exchange, channel = (np.broadcast_to(x, (m,)).astype(np.float64) for x in lengths)
    net = np.broadcast_to((rain - leaving).T, (rain.shape[1], m))
    soil, moved = _production(net, size, step_h=step_h, start=start[0])
    slow, quick = _spread(moved, np.broadcast_to(reach, (m,)), step_h=step_h)
    flow, filled = _routing(slow, quick, (exchange, channel), start=start[1])
    return Stores(flow.T, soil.T / size[:, None], filled.T / channel[:, None])


def unit_hydrographs(reach: float, *, step_h: float) -> tuple[Floats, Floats]:
    """Shares of one step's water that arrive at each following step: slow and quick."""
    power = 2.5 if step_h > 12 else 1.25
    steps = np.arange(int(np.ceil(2 * reach)) + 1, dtype=np.float64) / reach
    first = np.minimum(steps, 1.0) ** power
    late = 1 - 0.5 * np.maximum(2 - steps, 0.0) ** power
    second = np.where(steps < 1, 0.5 * steps**power, late)
    return np.diff(first), np.diff(second)


def _production(net: Floats, size: Floats, *, step_h: float, start: float) -> tuple[Floats, Floats]:
    """(t, m) content of the production store, mm, and the water that it lets go."""
    deep = 1 / (2.25 * (_DAY_H / step_h) ** 0.25)
    wet, dry = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    into, out = np.tanh(wet / size), np.tanh(dry / size)
    content, gone = np.empty(net.shape), np.empty(net.shape)
    store = start * size
    for i in range(len(net)):
        share = store / size
        gain = size * (1 - share * share) * into[i] / (1 + share * into[i])
        store = store + gain - store * (2 - share) * out[i] / (1 + (1 - share) * out[i])
        full = store / size * deep
        full *= full
        kept = store / np.sqrt(np.sqrt(1 + full * full))
        gone[i] = wet[i] - gain + store - kept
        content[i] = store = kept
    return content, gone


def _spread(moved: Floats, reach: Floats, *, step_h: float) -> tuple[Floats, Floats]:
    """(t, m) water that reaches the routing store, and the river directly."""
    from scipy.signal import lfilter

    slow, quick = np.empty(moved.shape), np.empty(moved.shape)
    for value in np.unique(reach):
        same = reach == value
        first, second = unit_hydrographs(float(value), step_h=step_h)
        slow[:, same] = lfilter((1 - _QUICK) * first, 1.0, moved[:, same], axis=0)
        quick[:, same] = lfilter(_QUICK * second, 1.0, moved[:, same], axis=0)
    return slow, quick


def _routing(
    slow: Floats, quick: Floats, lengths: tuple[Floats, Floats], *, start: float
) -> tuple[Floats, Floats]:
    """(t, m) flow, mm a step, and content of the routing store, mm."""
    exchange, size = lengths
    flow, content = np.empty(slow.shape), np.empty(slow.shape)
    store = start * size
    for i in range(len(slow)):
        full = store / size
        swapped = exchange * full * full * full * np.sqrt(full)
        store = np.maximum(store + slow[i] + swapped, 0.0)
        full = store / size
        full *= full
        kept = store / np.sqrt(np.sqrt(1 + full * full))
        flow[i] = store - kept + np.maximum(quick[i] + swapped, 0.0)
        content[i] = store = kept
    return flow, content
