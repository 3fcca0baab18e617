"""Lines set to a width by hand: which breaks are the paper's and which the text's."""

from __future__ import annotations

from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.heading import Facts
from qianhang.plan.reading.linebreaks import breaks
from qianhang.plan.reading.targets import targets

SENTENCE = "推动人工智能与实体经济深度融合并加快培育新质生产力和现代化产业体系建设步伐的各项工作"


def kept(text: str) -> str:
    gone = {place for start, end in breaks(text) for place in range(start, end)}
    return "".join(char for place, char in enumerate(text) if place not in gone)


def set_in(width: int, *, indent: str = "　　", margin: str = "") -> tuple[str, str]:
    """Six paragraphs in lines of a width, and the same paragraphs a line each."""
    paragraphs = [indent + SENTENCE * 3 + "。" for _ in range(6)]
    rows = [p[i : i + width] for p in paragraphs for i in range(0, len(p), width)]
    return "\n".join(margin + row for row in rows), "\n".join(margin + p for p in paragraphs)


def test_sentences_broken_for_the_width_of_the_page_are_whole_again() -> None:
    for width in (25, 40, 60):
        broken, whole = set_in(width)
        assert kept(broken) == whole


def test_the_margin_of_a_page_is_not_taken_for_the_indent_of_a_paragraph() -> None:
    broken, whole = set_in(40, margin="    ")
    assert kept(broken) == whole


def test_carriage_returns_and_page_numbers_do_not_part_a_sentence() -> None:
    broken, whole = set_in(40)
    rows = broken.split("\n")
    paged = "\r\n".join([*rows[:5], "", "— 1 —", "", *rows[5:]])
    assert kept(paged).replace("\r\n", "\n") == whole


def test_every_character_keeps_its_place_in_the_original() -> None:
    broken, _ = set_in(40)
    folded = fold(broken)
    places = range(3, len(folded.text), 7)
    assert all(broken[folded.at[i]] in (folded.text[i], "　") for i in places)


def test_paragraphs_on_lines_of_their_own_stay_apart() -> None:
    text = "\n".join(f"第{i}段。{SENTENCE * (1 + i % 4)}。" for i in range(20))
    assert kept(text) == text


def test_entries_of_a_list_stay_apart_however_alike_in_width() -> None:
    text = "\n".join(f"{i}.建设面向重点行业的人工智能公共服务平台" for i in range(10, 40))
    assert kept(text) == text


def test_rows_of_a_table_and_a_table_of_contents_stay_apart() -> None:
    rows = "\n".join(f"{i}\t建设面向重点行业的公共服务平台\t市发展改革委" for i in range(10, 40))
    leaders = "\n".join(f"总体要求与主要目标................{i}" for i in range(10, 40))
    assert (kept(rows), kept(leaders)) == (rows, leaders)


def test_a_short_text_is_left_as_it_is() -> None:
    text = "云川市行动方案\n为推动应用制定本方案\n一、目标\n"
    assert kept(text) == text
    assert kept("") == ""


def test_a_decimal_broken_at_its_point_is_one_number() -> None:
    text = "到2027年，全市智能算力规模持续扩大，新建数据中心PUE值不高于1.\n2。"
    found = targets(fold(text), (0, len(text)), (), facts=Facts())
    assert [t.value for t in found] == [1.2]
