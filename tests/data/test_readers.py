"""Every container and every way to spoil one; contents are written by the test itself."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import pickle
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Column
from qianhang.data import check, codes, read_table
from qianhang.data.readers import check_path, open_table, reader_of
from qianhang.data.readers.blocks import RowMap

TEXT = "时间,温度\n2026-01-03 00:00,1.5\n2026-01-03 01:00,2.5\n"
COLUMNS = {
    "time": Column(role="time", step="1h", aliases=("时间",)),
    "outdoor": Column(unit="degC", aliases=("温度",)),
}


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path) -> ContractError:
    with pytest.raises(ContractError) as caught:
        check(path, COLUMNS)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_every_usual_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    checked = check(written(tmp_path, "a.csv", TEXT.encode(encoding)), COLUMNS)
    assert checked.frame.outdoor.tolist() == [1.5, 2.5]
    assert bool(checked.notes) == (not encoding.startswith("utf-8"))


def test_gbk_is_recognised_though_chinese_comes_only_after_a_megabyte(tmp_path: Path) -> None:
    rows = "time,outdoor,note\n" + "2026-01-03 00:00,1,calm\n" * 50_000 + "2026-01-03 01:00,2,晴\n"
    frame = read_table(written(tmp_path, "a.csv", rows.encode("gbk")))
    assert frame.note.iloc[-1] == "晴"
    assert len(frame) == 50_001


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "a.csv", b"\xff\x00\x81\x30" * 100))
    assert error.code == codes.ENCODING


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_read_off_the_header(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, "a.csv", TEXT.replace(",", delimiter).encode())
    assert check(path, COLUMNS).frame.outdoor.tolist() == [1.5, 2.5]


def test_decimal_commas_are_read_between_semicolons_only(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", TEXT.replace(",", ";").replace(".", ",").encode())
    assert check(path, COLUMNS).frame.outdoor.tolist() == [1.5, 2.5]
    quoted = TEXT.replace("1.5", '"1,5"')
    assert refused(written(tmp_path, "b.csv", quoted.encode())).code == codes.WRONG_TYPE


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_packed_text_is_unpacked_and_a_damaged_pack_refused(
    tmp_path: Path, suffix: str, pack: object
) -> None:
    packed = pack(TEXT.encode())  # type: ignore[operator]
    path = written(tmp_path, f"a.csv{suffix}", packed)
    assert len(check(path, COLUMNS).frame) == 2
    broken = written(tmp_path, f"b.csv{suffix}", packed[: len(packed) // 2])
    assert refused(broken).code == codes.BROKEN_FILE


def test_quoted_cells_may_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    text = 'time,note,outdoor\n2026-01-03 00:00,"calm, dry\nand cold",1.5\n2026-01-03 01:00,,2.5\n'
    assert check(written(tmp_path, "a.csv", text.encode()), COLUMNS).frame.outdoor.sum() == 4.0


def test_record_positions_map_to_rows_past_those_that_gave_none() -> None:
    """Rows 2..9 with 3, 4 and 7 skipped leave 2, 5, 6, 8, 9."""
    rows = RowMap(2, np.array([3, 4, 7])).rows(np.arange(5))
    assert rows.tolist() == [2, 5, 6, 8, 9]


def workbook(path: Path, rows: list[list[object]], *, first_empty: bool = False) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    if first_empty:
        sheet = book.create_sheet("data")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_excel_dates_and_serial_numbers_are_both_read(tmp_path: Path) -> None:
    """46025 is 3 January 2026 in Excel's count (1 January 1900 = 1), by Excel itself."""
    dates = [["时间", "温度"], [datetime(2026, 1, 3), 1.5], [datetime(2026, 1, 3, 1), 2.5]]
    plain = check(workbook(tmp_path / "a.xlsx", dates), COLUMNS)
    serial = [["时间", "温度"], [46025, 1.5], [46025 + 1 / 24, 2.5]]
    told = check(workbook(tmp_path / "b.xlsx", serial), COLUMNS)
    pd.testing.assert_frame_equal(plain.frame, told.frame)
    assert str(plain.frame.index[1]) == "2026-01-03 01:00:00+00:00"
    assert any("serial" in note.text for note in told.notes)


def test_first_sheet_with_a_header_is_read_and_blank_rows_keep_row_numbers(tmp_path: Path) -> None:
    rows = [["时间", "温度"], [datetime(2026, 1, 3), 1.5], [], [datetime(2026, 1, 3, 1), "n/k"]]
    path = workbook(tmp_path / "a.xlsx", rows, first_empty=True)
    error = refused(path)
    assert (error.code, "row 4" in error.message) == (codes.WRONG_TYPE, True)


def test_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refused(written(tmp_path, "a.xlsx", b"PK not a zip")).code == codes.BROKEN_FILE
    assert refused(workbook(tmp_path / "b.xlsx", [])).code == codes.EMPTY_FILE
    assert refused(written(tmp_path, "c.xls", b"old")).code == codes.UNKNOWN_FORMAT


def test_parquet_is_read_and_its_text_stays_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"time": pd.to_datetime(["2026-01-03"]), "outdoor": [1.5], "id": ["007"]})
    frame.to_parquet(tmp_path / "a.parquet")
    assert check(tmp_path / "a.parquet", COLUMNS).frame.outdoor.tolist() == [1.5]
    assert read_table(tmp_path / "a.parquet").id.tolist() == ["007"]
    assert refused(written(tmp_path, "b.parquet", b"PAR1....")).code == codes.BROKEN_FILE


