"""A time column as a whole: zone, ambiguous hours, repeats, gaps, spacing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from qianhang.data.stamps import NOT_A_TIME

__all__ = ["Step", "local_ns", "parse_step", "places", "repeated", "to_utc"]

_PIECE = 1 << 20
_HOUR_NS = 3_600_000_000_000
_FIXED = {"s": 1_000_000_000, "sec": 1_000_000_000, "min": 60_000_000_000, "t": 60_000_000_000,
          "h": _HOUR_NS}  # fmt: skip
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_MONTHS = {"mo": 1, "month": 1, "m": 1, "ms": 1, "me": 1, "q": 3, "qs": 3, "qe": 3,
           "a": 12, "y": 12, "ys": 12, "ye": 12, "year": 12}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """Spacing of a time column: size in ns on the clock, ns on the wall, or months."""

    kind: Literal["clock", "wall", "month"]
    size: int


def parse_step(text: str) -> Step | None:
    """The spacing that "30min", "1h", "1d", "1w" or "1mo" means; None for an empty text.

    Raises ValueError for anything else.
    """
    if not text:
        return None
    parts = re.fullmatch(r"(\d*)\s*([A-Za-z]+)", text)
    if parts:
        count, unit = int(parts.group(1) or 1), parts.group(2).lower()
        if unit in _FIXED:
            return Step("clock", count * _FIXED[unit])
        if unit in _DAYS:
            return Step("wall", count * _DAYS[unit] * 24 * _HOUR_NS)
        if unit in _MONTHS:
            return Step("month", count * _MONTHS[unit])
    raise ValueError(f"step {text!r}: expected such as 30min, 1h, 1d, 1w, 1mo")


def to_utc(
    ns: np.ndarray, zone: str, *, keys: np.ndarray, step: Step | None
) -> tuple[np.ndarray, np.ndarray]:
    """Readings (n,) of clocks in `zone` as ns UTC (n,), and True (n,) where no instant fits.

    keys (n,) : whose clock; an hour that comes twice in autumn is told by its order within a key
    """
    wall = pd.DatetimeIndex(ns.view("datetime64[ns]"))
    utc = np.empty_like(ns)
    for start in range(0, len(ns), _PIECE):  # in pieces: each step of pandas makes a copy
        piece = wall[start : start + _PIECE]
        utc[start : start + _PIECE] = _utc_ns(
            piece.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
        )
    lost = (utc == NOT_A_TIME) & (ns != NOT_A_TIME)
    if not lost.any():
        return utc, lost
    first, second = (
        _utc_ns(wall[lost].tz_localize(zone, ambiguous=np.full(lost.sum(), dst), nonexistent="NaT"))
        for dst in (True, False)
    )
    group = pd.DataFrame({"key": keys[lost], "ns": ns[lost]}).groupby(["key", "ns"])["ns"]
    order, count = group.cumcount().to_numpy(), group.transform("size").to_numpy()
    coarse = step is not None and (step.kind != "clock" or step.size > _HOUR_NS)
    told = (count == 2) | (coarse & (count == 1))
    utc[lost] = np.where(told, np.where(order == 0, first, second), NOT_A_TIME)
    return utc, (utc == NOT_A_TIME) & (ns != NOT_A_TIME)


def _utc_ns(times: pd.DatetimeIndex) -> np.ndarray:
    naive = times.tz_convert("UTC").tz_localize(None)
    return naive.to_numpy(dtype="datetime64[ns]").view(np.int64).copy()


def local_ns(utc: np.ndarray, zone: str) -> np.ndarray:
    """What a clock in `zone` reads, ns (n,), at the instants `utc`, ns (n,)."""
    times = pd.DatetimeIndex(utc.view("datetime64[ns]")).tz_localize("UTC").tz_convert(zone)
    naive = times.tz_localize(None)
    return naive.to_numpy(dtype="datetime64[ns]").view(np.int64)


def repeated(utc: np.ndarray, keys: np.ndarray | None, order: np.ndarray) -> np.ndarray:
    """True (n,) where an earlier row of the same key has the same instant.

    order (n,) : positions sorted by key, then instant, then row
    """
    later, before = order[1:], order[:-1]
    whole = len(order) == len(utc) and bool((later > before).all())
    times = utc if whole else utc[order]
    same = times[1:] == times[:-1]
    if keys is not None:
        same &= keys[later] == keys[before]
    mask = np.zeros(len(utc), dtype=bool)
    mask[later[same]] = True
    return mask


def places(utc: np.ndarray, zone: str, step: Step) -> tuple[np.ndarray, np.ndarray]:
    """Number (n,) of the step at which each instant stands, and True (n,) where it stands on none.

    Days and months are counted on the wall clock, shorter steps on the instant; between an hour
    and a week whichever of the two fits better, since both are met in practice.
    """
    if step.kind == "month":
        months = local_ns(utc, zone).view("datetime64[ns]").astype("datetime64[M]")
        return _on_grid(months.astype(np.int64), step.size)
    if step.size <= _HOUR_NS:
        return _on_grid(utc, step.size)
    options = [_on_grid(ns, step.size) for ns in (local_ns(utc, zone), utc)]
    return min(options, key=lambda option: int(np.count_nonzero(option[1])))


def _on_grid(values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Quotients by `size`, and where the rest is not the usual one."""
    rests = values % size
    off: np.ndarray = rests != rests[0]
    if off.any():
        off = rests != pd.Series(rests).mode()[0]
    del rests
    return values // size, off
