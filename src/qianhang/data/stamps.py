"""Raw cells become time stamps: ISO text, common Chinese spellings, Excel serials, epoch numbers.

Day-first and month-first dates are refused, since one cannot tell them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from qianhang.data.cells import as_text, plain_cast

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EXPECTED", "NOT_A_TIME", "Stamps", "to_stamps"]

EXPECTED: Final = "a time such as 2026-01-03 04:00"
NOT_A_TIME: Final = np.iinfo(np.int64).min  # how numpy spells NaT
_EXCEL_EPOCH_DAYS = -25569  # 1899-12-30
_DAY_NS = 86_400_000_000_000
_MS_NS = 1_000_000
_PROBE = 64
_MOST_US = 2**63 // 1000 - 1


class Stamps(NamedTuple):
    """ns (n,) int64 since 1970, NOT_A_TIME where missing or bad; bad (n,), aware (n,) bool.

    aware : the cell fixed the instant (offset, Z, epoch); else ns is the reading of a local clock
    serial : whether any cell was an Excel serial number
    """

    ns: np.ndarray
    bad: np.ndarray
    aware: np.ndarray
    serial: bool = False


def to_stamps(cells: Any) -> Stamps:
    """Cells (n,) as time stamps."""
    import pyarrow as pa

    if isinstance(cells, pd.Series):
        if isinstance(cells.dtype, pd.DatetimeTZDtype) or cells.dtype.kind == "M":
            return _from_datetimes(cells)
        if cells.dtype.kind in "iuf":
            return _from_numbers(cells.to_numpy(dtype=np.float64))
    times = plain_cast(cells, (pa.timestamp("us"), pa.timestamp("us", "UTC")))
    if times is not None:
        return _stamps(times.to_numpy(zero_copy_only=False), aware=times.type.tz is not None)
    return _from_text(as_text(cells))


def _from_datetimes(cells: pd.Series[Any]) -> Stamps:
    aware = isinstance(cells.dtype, pd.DatetimeTZDtype)
    naive = cells.dt.tz_convert("UTC").dt.tz_localize(None) if aware else cells
    return _stamps(naive.to_numpy(dtype="datetime64[us]"), aware=aware)


def _stamps(times: np.ndarray, *, aware: bool) -> Stamps:
    """Times (n,) datetime64 as stamps; those that nanoseconds cannot hold are bad."""
    us = times.astype("datetime64[us]").view(np.int64)
    held = us != NOT_A_TIME
    over = held & (np.abs(us) > _MOST_US)
    ns = np.where(held & ~over, us * 1000, NOT_A_TIME)
    return Stamps(ns, over, np.full(len(ns), aware))


def _from_text(text: pa.Array) -> Stamps:
    """Fast where every cell is ISO 8601 of one sort, piece by piece otherwise."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for zone in (None, "UTC"):
        try:
            pc.cast(text[:_PROBE], pa.timestamp("us", zone))  # a cast that fails throughout is slow
            times = pc.cast(text, pa.timestamp("us", zone))
        except pa.ArrowInvalid:
            continue
        return _stamps(times.to_numpy(zero_copy_only=False), aware=zone is not None)
    return _piecewise(text)


def _piecewise(text: pa.Array) -> Stamps:
    import pyarrow.compute as pc

    missing = _mask(text.is_null())
    plain = _plain(text)
    number = _mask(pc.match_substring_regex(plain, r"^\d+(\.\d+)?$").fill_null(False))
    offset = r"[T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?\s*(Z|[+-]\d\d:?(\d\d)?)$"
    aware = _mask(pc.match_substring_regex(plain, offset).fill_null(False))
    ns = np.full(len(text), NOT_A_TIME)
    serial = False
    if number.any():
        values = pd.to_numeric(plain.filter(number).to_pandas())
        found = _from_numbers(values.to_numpy(dtype=np.float64))
        ns[number], serial = found.ns, found.serial
    if aware.any():
        words = plain.filter(aware).to_pandas()
        times = pd.to_datetime(words, format="ISO8601", utc=True, errors="coerce")
        ns[aware] = _from_datetimes(times).ns
    local = ~(missing | number | aware)
    if local.any():
        ns[local] = _from_local(plain.filter(local))
    aware_all = aware.copy()
    if number.any():
        aware_all[number] = found.aware
    return Stamps(ns, (ns == NOT_A_TIME) & ~missing, aware_all, serial)


