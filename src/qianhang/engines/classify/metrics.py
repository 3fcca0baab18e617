"""How well predicted probabilities hold: discrimination, calibration, use.

Sources: Brier (1950); Cox (1958) for intercept and slope; Vickers and Elkin (2006), Med. Decis.
Making 26:565, for net benefit; Naeini (2015) for the expected calibration error.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "auroc",
    "average_precision",
    "brier",
    "calibration_line",
    "calibration_table",
    "expected_calibration_error",
    "log_loss",
    "net_benefit",
    "observed_expected",
]

Floats = NDArray[np.float64]
_TINY = 1e-12


def _pair(event: ArrayLike, risk: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    events, risks = np.asarray(event).astype(bool), np.asarray(risk, dtype=np.float64)
    if events.shape != risks.shape or events.ndim != 1:
        raise ValueError(f"event {events.shape} and risk {risks.shape} must be (n,) alike")
    return events, risks


def auroc(event: ArrayLike, risk: ArrayLike) -> float:
    """Chance that an event was given a higher risk than a non-event; ties count half.

    event, risk : (n,) each
    Returns NaN where all subjects are alike.
    """
    events, risks = _pair(event, risk)
    yes, no = int(events.sum()), int((~events).sum())
    if not yes or not no:
        return float("nan")
    _, place, counts = np.unique(risks, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    return float((middle[place][events].sum() - yes * (yes + 1) / 2.0) / (yes * no))


def average_precision(event: ArrayLike, risk: ArrayLike) -> float:
    """Precision averaged over the recall gained at each distinct risk, highest first.

    event, risk : (n,) each
    Returns NaN where no event was seen.
    """
    events, risks = _pair(event, risk)
    if not events.any():
        return float("nan")
    order = np.argsort(-risks, kind="stable")
    last = np.flatnonzero(np.append(np.diff(risks[order]) != 0, True))
    found = np.cumsum(events[order])[last]
    gained = np.diff(np.concatenate([[0], found])) / events.sum()
    return float((gained * found / (last + 1)).sum())


def brier(event: ArrayLike, risk: ArrayLike) -> float:
    """Mean squared error of the risk; event, risk : (n,) each."""
    events, risks = _pair(event, risk)
    return float(np.mean((risks - events) ** 2))


def log_loss(event: ArrayLike, risk: ArrayLike) -> float:
    """Mean negative log likelihood of what happened; event, risk : (n,) each."""
    events, risks = _pair(event, risk)
    inside = np.clip(risks, _TINY, 1.0 - _TINY)
    return float(-np.mean(np.where(events, np.log(inside), np.log1p(-inside))))


def observed_expected(event: ArrayLike, risk: ArrayLike) -> float:
    """Observed over expected events: above one, the risks are too low; event, risk : (n,) each."""
    events, risks = _pair(event, risk)
    return float(events.sum() / max(float(risks.sum()), _TINY))


def expected_calibration_error(event: ArrayLike, risk: ArrayLike, *, bins: int = 10) -> float:
    """Mean gap between risk and event share over equal-count bins; event, risk : (n,) each."""
    events, risks = _pair(event, risk)
    gap = np.bincount(_bins(risks, bins), weights=risks - events, minlength=bins)
    return float(np.abs(gap).sum() / len(risks))


def calibration_table(event: ArrayLike, risk: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """One row a bin of equal count: n, events, predicted, observed and Wilson's 95% limits.

    event, risk : (n,) each
    """
    events, risks = _pair(event, risk)
    number = _bins(risks, bins)
    rows = pd.DataFrame({"bin": number, "event": events, "risk": risks}).groupby("bin")
    table = rows.agg(n=("event", "size"), events=("event", "sum"), predicted=("risk", "mean"))
    share, n, z2 = table["events"] / table["n"], table["n"], 1.96**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = 1.96 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    limits = {"observed": share, "low": middle - half, "high": middle + half}
    return table.assign(**limits).reset_index(drop=True)


def _bins(risks: Floats, bins: int) -> NDArray[np.int64]:
    """(n,) number of the equal-count bin of each risk, lowest first."""
    number = np.empty(len(risks), dtype=np.int64)
    number[np.argsort(risks, kind="stable")] = np.arange(len(risks)) * bins // len(risks)
    return number


def calibration_line(event: ArrayLike, risk: ArrayLike) -> tuple[float, float]:
    """Intercept at slope one, and slope, of a logistic model of what happened on the logit.

    event, risk : (n,) each; (0, 1) is right; a slope below one means risks too spread out
    Returns NaN where all subjects are alike.
    """
    events, risks = _pair(event, risk)
    if events.all() or not events.any():
        return float("nan"), float("nan")
    inside = np.clip(risks, 1e-9, 1.0 - 1e-9)
    logit = np.log(inside) - np.log1p(-inside)
    y = events.astype(float)
    intercept = _newton(np.ones((len(y), 1)), y, offset=logit)[0]
    if float(logit.std()) < _TINY:
        return float(intercept), float("nan")
    both = np.column_stack([np.ones(len(y)), logit])
    return float(intercept), float(_newton(both, y, offset=np.zeros(len(y)))[1])


def _newton(x: Floats, y: Floats, *, offset: Floats) -> Floats:
    """(p,) coefficients of a plain logistic model, by damped Newton steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta + offset, -35.0, 35.0)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-10 * np.eye(len(beta))
        step = np.clip(np.linalg.solve(curvature, x.T @ (y - p)), -2.0, 2.0)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return beta


def net_benefit(event: ArrayLike, risk: ArrayLike, threshold: float) -> float:
    """True positives less weighted false positives, per subject, if all at `threshold` are treated.

    event, risk : (n,) each; weight of a false positive is threshold / (1 - threshold)
    """
    events, risks = _pair(event, risk)
    treated = risks >= threshold
    right, wrong = float((treated & events).mean()), float((treated & ~events).mean())
    return right - wrong * threshold / (1.0 - threshold)
