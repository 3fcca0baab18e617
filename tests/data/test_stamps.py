"""Spellings of one instant; the expected readings are written out by hand."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from qianhang.data.stamps import NOT_A_TIME, to_stamps


def read(*cells: str) -> list[str | None]:
    stamps = to_stamps(pa.array(cells))
    return [None if n == NOT_A_TIME else str(np.datetime64(int(n), "ns"))[:19] for n in stamps.ns]


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-05 03:00",
        "2024-01-05T03:00:00",
        "2024/1/5 3:00",
        "2024/01/05 03:00:00",
        "2024年1月5日 03:00",
        "2024年1月5日3时",
        "2024年1月5日3时00分",
        "202401050300",
        "2024010503",
        "45296.125",
        " 2024-01-05 03:00 ",
    ],
)
def test_local_reading_is_understood(cell: str) -> None:
    """45296 is 5 January 2024 in Excel's count of days, and an eighth of a day is 3 hours."""
    assert read(cell) == ["2024-01-05T03:00:00"]
    assert read("2023-12-31 00:00", cell) == ["2023-12-31T00:00:00", "2024-01-05T03:00:00"]


@pytest.mark.parametrize("cell", ["2024-01-05T03:00:00Z", "2024-01-05 11:00+08:00", "1704423600"])
def test_instants_are_told_from_local_readings(cell: str) -> None:
    stamps = to_stamps(pa.array([cell]))
    assert read(cell) == ["2024-01-05T03:00:00"]
    assert stamps.aware.all()


@pytest.mark.parametrize("cell", ["05/01/2024", "2024-02-30", "2024-01-05 25:00", "soon", "12"])
def test_what_cannot_be_told_for_sure_is_bad(cell: str) -> None:
    stamps = to_stamps(pa.array([cell, "2024-01-05 03:00"]))
    assert stamps.bad.tolist() == [True, False]


def test_midnight_may_be_written_as_hour_24_of_the_day_before() -> None:
    assert read("2024-12-31 24:00", "2024/2/28 24:00") == [
        "2025-01-01T00:00:00",
        "2024-02-29T00:00:00",
    ]


def test_empty_cells_are_missing_and_not_bad() -> None:
    stamps = to_stamps(pa.array(["", "NaT", "2024-01-05"]))
    assert stamps.bad.tolist() == [False, False, False]
    assert (stamps.ns == NOT_A_TIME).tolist() == [True, True, False]


def test_dates_texts_and_serials_may_stand_in_one_sheet_column() -> None:
    cells = pd.Series([datetime(2024, 1, 5, 3), "2024-01-06", 45296.125, None], dtype=object)
    stamps = to_stamps(cells)
    days = [str(np.datetime64(int(n), "ns"))[:13] for n in stamps.ns[:3]]
    assert days == ["2024-01-05T03", "2024-01-06T00", "2024-01-05T03"]
    assert stamps.serial


def test_year_that_nanoseconds_cannot_hold_is_bad_and_does_not_wrap_round() -> None:
    for cells in (["9999-12-31", "2024-01-05"], ["9999/12/31", "2024/1/5"]):
        stamps = to_stamps(pa.array(cells))
        assert stamps.bad.tolist() == [True, False]
        assert stamps.ns[0] == NOT_A_TIME
