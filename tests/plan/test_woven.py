"""Pieces of text as writers draw them, at places worked out by hand: a font of 10 points, wide
characters 10 points each, a quotation mark 4.4."""

from __future__ import annotations

from qianhang.plan.reading.woven import Piece, base_lines, is_displaced, parted, woven


def piece(text: str, x: float, y: float = 700.0) -> Piece:
    return Piece(text, x, y, 10.0)


def test_a_mark_drawn_before_the_run_that_it_stands_in_takes_its_place():
    run = [piece("“", 80), piece("推进 百模千态", 60), piece("”", 124.4), piece("行动。", 128.8)]
    assert is_displaced(run)
    (line,) = base_lines(run)
    assert woven(line) == "推进“百模千态”行动。"


def test_without_a_gap_a_figure_goes_between_the_characters_that_stand_there():
    (line,) = base_lines([piece("培育企业家以上", 60), piece("50", 100)])
    assert woven(line) == "培育企业50家以上"


def test_runs_drawn_in_one_go_stand_apart_by_their_gaps():
    """A mark of 4.4 points and a gap of four ems: the second mark begins 44.4 points further on."""
    marks = parted(piece("“ ”", 80), [4.0])
    assert [(p.text, round(p.x, 1)) for p in marks] == [("“", 80.0), ("”", 124.4)]
    (line,) = base_lines([*marks, piece("推进", 60), piece("百模千态", 84.4), piece("行动", 128.8)])
    assert woven(line) == "推进“百模千态”行动"


def test_blanks_that_no_gap_explains_and_those_between_latin_words_stay():
    assert parted(piece("甲 乙 丙", 60), [3.0]) == [piece("甲 乙 丙", 60)]
    assert [p.text for p in parted(piece("Open AI 平台", 60), [0.3, 2.0])] == ["Open AI", "平台"]


def test_pieces_in_the_order_of_the_line_are_not_displaced():
    closing = [piece("（", 60), piece("试行", 65), piece("）", 85), piece("》", 90)]
    assert not is_displaced(closing)
    assert not is_displaced([piece("上一行到底", 60), piece("下一行", 60, 680)])


def test_a_wide_gap_between_two_pieces_is_a_blank():
    assert woven([piece("市数据局", 60), piece("市科技局", 130)]) == "市数据局 市科技局"
    assert woven([piece("市数据局", 60), piece("市科技局", 100)]) == "市数据局市科技局"
