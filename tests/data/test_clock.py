"""Zones and spacing, against Python's own zoneinfo, which shares no code with pandas' tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Column
from qianhang.data import check, codes
from qianhang.data.clock import parse_step, places, repeated, to_utc

ZONE = "Australia/Melbourne"
HALF = timedelta(minutes=30)


def walls(first: datetime, count: int) -> list[datetime]:
    """What a clock in Melbourne shows every half hour from an instant on, by zoneinfo."""
    zone = ZoneInfo(ZONE)
    return [(first + i * HALF).astimezone(zone).replace(tzinfo=None) for i in range(count)]


def ns(times: list[datetime]) -> np.ndarray:
    return np.array(times, dtype="datetime64[ns]").view(np.int64)


def test_hour_that_comes_twice_in_autumn_is_told_by_its_order() -> None:
    """Clocks went back on 7 April 2024 at 03:00, that is at 16:00 UTC on the 6th."""
    first = datetime(2024, 4, 6, 13, tzinfo=ZoneInfo("UTC"))
    times = walls(first, 16)
    utc, lost = to_utc(ns(times), ZONE, keys=np.zeros(16, dtype=int), step=parse_step("30min"))
    assert not lost.any()
    expected = ns([(first + i * HALF).replace(tzinfo=None) for i in range(16)])
    assert utc.tolist() == expected.tolist()


def test_two_meters_each_have_their_own_second_hour() -> None:
    times = walls(datetime(2024, 4, 6, 15, tzinfo=ZoneInfo("UTC")), 4)
    both = ns([t for t in times for _ in range(2)])
    keys = np.tile([0, 1], 4)
    utc, lost = to_utc(both, ZONE, keys=keys, step=parse_step("30min"))
    assert not lost.any()
    assert utc[keys == 0].tolist() == utc[keys == 1].tolist()


def test_hour_that_is_there_once_only_is_refused_and_so_is_one_that_never_was(
    tmp_path: Path,
) -> None:
    columns = {"time": Column(role="time", zone=ZONE), "v": Column()}
    for stamp in ("2024-04-07 02:30", "2024-10-06 02:30"):
        path = tmp_path / "a.csv"
        path.write_text(f"time,v\n{stamp},1\n")
        with pytest.raises(ContractError, match="twice or never") as caught:
            check(path, columns)
        assert caught.value.code == codes.AMBIGUOUS_TIME


def test_daily_rows_at_local_midnight_have_no_gap_when_clocks_change(tmp_path: Path) -> None:
    days = "\n".join(f"2024-04-{d:02},1" for d in range(1, 15))
    path = tmp_path / "a.csv"
    path.write_text(f"time,v\n{days}\n")
    columns = {"time": Column(role="time", zone=ZONE, step="1d"), "v": Column()}
    assert len(check(path, columns).frame) == 14


def test_six_hourly_utc_rows_have_no_gap_in_a_zone_with_summer_time() -> None:
    hours = np.arange("2024-04-01", "2024-04-15", 6, dtype="datetime64[h]")
    _, off = places(hours.astype("datetime64[ns]").view(np.int64), ZONE, parse_step("6h"))
    assert not off.any()


def test_months_of_unequal_length_are_one_step_each() -> None:
    months = np.arange("2023-01", "2025-01", dtype="datetime64[M]").astype("datetime64[ns]")
    numbers, off = places(months.view(np.int64), "UTC", parse_step("1mo"))
    assert not off.any()
    assert set(np.diff(numbers)) == {1}


def test_repeats_are_counted_within_a_key() -> None:
    utc = np.array([0, 5, 5, 5])
    order = np.arange(4)
    assert repeated(utc, None, order).tolist() == [False, False, True, True]
    keys = np.array([0, 0, 1, 1])
    assert repeated(utc, keys, order).tolist() == [False, False, False, True]


def test_step_that_means_nothing_is_a_value_error() -> None:
    assert parse_step("") is None
    with pytest.raises(ValueError, match="fortnight"):
        parse_step("fortnight")