def _mask(flags: pa.Array) -> np.ndarray:
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=bool)


def _plain(text: pa.Array) -> pa.Array:
    """Text as ISO 8601 spells it: hyphens, two digits, a blank before the hour."""
    import pyarrow.compute as pc

    steps = [("/", "/", "-")]
    if _any(text, "\u5e74"):  # the Chinese marks after year, month, day, hour, minute, second
        steps += [("\u5e74", "[\u5e74\u6708]", "-"), ("\u65e5", "\u65e5 *", " "),
                  ("\u70b9", "\u70b9", ":"), ("\u65f6", "\u65f6", ":"),
                  ("\u79d2", "\u79d2", ""), ("\u5206", "\u5206$", ""), ("\u5206", "\u5206", ":"),
                  (":", ":$", ":00")]  # fmt: skip
    for mark, pattern, put in steps:
        if _any(text, mark):
            text = pc.replace_substring_regex(text, pattern, put)
    for _ in range(2):  # twice, since neighbours share the character between them
        text = pc.replace_substring_regex(text, r"(^|[- :T])(\d)($|[- :T])", r"\10\2\3")
    return pc.utf8_trim_whitespace(text)


def _any(text: pa.Array, mark: str) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring(text, mark)).as_py())


def _from_local(plain: pa.Array) -> np.ndarray:
    """Readings of a local clock, (n,) ns; 24:00 is midnight of the next day."""
    import pyarrow.compute as pc

    late = r"[ T]24:00(:00)?$"
    midnight = _mask(pc.match_substring_regex(plain, late))
    if midnight.any():
        plain = pc.replace_substring_regex(plain, late, " 00:00")
    zoned = _mask(pc.match_substring_regex(plain, "[Zz+]"))  # an offset in a place of its own
    words = plain.to_pandas().mask(zoned)
    times = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=True)
    ns = _from_datetimes(times).ns.copy()
    ns[midnight & (ns != NOT_A_TIME)] += _DAY_NS
    return ns


def _from_numbers(values: np.ndarray) -> Stamps:
    """Excel serials, digits such as 20260103 or 202601030400, seconds or milliseconds of 1970."""
    ns = np.full(len(values), NOT_A_TIME)
    aware = np.zeros(len(values), dtype=bool)
    serial = (values >= 20_000) & (values < 80_000)
    days = values[serial] + _EXCEL_EPOCH_DAYS
    ns[serial] = np.rint(days * (_DAY_NS / _MS_NS)).astype(np.int64) * _MS_NS
    for digits, form in ((8, "%Y%m%d"), (10, "%Y%m%d%H"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S")):
        scale = 10.0 ** (digits - 4)
        some = (values >= 1900 * scale) & (values < 2101 * scale)
        if some.any():
            words = pd.Series(values[some]).astype(np.int64).astype(str)
            ns[some] = _from_datetimes(pd.to_datetime(words, format=form, errors="coerce")).ns
    for low, high, unit_ns in ((1e8, 1.9e9, 1_000_000_000), (2.2e11, 1.9e12, _MS_NS)):
        some = (values >= low) & (values < high)
        ns[some] = np.rint(values[some] * (unit_ns / _MS_NS)).astype(np.int64) * _MS_NS
        aware |= some
    bad = (ns == NOT_A_TIME) & ~np.isnan(values)
    return Stamps(ns, bad, aware, bool(serial.any()))
