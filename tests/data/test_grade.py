"""Grades of data sets, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Input, Manifest, Words
from qianhang.data import check
from qianhang.data.grade import Quality, grade_inputs, measure
from qianhang.data.quality import repeated_rows

WORDS = Words("甲", "a")
FLOW = {"flow": Column(unit="m3/h", low=0, high=9, missing="allow")}
HOURLY = {"time": Column(role="time", step="1h", zone="Asia/Shanghai", missing="allow"), **FLOW}


def hourly(times, **columns):
    frame = pd.DataFrame({"time": times, "flow": np.arange(len(times)) % 9 + 0.5, **columns})
    return check(frame, HOURLY | ({"pump": Column(role="group")} if columns else {})).frame


@pytest.mark.parametrize(
    ("complete", "valid", "unique", "grade"),
    [
        (1.0, 1.0, 1.0, "high"),
        (0.98, 1.0, 0.99, "high"),
        (0.979, 1.0, 1.0, "standard"),
        (1.0, 0.9, 1.0, "standard"),
        (1.0, 1.0, 0.899, "low"),
    ],
)
def test_the_worst_share_decides_the_grade(complete, valid, unique, grade):
    assert Quality(100, complete, valid, unique).grade == grade


def test_empty_cells_count_against_completeness():
    """4 of 2 x 5 cells are empty: 0.6."""
    frame = pd.DataFrame({"a": [1, 2, np.nan, np.nan, 5], "b": [np.nan, "x", "y", None, "z"]})
    columns = {"a": Column(unit="m"), "b": Column(kind="text"), "c": Column(required=False)}
    found = measure(frame, columns)
    assert found.complete == pytest.approx(0.6)
    assert (found.rows, found.valid, found.unique) == (5, 1.0, 1.0)


def test_hours_that_are_missing_count_like_empty_cells():
    """48 hours of which 6 are not there: 42 of 48 cells."""
    times = pd.date_range("2026-01-01", periods=48, freq="h")
    found = measure(hourly(times.delete(range(10, 16))), HOURLY)
    assert found.complete == pytest.approx(42 / 48)


def test_a_pause_of_the_whole_record_is_not_missing():
    """Two heating seasons with the summer between them, one hour lost: 2,879 of 2,880."""
    seasons = [pd.date_range(day, periods=1440, freq="h") for day in ("2024-12-01", "2025-12-01")]
    times = seasons[0].append(seasons[1]).delete(100)
    assert measure(hourly(times), HOURLY).complete == pytest.approx(2879 / 2880)


def test_a_station_that_is_silent_while_others_speak_is_missing():
    """One of two pumps stops for 40 of 80 days: 2,880 of 3,840 pump hours."""
    days = pd.date_range("2026-01-01", periods=1920, freq="h")
    kept = np.r_[0:480, 1440:1920]
    times = days.append(days[kept])
    pump = ["a"] * 1920 + ["b"] * 960
    frame = hourly(times, pump=pump)
    columns = HOURLY | {"pump": Column(role="group")}
    assert measure(frame, columns).complete == pytest.approx(2880 / 3840)


def test_refused_rows_count_against_validity():
    assert measure(pd.DataFrame({"flow": [1.0] * 9}), FLOW, refused=1).valid == pytest.approx(0.9)


def test_repeated_rows_count_unless_they_must_coincide():
    """3 of 100 measured rows again; answers of yes and no coincide by chance."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=97), "b": rng.normal(size=97)})
    again = pd.concat([rows, rows.iloc[:3]], ignore_index=True)
    assert repeated_rows(again) == 3
    assert measure(again, {"a": Column(unit="m"), "b": Column(unit="m")}).unique == 0.97
    assert repeated_rows(pd.DataFrame({"yes": rng.integers(0, 2, 100)})) == 0


def graded(**inputs):
    texts = {"title": WORDS, "summary": WORDS, "owner": "市", "purpose": "x", "covers": ()}
    case = Case("own", WORDS, columns=FLOW)
    manifest = Manifest(
        **texts, task="detect", risk="limited", subject="thing", baseline=None, case=(case,),
        inputs={"places": Input("table", WORDS, columns={"x": Column(unit="m")})},
    )  # fmt: skip
    return grade_inputs(Inputs(inputs), manifest, case)


def test_the_worst_table_decides_and_what_has_no_contract_keeps_from_high():
    good = pd.DataFrame({"flow": np.arange(100.0)})
    gaps = pd.DataFrame({"x": [1.0] * 93 + [np.nan] * 7})
    assert graded(table=good)["grade"] == "high"
    assert graded(table=good, notes="text")["grade"] == "standard"
    assert graded(table=good, notes="text")["ungraded"] == ["notes"]
    both = graded(table=good, places=gaps)
    assert (both["grade"], both["rows"], both["complete"]) == ("standard", 200, 0.93)
    assert both["tables"]["table"]["grade"] == "high"
    assert graded(notes="text")["grade"] == ""


def test_an_empty_table_is_no_fault_and_no_division_by_zero():
    found = measure(pd.DataFrame({"flow": []}), FLOW)
    assert (found.complete, found.valid, found.unique) == (1.0, 1.0, 1.0)