def test_json_lines_keep_text_and_lists_and_name_a_broken_line(tmp_path: Path) -> None:
    lines = '{"no": "007", "gold": ["a", "b"], "n": 1}\n\n{"no": "008", "gold": [], "n": 2}\n'
    frame = read_table(written(tmp_path, "a.jsonl.xz", lzma.compress(lines.encode())))
    assert frame.no.tolist() == ["007", "008"]
    assert frame.gold.tolist() == [["a", "b"], []]
    assert frame.n.sum() == 3
    with pytest.raises(ContractError, match="line 2"):
        read_table(written(tmp_path, "b.jsonl", b'{"a": 1}\n{"a": \n'))


def test_arff_nominals_come_as_text(tmp_path: Path) -> None:
    text = b"@relation r\n@attribute age numeric\n@attribute sex {m,f}\n@data\n50,m\n60,?\n"
    frame = read_table(written(tmp_path, "a.arff", text))
    assert frame.age.tolist() == [50.0, 60.0]
    assert frame.sex.tolist()[0] == "m"
    assert frame.sex.isna().tolist() == [False, True]


def test_untyped_table_takes_the_narrowest_type_that_fits_every_cell(tmp_path: Path) -> None:
    text = "n,flag,at,word\n1,true,2026-01-03T00:00Z,a\n2.5,false,2026-01-03T01:00Z,\n"
    frame = read_table(written(tmp_path, "a.csv", text.encode()))
    assert [d.kind for d in frame.dtypes[:2]] == ["f", "b"]
    assert str(frame["at"].dt.tz) == "UTC"
    assert frame.word.isna().tolist() == [False, True]


def test_folder_where_a_file_is_due_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path).code == codes.DIRECTORY


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv").code == codes.MISSING_FILE
    if os.getuid():
        path = written(tmp_path, "a.csv", b"a")
        path.chmod(0)
        assert refused(path).code == codes.MISSING_FILE


def test_unknown_extension_names_the_readable_ones(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="csv") as caught:
        reader_of(Path("data.cvs"))
    assert caught.value.code == codes.UNKNOWN_FORMAT
    assert reader_of(Path("DATA.CSV.GZ")) == "csv"


GOOD_NETWORK = """[TITLE]
two nodes
[JUNCTIONS]
;ID Elev
J1 10
[RESERVOIRS]
R1 50
[PIPES]
P1 R1 J1 100 200 100 0 Open
[OPTIONS]
Units LPS
[END]
"""


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (GOOD_NETWORK.replace("[PIPES]\nP1 R1 J1 100 200 100 0 Open\n", ""), "[PIPES]"),
        (GOOD_NETWORK.replace("J1 10\n", ""), "[JUNCTIONS]"),
        (GOOD_NETWORK.replace("[RESERVOIRS]\nR1 50\n", ""), "[TANKS]"),
        (GOOD_NETWORK.replace("P1 R1 J1 100 200 100 0 Open", "P1 R1"), "line 9"),
        (GOOD_NETWORK.replace("[OPTIONS]", "[WELLS]"), "line 10"),
        ("time,flow\n1,2\n", "line 1"),
        ("", "SECTION"),
    ],
)
def test_wrong_network_file_is_named_by_section_or_line(
    tmp_path: Path, text: str, part: str
) -> None:
    path = written(tmp_path, "net.inp", text.encode())
    with pytest.raises(ContractError) as caught:
        check_path(path, "epanet")
    assert caught.value.code == codes.NETWORK_FILE
    assert part in str(caught.value)


def test_good_network_file_passes_and_is_no_table(tmp_path: Path) -> None:
    path = written(tmp_path, "net.inp", GOOD_NETWORK.encode("gbk"))
    assert check_path(path, "epanet") == path
    with pytest.raises(ContractError) as caught:
        open_table(path)
    assert caught.value.code == codes.UNKNOWN_FORMAT


def test_arrays_load_without_pickle_or_not_at_all(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    assert check_path(tmp_path / "a.npz", "npz")
    np.savez(tmp_path / "b.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ContractError) as caught:
        check_path(tmp_path / "b.npz", "npz")
    assert caught.value.code == codes.UNSAFE_CONTENT
    path = written(tmp_path, "c.npz", pickle.dumps([1]))
    with pytest.raises(ContractError):
        check_path(path, "npz")


def test_json_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="line 1"):
        check_path(written(tmp_path, "a.json", b"{"), "json")


def test_no_spoilt_file_gets_past_the_named_errors(tmp_path: Path) -> None:
    """Two hundred files with random bytes cut and put in, in five containers."""
    draw = np.random.default_rng(0)
    frame = read_table(written(tmp_path, "good.csv", TEXT.encode() * 20))
    frame.to_parquet(tmp_path / "good.parquet")
    frame.to_excel(tmp_path / "good.xlsx", index=False)
    frame.to_json(tmp_path / "good.jsonl", orient="records", lines=True)
    written(tmp_path, "good.csv.gz", gzip.compress(TEXT.encode() * 20))
    pieces = [b",", b"\n", b'"', b"\0", b"", b"\xff", b"1e999", b"2024-10-06 02:30", b"Z", b"+08"]
    for good in sorted(tmp_path.glob("good.*")):
        for _ in range(40):
            data = good.read_bytes()
            for _ in range(draw.integers(1, 6)):
                start = int(draw.integers(len(data)))
                piece = pieces[draw.integers(len(pieces))]
                data = data[:start] + piece + data[start + int(draw.integers(8)) :]
            path = written(tmp_path, good.name.replace("good", "spoilt"), data)
            with contextlib.suppress(ContractError):
                check(path, COLUMNS, mode="partition")
