"""How well predicted survival holds: discrimination, calibration, use; censoring taken in.

Sources: Harrell (1982) for C; Kaplan and Meier (1958); Vickers (2008), BMC Med. Inform. Decis.
Mak. 8:53, for net benefit under censoring; Graf (1999), Stat. Med. 18:2529, for the Brier score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qianhang.engines.survive.partial import RiskSets, partial_likelihood

__all__ = [
    "brier",
    "calibration_slope",
    "event_share",
    "harrell_c",
    "kaplan_meier",
    "log_cumulative_hazard",
    "net_benefit",
    "observed_expected",
]

Floats = NDArray[np.float64]
_TINY = 1e-12


def harrell_c(time: ArrayLike, event: ArrayLike, score: ArrayLike) -> float:
    """Share of comparable pairs in which the higher score had the event first; ties count half.

    time, event, score : (n,) each; a higher score expects an earlier event
    Returns NaN where no pair can be compared. Runs in n log(n)^2.
    """
    times, events = np.asarray(time, float), np.asarray(event).astype(bool)
    ranks = np.unique(np.asarray(score, float), return_inverse=True)[1].astype(np.int64)
    # Equal times: whoever was censored outlived whoever had the event.
    moments = np.unique(times, return_inverse=True)[1].astype(np.int64)
    key = 2 * moments + ~events
    width = int(ranks.max(initial=0)) + 1
    good = ties = pairs = 0
    # Each pair with unlike keys differs first at one binary digit: count it there, once.
    for digit in range(int(key.max(initial=0)).bit_length()):
        group, upper = key >> (digit + 1), (key >> digit) & 1 == 1
        later = np.sort((group * width + ranks)[upper])
        early = events & ~upper
        place = (group * width + ranks)[early]
        start = np.searchsorted(later, group[early] * width)
        below = np.searchsorted(later, place, side="left")
        upto = np.searchsorted(later, place, side="right")
        stop = np.searchsorted(later, (group[early] + 1) * width)
        good, ties = good + int((below - start).sum()), ties + int((upto - below).sum())
        pairs += int((stop - start).sum())
    return (good + 0.5 * ties) / pairs if pairs else float("nan")


def kaplan_meier(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Event times (g,), share still free of the event (g,) and Greenwood's sum (g,).

    time, event : (n,) each; the variance of the share is share**2 times Greenwood's sum
    """
    times, events = np.asarray(time, float), np.asarray(event).astype(bool)
    moments, deaths = np.unique(times[events], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), moments, side="left")
    free = np.cumprod(1.0 - deaths / at_risk)
    room = np.maximum(at_risk - deaths, _TINY)
    greenwood = np.cumsum(deaths / (at_risk * room))
    return moments, np.asarray(free, float), np.asarray(greenwood, float)


def event_share(time: ArrayLike, event: ArrayLike, horizon: float) -> float:
    """Observed probability of the event by `horizon`, from Kaplan and Meier.

    Returns NaN for no subjects.
    """
    if np.size(time) == 0:
        return float("nan")
    moments, free, _ = kaplan_meier(time, event)
    place = int(np.searchsorted(moments, horizon, side="right"))
    return 1.0 - float(free[place - 1]) if place else 0.0


def observed_expected(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float) -> float:
    """Observed over expected events by `horizon`: above one, the risks are too low.

    time, event, risk : (n,) each
    """
    expected = float(np.mean(np.asarray(risk, float)))
    return event_share(time, event, horizon) / max(expected, _TINY)


def log_cumulative_hazard(risk: ArrayLike) -> Floats:
    """(n,) log(-log(1 - risk)), the scale on which a Cox model is linear."""
    inside = np.clip(np.asarray(risk, float), 1e-9, 1.0 - 1e-9)
    return np.asarray(np.log(-np.log1p(-inside)), float)


def calibration_slope(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float) -> float:
    """Coefficient of the predicted log hazard in a Cox model of what happened: 1 is right.

    time, event, risk : (n,) each; below one, the risks are too spread out
    """
    times, events = np.asarray(time, float), np.asarray(event).astype(bool)
    seen = events & (times <= horizon)
    if not seen.any():
        return float("nan")
    sets = RiskSets.of(np.minimum(times, horizon), seen)
    x = log_cumulative_hazard(risk)[:, None]
    x = x - x.mean()
    if float(x.std()) < _TINY:
        return float("nan")
    slope = np.zeros(1)
    for _ in range(30):
        _, gradient, spread = partial_likelihood(x, slope, sets)
        step = float(gradient[0] / max(float(spread[0, 0]), _TINY))
        slope = slope + np.clip(step, -1.0, 1.0)
        if abs(step) < 1e-8:
            break
    return float(slope[0])


def net_benefit(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, threshold: float
) -> float:
    """True positives less weighted false positives, per subject, if all at `threshold` are treated.

    time, event, risk : (n,) each; weight of a false positive is threshold / (1 - threshold)
    """
    times, events = np.asarray(time, float), np.asarray(event).astype(bool)
    treated = np.asarray(risk, float) >= threshold
    if not treated.any():
        return 0.0
    share = float(treated.mean())
    found = event_share(times[treated], events[treated], horizon)
    return share * (found - (1.0 - found) * threshold / (1.0 - threshold))


def brier(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float) -> float:
    """Mean squared error of the risk by `horizon`, weighted for censoring.

    time, event, risk : (n,) each
    """
    times, events = np.asarray(time, float), np.asarray(event).astype(bool)
    risks = np.asarray(risk, float)
    moments, free, _ = kaplan_meier(times, ~events)
    kept = np.concatenate([[1.0], free])
    before = kept[np.searchsorted(moments, times, side="left")]
    at_end = kept[np.searchsorted(moments, horizon, side="right")]
    died = events & (times <= horizon)
    lived = times > horizon
    loss = np.zeros(len(times))
    loss[died] = (1.0 - risks[died]) ** 2 / np.maximum(before[died], _TINY)
    loss[lived] = risks[lived] ** 2 / max(float(at_end), _TINY)
    return float(loss.mean())
