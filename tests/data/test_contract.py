"""The contract check; every expected figure is read off the few lines that the test writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError, Place
from qianhang.core.manifest import Column
from qianhang.data import check, codes

TIME = Column(role="time", step="1h", zone="Asia/Shanghai")
HEAT = Column(unit="GJ/h", low=0, high=400, role="target", aliases=("热量",))
OUTDOOR = Column(unit="degC", low=-45, high=40, sentinel=(-7999.0,))
COLUMNS = {"time": TIME, "heat": HEAT, "outdoor": OUTDOOR}
HEAD = "time,heat,outdoor\n"
ROWS = [f"2026-01-03 0{h}:00,{10 + h},5" for h in range(6)]


def file(folder: Path, text: str, *, name: str = "meter.csv", encoding: str = "utf8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def table(folder: Path, **changed: str) -> Path:
    """The six good rows with some replaced: row2="..." stands in row 2 of the file, the first."""
    rows = list(ROWS)
    for name, text in changed.items():
        rows[int(name.removeprefix("row")) - 2] = text
    return file(folder, HEAD + "\n".join(rows) + "\n")


def refused(path: Path, columns: dict[str, Column] = COLUMNS, **how: object) -> ContractError:
    with pytest.raises(ContractError) as caught:
        check(path, columns, **how)
    return caught.value


def test_good_table_arrives_typed_sorted_and_in_the_declared_zone(tmp_path: Path) -> None:
    checked = check(table(tmp_path), COLUMNS)
    assert list(checked.frame.columns) == ["heat", "outdoor"]
    assert checked.frame.heat.tolist() == [10, 11, 12, 13, 14, 15]
    assert str(checked.frame.index.tz) == "Asia/Shanghai"
    assert checked.frame.index.name == "time"
    assert checked.frame.index[0] == pd.Timestamp("2026-01-02 16:00", tz="UTC")
    assert checked.rejects.empty
    assert checked.notes == ()


def test_value_out_of_bounds_is_named_with_file_row_time_unit_and_likely_unit(
    tmp_path: Path,
) -> None:
    error = refused(table(tmp_path, row6="2026-01-03 04:00,41000,5"))
    assert error.code == codes.OUT_OF_BOUNDS
    for part in ("meter.csv", "heat", "row 6", "2026-01-03 04:00", "41,000 GJ/h", "0 to 400 GJ/h"):
        assert part in error.message
    assert error.place == Place(
        "meter.csv", "heat", 6, "2026-01-03 04:00", found="41,000 GJ/h", expected="0 to 400 GJ/h"
    )
    assert "MJ/h" in error.hint


def test_column_a_thousand_times_too_large_is_a_matter_of_unit(tmp_path: Path) -> None:
    rows = "\n".join(f"2026-01-03 0{h}:00,{200_000 + h},5" for h in range(6))
    error = refused(file(tmp_path, HEAD + rows))
    assert (error.code, "MJ/h" in error.hint) == (codes.WRONG_UNIT, True)


@pytest.mark.parametrize(("kelvin", "unit"), [(280.0, "K"), (68.0, "degF")])
def test_temperatures_in_another_unit_are_recognised(
    tmp_path: Path, kelvin: float, unit: str
) -> None:
    rows = "\n".join(f"2026-01-03 0{h}:00,1,{kelvin + h}" for h in range(6))
    error = refused(file(tmp_path, HEAD + rows))
    assert (error.code, unit in error.hint) == (codes.WRONG_UNIT, True)


def test_flow_in_cubic_metres_an_hour_where_litres_a_second_are_due_is_recognised(
    tmp_path: Path,
) -> None:
    """1 L/s is 3.6 m3/h by hand, so 100 to 105 m3/h are 27.8 to 29.2 L/s, inside 0 to 50."""
    flow = {"flow": Column(unit="L/s", low=0, high=50)}
    error = refused(file(tmp_path, "flow\n" + "\n".join(str(100 + i) for i in range(6))), flow)
    assert (error.code, "m3/h" in error.hint) == (codes.WRONG_UNIT, True)


def test_header_with_another_unit_is_refused(tmp_path: Path) -> None:
    error = refused(file(tmp_path, f"time,heat (MJ/h),outdoor\n{ROWS[0]}\n"))
    assert error.code == codes.WRONG_UNIT
    assert "MJ/h" in error.message


def test_header_may_carry_the_contracts_unit_and_a_chinese_alias(tmp_path: Path) -> None:
    text = f"Time,热量（GJ/h）,OUTDOOR [℃]\n{ROWS[0]}\n"
    assert check(file(tmp_path, text), COLUMNS).frame.heat.tolist() == [10.0]


def test_missing_column_names_the_nearest_one(tmp_path: Path) -> None:
    error = refused(file(tmp_path, f"time,haet,outdoor\n{ROWS[0]}\n"))
    assert error.code == codes.MISSING_COLUMN
    assert "heat" in error.message
    assert "haet" in error.hint


def test_column_written_twice_is_refused(tmp_path: Path) -> None:
    error = refused(file(tmp_path, "time,heat,heat,outdoor\n2026-01-03 00:00,1,2,3\n"))
    assert error.code == codes.DUPLICATE_COLUMN


@pytest.mark.parametrize(
    ("cell", "hint"), [("broken", "empty"), ('"1,200"', "thousands"), ("12 GJ/h", "unit")]
)
def test_text_in_a_number_column_names_the_row(tmp_path: Path, cell: str, hint: str) -> None:
    error = refused(table(tmp_path, row4=f"2026-01-03 02:00,{cell},5"))
    assert error.code == codes.WRONG_TYPE
    assert "row 4" in error.message
    assert cell.strip('"') in error.message
    assert hint in error.hint


def test_missing_value_is_refused_where_the_contract_refuses_it(tmp_path: Path) -> None:
    path = table(tmp_path, row3="2026-01-03 01:00,,5")
    assert refused(path).code == codes.MISSING_VALUE
    allowed = {**COLUMNS, "heat": Column(unit="GJ/h", missing="allow")}
    assert np.isnan(check(path, allowed).frame.heat.iloc[1])


def test_sentinel_becomes_missing_and_is_told(tmp_path: Path) -> None:
    checked = check(table(tmp_path, row3="2026-01-03 01:00,11,-7999"), COLUMNS)
    assert np.isnan(checked.frame.outdoor.iloc[1])
    assert any("-7,999" in note.text for note in checked.notes)


def test_gap_is_refused_with_its_length_and_place(tmp_path: Path) -> None:
    """After 02:00 the next row is 06:00: 03:00, 04:00 and 05:00 are missing."""
    path = file(tmp_path, HEAD + "\n".join([*ROWS[:3], "2026-01-03 06:00,1,5"]))
    error = refused(path)
    assert error.code == codes.GAP
    assert "3 missing after 2026-01-03 02:00" in error.message
    assert "row 5" in error.message
    gaps = {**COLUMNS, "time": Column(role="time", step="1h", missing="allow")}
    checked = check(path, gaps)
    assert (len(checked.frame), checked.notes[0].code) == (4, codes.GAP)


def test_repeated_time_stamp_names_both_rows(tmp_path: Path) -> None:
    error = refused(table(tmp_path, row5=ROWS[1]))
    assert error.code == codes.REPEATED_TIME
    assert "row 5" in error.message
    assert "row 3" in error.hint


def test_one_stray_minute_accuses_its_own_row_only(tmp_path: Path) -> None:
    path = table(tmp_path, row4="2026-01-03 02:17,12,5")
    checked = check(path, COLUMNS, mode="partition")
    assert checked.rejects[["row", "code"]].values.tolist() == [[4, codes.OFF_STEP]]


def test_unreadable_time_is_refused(tmp_path: Path) -> None:
    assert refused(table(tmp_path, row2="03/01/2026 00:00,1,5")).code == codes.TIME_UNREADABLE


def test_rows_out_of_order_are_sorted_and_said_so(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD + "\n".join(reversed(ROWS)))
    checked = check(path, COLUMNS)
    assert checked.frame.heat.tolist() == [10, 11, 12, 13, 14, 15]
    assert "sorted" in checked.notes[0].text


def test_zoned_and_bare_times_do_not_mix(tmp_path: Path) -> None:
    error = refused(table(tmp_path, row4="2026-01-03 02:00+08:00,12,5"), mode="partition")
    assert error.code == codes.MIXED_ZONES
    assert "row 4" in error.message


def test_offsets_of_several_zones_name_instants_and_are_converted(tmp_path: Path) -> None:
    rows = "2026-01-03T00:00:00+08:00,1,5\n2026-01-02T17:00:00Z,2,5\n"
    frame = check(file(tmp_path, HEAD + rows), COLUMNS).frame
    assert [str(t) for t in frame.index] == [
        "2026-01-03 00:00:00+08:00",
        "2026-01-03 01:00:00+08:00",
    ]


@pytest.mark.parametrize(
    ("text", "code"), [("", codes.EMPTY_FILE), ("\n \n", codes.EMPTY_FILE), (HEAD, "QH115")]
)
def test_empty_file_and_lonely_header_are_told_apart(tmp_path: Path, text: str, code: str) -> None:
    assert refused(file(tmp_path, text)).code == code


def test_value_outside_the_list_names_the_nearest_allowed_one(tmp_path: Path) -> None:
    columns = {"kind": Column(values=("steel", "iron"))}
    error = refused(file(tmp_path, "kind\nsteel\nstel\n"), columns)
    assert (error.code, "steel" in error.hint) == (codes.WRONG_CATEGORY, True)


def test_integer_codes_stay_integers_and_foreign_codes_are_refused(tmp_path: Path) -> None:
    columns = {"sex": Column(kind="category", values=(1, 2))}
    checked = check(file(tmp_path, "sex\n1\n2\n1\n"), columns)
    assert checked.frame.sex.dtype == np.int64
    assert refused(file(tmp_path, "sex\n1\n9\n"), columns).code == codes.WRONG_CATEGORY


def test_words_become_categories_in_the_order_of_the_contract(tmp_path: Path) -> None:
    columns = {"kind": Column(values=("steel", "iron"), missing="allow")}
    found = check(file(tmp_path, "kind,other\niron,1\nsteel,1\n,1\n"), columns).frame.kind
    assert list(found.cat.categories) == ["steel", "iron"]
    assert found.cat.codes.tolist() == [1, 0, -1]


def test_fraction_in_a_whole_number_column_is_refused(tmp_path: Path) -> None:
    columns = {"count": Column(kind="integer")}
    assert refused(file(tmp_path, "count\n1\n2.5\n"), columns).code == codes.NOT_WHOLE


def test_row_with_too_few_cells_is_refused_by_its_number(tmp_path: Path) -> None:
    error = refused(table(tmp_path, row5="2026-01-03 03:00,13"))
    assert error.code == codes.RAGGED_ROW
    assert "row 5" in error.message


def test_partition_serves_good_rows_and_names_each_bad_one(tmp_path: Path) -> None:
    """Rows 3, 4, 5 and 8 are bad; a blank line stands in row 6, so 2, 7 and 9 are served."""
    rows = [
        ROWS[0],
        "2026-01-03 01:00,abc,5",
        "2026-01-03 02:00,41000,99",
        "2026-01-03 03:00,13",
        "",
        ROWS[4],
        ROWS[4],
        ROWS[5],
    ]
    checked = check(file(tmp_path, HEAD + "\n".join(rows) + "\n"), COLUMNS, mode="partition")
    assert checked.rows.tolist() == [2, 7, 9]
    assert checked.frame.heat.tolist() == [10, 14, 15]
    assert checked.rejects[["row", "field", "code"]].values.tolist() == [
        [3, "heat", codes.WRONG_TYPE],
        [4, "heat", codes.OUT_OF_BOUNDS],
        [4, "outdoor", codes.OUT_OF_BOUNDS],
        [5, "", codes.RAGGED_ROW],
        [8, "time", codes.REPEATED_TIME],
    ]
    assert checked.rejects.loc[1, "found"] == "41,000 GJ/h"
    assert checked.rejects.loc[1, "expected"] == "0 to 400 GJ/h"
    assert checked.rejects.loc[1, "time"] == "2026-01-03 02:00"


def test_partition_with_no_good_row_serves_an_empty_frame(tmp_path: Path) -> None:
    checked = check(file(tmp_path, HEAD + "2026-01-03 00:00,x,5\n"), COLUMNS, mode="partition")
    assert (len(checked.frame), len(checked.rejects)) == (0, 1)
    assert str(checked.frame.index.tz) == "Asia/Shanghai"


def test_optional_column_may_be_absent_or_empty(tmp_path: Path) -> None:
    frame = check(file(tmp_path, "time,outdoor\n2026-01-03 00:00,5\n"), COLUMNS, optional=["heat"])
    assert list(frame.frame.columns) == ["outdoor"]
    empty = check(table(tmp_path, row2="2026-01-03 00:00,,5"), COLUMNS, optional=["heat"])
    assert np.isnan(empty.frame.heat.iloc[0])


def test_frame_is_checked_like_a_file_and_left_as_it_was() -> None:
    frame = pd.DataFrame({"heat": [3.0, 1.0], "outdoor": [1, -7999]})
    frame.index = pd.DatetimeIndex(["2026-01-03 01:00", "2026-01-03 00:00"], name="time")
    before = frame.copy()
    checked = check(frame, COLUMNS)
    pd.testing.assert_frame_equal(frame, before)
    assert checked.frame.heat.tolist() == [1.0, 3.0]
    checked.frame.iloc[:, :] = 0.0
    pd.testing.assert_frame_equal(frame, before)


def test_time_stamps_need_be_unique_within_a_station_only(tmp_path: Path) -> None:
    columns = {
        "time": Column(role="time", step="1h"),
        "station": Column(role="place", kind="category"),
        "pm25": Column(low=0),
    }
    rows = [f"2026-01-03 0{h}:00,{s},{h}" for s in ("a", "b") for h in range(3)]
    assert len(check(file(tmp_path, "time,station,pm25\n" + "\n".join(rows)), columns).frame) == 6
    error = refused(file(tmp_path, "time,station,pm25\n" + "\n".join([*rows, rows[3]])), columns)
    assert (error.code, "row 8" in error.message) == (codes.REPEATED_TIME, True)


def test_column_below_a_thousandth_of_its_bound_is_noted(tmp_path: Path) -> None:
    demand = {"demand": Column(unit="MW", low=0, high=20_000)}
    checked = check(file(tmp_path, "demand\n4.1\n5.2\n6.3\n"), demand)
    assert checked.notes[0].code == codes.BELOW_SCALE


def test_million_rows_of_ten_columns_take_less_than_a_second() -> None:
    import time

    size = 1_000_000
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": draw.random(size) for i in range(9)})
    frame["time"] = pd.date_range("2020-01-01", periods=size, freq="1min")
    columns = {f"c{i}": Column(low=0, high=1) for i in range(9)}
    columns["time"] = Column(role="time", step="1min", zone="Asia/Shanghai")
    start = time.process_time()
    assert len(check(frame, columns).frame) == size
    assert time.process_time() - start < 1.0


def test_title_above_the_header_is_pointed_out(tmp_path: Path) -> None:
    text = f"某市供热月报,,\n\n{HEAD}{ROWS[0]}\n"
    error = refused(file(tmp_path, text))
    assert (error.code, "delete the" in error.hint) == (codes.MISSING_COLUMN, True)


def test_further_time_columns_are_plain_columns_with_a_zone(tmp_path: Path) -> None:
    columns = {
        **COLUMNS,
        "issued": Column(kind="time", zone="Asia/Shanghai", missing="allow"),
    }
    text = "time,heat,outdoor,issued\n2026-01-03 01:00,1,5,2026/1/2 20:00\n2026-01-03 00:00,1,5,\n"
    issued = check(file(tmp_path, text), columns).frame.issued
    assert issued.isna().tolist() == [True, False]
    assert str(issued.iloc[1]) == "2026-01-02 20:00:00+08:00"
