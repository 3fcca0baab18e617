"""Panels and windows: every number where it belongs, and nothing from behind an origin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.engines.forecast import Panel


def long_table() -> pd.DataFrame:
    """Two stations of five hours, b without its third: a counts 0.. and b 10.., warmth is -row."""
    times = pd.date_range("2024-01-01", periods=5, freq="1h", tz="Asia/Shanghai")
    rows = [(t, "a", float(i), -float(i)) for i, t in enumerate(times)]
    rows += [(t, "b", 10.0 + i, -float(i)) for i, t in enumerate(times) if i != 2]
    frame = pd.DataFrame(rows, columns=["time", "station", "pm", "warmth"])
    return frame.set_index("time").sort_index()


def test_a_long_table_becomes_a_regular_cube():
    panel = Panel.of(long_table(), group="station")
    assert panel.series == ("a", "b")
    assert panel.columns == ("pm", "warmth")
    np.testing.assert_array_equal(panel.column("pm")[:, 0], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(panel.column("pm")[:, 1], [10, 11, np.nan, 13, 14])


def test_windows_end_where_the_origin_begins():
    panel = Panel.of(long_table(), group="station")
    windows = panel.windows([2, 4], lookback=2, horizon=2, known=["warmth"])
    np.testing.assert_array_equal(windows.of("pm")[0], [[0, 1], [10, 11]])
    np.testing.assert_array_equal(windows.of("pm")[1], [[2, 3], [np.nan, 13]])
    np.testing.assert_array_equal(windows.told("warmth")[0], [[-2, -3], [np.nan, -3]])
    assert list(windows.origins) == [panel.times[2], panel.times[4]]
    with pytest.raises(KeyError):
        windows.told("pm")


def test_before_the_first_and_after_the_last_reading_nothing_is_known():
    panel = Panel.of(long_table(), group="station")
    windows = panel.windows([1, 5], lookback=2, horizon=1, known=["warmth"])
    np.testing.assert_array_equal(windows.of("pm")[0, 0], [np.nan, 0])
    assert np.isnan(windows.told("warmth")[1]).all()
    assert windows.origins[1] == panel.times[-1] + pd.Timedelta(hours=1)
    np.testing.assert_array_equal(panel.ahead("pm", [4], horizon=2)[0, 0], [4, np.nan])


def test_windows_cannot_be_written_to_and_share_nothing_with_the_panel():
    panel = Panel.of(long_table(), group="station")
    windows = panel.windows([3], lookback=2, horizon=1)
    assert not np.shares_memory(windows.past, panel.values)
    with pytest.raises(ValueError, match="read-only"):
        windows.past[0] = 1


def test_gaps_become_unknown_rows_and_days_follow_the_calendar():
    """Clocks went forward on 31 March 2024 in Berlin: that day had 23 hours."""
    days = pd.date_range("2024-03-29", "2024-04-03", tz="Europe/Berlin").delete(1)
    panel = Panel.of(pd.DataFrame({"flow": np.arange(5.0)}, index=days))
    assert len(panel.times) == 6
    assert panel.times[2].hour == panel.times[4].hour == 0
    np.testing.assert_array_equal(panel.column("flow")[:, 0], [0, np.nan, 1, 2, 3, 4])
    ahead = panel.windows([1], lookback=1, horizon=3).times()
    assert list(ahead) == list(panel.times[1:4])


def test_a_row_off_the_clock_is_refused():
    times = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 01:30",
                              "2024-01-01 02:00", "2024-01-01 03:00", "2024-01-01 04:00",
                              "2024-01-01 05:00"], tz="UTC")  # fmt: skip
    with pytest.raises(ValueError, match="off the clock"):
        Panel.of(pd.DataFrame({"x": 1.0}, index=times), step=pd.Timedelta("1h"))
    with pytest.raises(ValueError, match="too few"):
        Panel.of(pd.DataFrame({"x": [1.0]}, index=times[:1]))
