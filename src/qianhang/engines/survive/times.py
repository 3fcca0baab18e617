"""Right-censored outcomes as one signed column, so that survival estimators are plain estimators.

A positive number is an event at that time, a negative one a subject last seen without the event.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["administrative", "signed", "unsigned"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def signed(time: ArrayLike, event: ArrayLike) -> Floats:
    """Signed times: time where the event happened, -time where the subject was censored.

    time : (n,) follow-up, any unit, >= 0
    event : (n,) whether the event ended the follow-up
    Raises ValueError where a time is negative or missing, or an event stands at time zero.
    """
    times = np.asarray(time, dtype=np.float64)
    flags: Any = np.asarray(event).astype(bool)
    if times.shape != flags.shape or times.ndim != 1:
        raise ValueError(f"time {times.shape} and event {flags.shape} must be (n,) alike")
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("follow-up times must be finite and not negative")
    if (flags & (times == 0)).any():
        raise ValueError("an event at time zero has no sign: give it half the smallest time step")
    return np.where(flags, times, -times)


def unsigned(target: ArrayLike) -> tuple[Floats, Flags]:
    """Time and event flag of signed times; zero counts as censored at once.

    target : (n,) what `signed` returns
    """
    values = np.asarray(target, dtype=np.float64)
    return np.abs(values), values > 0


def administrative(target: ArrayLike, horizon: float) -> Floats:
    """Signed times with everybody still under observation at `horizon` censored there.

    target : (n,) signed times; horizon in the same unit
    """
    values = np.asarray(target, dtype=np.float64)
    return np.where(np.abs(values) > horizon, -float(horizon), values)
