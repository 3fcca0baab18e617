"""Tables without rules, their cells drawn at places chosen by hand: ten points a character, lines
of a cell 12 points apart, rows further."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qianhang.plan.reading.unruled import unruled
from qianhang.plan.reading.woven import Piece, woven

HEAD = ["序号", "重点任务", "牵头单位", "配合单位", "完成时限"]
AT = [60, 100, 200, 280, 380]


def drawn(rows: Sequence[tuple[float, Sequence[str]]]) -> list[Piece]:
    """Cells of rows at these heights, a slash between the lines of a cell."""
    return [
        Piece(line, x, y - 12 * n, 10.0)
        for y, row in rows
        for x, cell in zip(AT, row, strict=True)
        for n, line in enumerate(cell.split("/"))
        if line
    ]


def cells(pieces: Sequence[Piece]) -> list[list[str]]:
    found = unruled(pieces)
    assert found is not None
    return [["".join(cell) for cell in row] for row in found.rows]


ROWS = [
    (700.0, HEAD),
    (680.0, ["1", "建设城市智算/中心", "市数据局", "市科技局、市财/政局", "2026年"]),
    (640.0, ["2", "打造数据集", "市教育局", "", "2027年"]),
]
READ = [
    HEAD,
    ["1", "建设城市智算中心", "市数据局", "市科技局、市财政局", "2026年"],
    ["2", "打造数据集", "市教育局", "", "2027年"],
]


def test_columns_are_told_by_known_headings_and_rows_by_their_numbers():
    assert cells(drawn(ROWS)) == READ


def test_cells_set_in_the_middle_of_their_row_keep_their_row():
    """The number of the first row stands between the two lines of the task."""
    moved = [(y, row) for y, row in ROWS if row[0] != "1"]
    tall = drawn([(680.0, ["", "建设城市智算/中心", "", "市科技局、市财/政局", ""])])
    low = drawn([(674.0, ["1", "", "市数据局", "", "2026年"])])
    assert cells([*drawn(moved), *tall, *low]) == READ


def test_a_heading_broken_over_two_lines_is_one():
    pieces = [p for p in drawn(ROWS) if p.text != "完成时限"]
    assert cells([*pieces, Piece("完成", 380, 706, 10), Piece("时限", 380, 694, 10)]) == READ


def test_what_stands_above_and_below_a_table_is_no_part_of_it():
    title = Piece("重点任务分解表", 150, 740, 10.0)
    note = Piece("本表由市数据局负责解释，各单位按照职责分工抓好落实。", 80, 600, 10.0)
    found = unruled([title, *drawn(ROWS), note])
    assert found is not None
    assert [woven(line) for line in (*found.above, *found.below)] == [title.text, note.text]


def test_a_table_goes_on_on_the_next_page_under_the_columns_of_the_last():
    first = unruled(drawn(ROWS))
    assert first is not None
    more = drawn([(y, [str(n), "任务", "市数据局", "", "2027年"]) for n, y in ((3, 700), (4, 680))])
    found = unruled(more, first.columns)
    assert found is not None
    assert ["".join(row[0]) for row in found.rows] == ["3", "4"]


@pytest.mark.parametrize("line", ["牵头单位、配合单位要抓好落实。", "重点任务"])
def test_words_of_a_header_in_running_text_make_no_table(line: str):
    assert unruled([Piece(line, 60, 700, 10.0), Piece("一、总体要求", 60, 680, 10.0)]) is None
