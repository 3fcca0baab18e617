"""Headings of the annotated documents, and of short texts whose tree was drawn by hand."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from qianhang.plan.reading.clutter import body
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.outline import Heading, outline


def tree(text: str) -> list[tuple[str, str]]:
    folded = fold(text)
    return [(h.path, h.title) for h in outline(folded, (0, len(folded.text)))]


def paths(text: str) -> list[str]:
    return [path for path, _ in tree(text)]


@pytest.mark.parametrize("name", ["cppcc", "henan", "jiangxi", "qitaihe", "zhejiang"])
def test_every_annotated_heading_is_found_at_its_place_and_no_other(
    plan_texts: Path, name: str
) -> None:
    text = (plan_texts / "texts" / f"{name}.txt").read_text("utf8")
    gold = json.loads((plan_texts / "gold" / f"{name}.json").read_text("utf8"))
    folded = fold(text)
    found = [(h.path, h.title, folded.at[h.start]) for h in outline(folded, body(folded))]
    assert found == [(s["path"], s["title"], s["start"]) for s in gold["sections"]]


def wrapped(text: str) -> str:
    """As a PDF gives it: indents, lines of forty characters, a page number after each 30."""
    paragraphs = ("　　" + line.strip() for line in text.splitlines() if line.strip())
    rows = [p[i : i + 40] for p in paragraphs for i in range(0, len(p), 40)]
    pages = [rows[i : i + 30] for i in range(0, len(rows), 30)]
    return "\n".join("\n".join([*page, f"— {n} —"]) for n, page in enumerate(pages, 1))


def with_contents(text: str) -> str:
    heads = re.findall(
        r"(?m)^[一二三四五六七八九十]+、.*|^\([一二三四五六七八九十]+\)[^。\n]*", text
    )
    first = text.find("一、")
    return text[:first] + "目录\n" + "\n".join(heads) + "\n" + text[first:] if heads else text


def on_own_lines(text: str) -> str:
    return re.sub(r"(?m)^(\([一二三四五六七八九十]+\)[^。\n]*)。", r"\1\n", text)


def in_chapters(text: str) -> str:
    return re.sub(r"(?m)^([一二三四五六七八九十]+)、", r"第\1章  ", text)


def in_full_width(text: str) -> str:
    return text.translate(str.maketrans("(),:;.", "（），：；．"))


@pytest.mark.parametrize(
    "changed", [wrapped, with_contents, on_own_lines, in_chapters, in_full_width]
)
@pytest.mark.parametrize("name", ["cppcc", "henan", "jiangxi", "qitaihe", "zhejiang"])
def test_the_same_headings_are_found_however_the_document_was_set(
    plan_texts: Path, name: str, changed: Callable[[str], str]
) -> None:
    text = (plan_texts / "texts" / f"{name}.txt").read_text("utf8")
    gold = json.loads((plan_texts / "gold" / f"{name}.json").read_text("utf8"))
    folded = fold(changed(text))
    found = [(h.path, h.title) for h in outline(folded, body(folded))]
    assert found == [(s["path"], s["title"]) for s in gold["sections"]]


def test_numbers_that_run_on_through_the_chapters_keep_what_is_printed() -> None:
    text = "".join(
        f"{'一二三四五六'[i // 5]}、第{i // 5}类工作\n" * (i % 5 == 0)
        + f"{i + 1}.工作{i}。做好。\n"
        for i in range(30)
    )
    found = paths(text)
    assert len(found) == 36
    assert found[-1] == "6.30"
    assert found[6:9] == ["2", "2.6", "2.7"]


def test_round_brackets_that_run_on_keep_what_is_printed() -> None:
    text = "一、基础\n(一)甲事。做。\n(二)乙事。做。\n二、应用\n(三)丙事。做。\n"
    assert paths(text) == ["1", "1.1", "1.2", "2", "2.3"]


def test_chapters_parts_and_articles_nest_as_in_a_regulation() -> None:
    text = (
        "第一章 总则\n第一条 【目的】为了发展，制定本办法。\n第二章 促进\n第一节 算力\n"
        "第二条（统筹布局）\n省政府统筹布局。依照第一条规定办理。\n第二节 数据\n第三条 建设数据集。\n"
    )
    assert tree(text) == [
        ("1", "总则"),
        ("1.1", "目的"),
        ("2", "促进"),
        ("2.1", "算力"),
        ("2.1.2", "统筹布局"),
        ("2.2", "数据"),
        ("2.2.3", "建设数据集"),
    ]


def test_articles_below_numbered_parts_stand_under_them() -> None:
    assert paths("一、研发\n第1条 甲。\n第2条 乙。\n二、应用\n第3条 丙。\n") == [
        "1", "1.1", "1.2", "2", "2.3",
    ]  # fmt: skip


def test_a_table_of_contents_gives_no_section_twice() -> None:
    text = (
        "目录\n一、总体要求\n二、重点任务\n(一)甲事\n三、保障\n"
        "一、总体要求\n说明。\n二、重点任务\n(一)甲事\n做。\n三、保障\n做。\n"
    )
    assert paths(text) == ["1", "2", "2.1", "3"]
    assert fold(text).text.rindex("一、总体要求") == outline(fold(text), (0, len(text)))[0].start


def test_a_heading_that_two_chapters_share_is_kept_in_both() -> None:
    text = "一、算力\n(一)目标\n甲。\n(二)任务\n乙。\n二、数据\n(一)目标\n丙。\n(二)任务\n丁。\n"
    assert paths(text) == ["1", "1.1", "1.2", "2", "2.1", "2.2"]


def test_a_table_of_contents_before_the_opening_words_gives_none() -> None:
    text = (
        "一、要求 1\n二、任务 2\n方案\n为推动应用，制定本方案。\n一、要求\n甲。\n二、任务\n乙。\n"
    )
    folded = fold(text)
    found = outline(folded, (0, len(folded.text)))
    assert [h.path for h in found] == ["1", "2"]
    assert folded.text[found[0].text : found[0].end].strip() == "甲。"


def test_numbered_actions_stand_where_the_document_puts_them() -> None:
    above = "一、行动\n行动一：甲。\n(一)做。好。\n(二)做。好。\n行动二：乙。\n(一)做。好。\n"
    below = "一、行动\n(一)甲\n任务1：做。好。\n任务2：做。好。\n(二)乙\n任务3：做。好。\n"
    assert paths(above) == ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1"]
    assert paths(below) == ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.3"]


def test_a_table_of_contents_with_leaders_and_pages_gives_none() -> None:
    text = "一、要求......1\n二、任务……………2\n一、要求\n说明。\n二、任务\n说明。\n"
    assert paths(text) == ["1", "2"]


def test_lines_broken_at_forty_characters_are_read_as_whole_sentences() -> None:
    sentence = "推动影像辅助诊断系统在基层医疗卫生机构广泛应用并逐步扩大覆盖范围"
    paragraphs = [
        "　　一、总体要求",
        "　　" + "坚持应用牵引，推动深度融合，" * 12,
        "　　（一）" + sentence + "，形成长效机制。" + "支持医院建设专科模型，" * 9,
        "　　（二）加强保障。" + "统筹各类资金，支持项目建设，" * 9,
    ]
    text = "\n".join(
        line for p in paragraphs for line in textwrap.wrap(p, 40, drop_whitespace=False)
    )
    found = tree(text)
    assert [path for path, _ in found] == ["1", "1.1", "1.2"]
    assert found[1][1] == sentence + ",形成长效机制"


def test_a_number_that_a_broken_line_begins_with_is_no_heading() -> None:
    line = "各县区要细化措施加大投入统筹推进重点项目建设确保按期完成年度建设任务并覆盖全部"
    text = "一、保障\n" + "\n".join([line] * 14) + "\n十、百级项目优先支持。\n二、附则\n施行。\n"
    assert paths(text) == ["1", "2"]


def test_a_heading_split_from_its_ordinal_is_put_together() -> None:
    assert tree("一、\n总体要求\n说明。\n") == [("1", "总体要求")]


def test_a_text_run_together_on_one_line_still_shows_its_headings() -> None:
    text = (
        "为推动应用，制定本计划。一、总体目标。到2027年建成平台5个。二、重点任务(一)医疗应用。推广辅助诊断。"
        "(二)教育应用。建设智慧校园。三、保障措施(一)加强领导。成立专班。" + "做好各项工作，" * 10
    )
    assert tree(text) == [
        ("1", "总体目标"),
        ("2", "重点任务"),
        ("2.1", "医疗应用"),
        ("2.2", "教育应用"),
        ("3", "保障措施"),
        ("3.1", "加强领导"),
    ]


@pytest.mark.parametrize(
    "printed",
    ["（一）", "(一)", "㈠", "（ 一 ）", "〔一〕", "（一）、", "（⼀）", "一）"],
)
def test_an_ordinal_is_known_however_it_is_printed(printed: str) -> None:
    assert tree(f"一、任务\n{printed}建设平台。做好。\n") == [("1", "任务"), ("1.1", "建设平台")]


@pytest.mark.parametrize("printed", ["1.", "１．", "1、", "⒈", "1﹒", "1 ."])
def test_an_arabic_ordinal_is_known_however_it_is_printed(printed: str) -> None:
    assert tree(f"一、任务\n{printed}建设平台。做好。\n") == [("1", "任务"), ("1.1", "建设平台")]


def test_circles_half_brackets_and_decimals_nest_below() -> None:
    text = "一、任务\n1.平台。做。\n①甲。做。\n②乙。做。\n2.数据。做。\n1)丙。做。\n二、保障\n2.1 组织\n做。\n2.2 资金\n做。\n"
    assert paths(text) == ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "2", "2.1", "2.2"]


def test_a_figure_behind_an_ordinal_belongs_to_the_title() -> None:
    text = "一、任务\n1.5G融合应用。做。\n2.2025年行动。做。\n3.100个场景建设。做。\n"
    assert tree(text)[1:] == [
        ("1.1", "5G融合应用"),
        ("1.2", "2025年行动"),
        ("1.3", "100个场景建设"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "一是加强领导；二是加大投入。",
        "——创新引领。把握趋势。",
        "2025年3月12日",
        "到2027年，(一)类平台建成5个，包括：1.甲；2.乙。",
        "“1.甲”“2.乙”两类。",
        "1\t建设平台\t市科技局\t市财政局",
        "- 3 -",
        "一、二、三产业融合发展。",
    ],
)
def test_no_heading_is_made_of(line: str) -> None:
    assert paths(f"一、任务\n{line}\n二、保障\n做。\n") == ["1", "2"]


def test_units_behind_a_heading_are_its_text_and_not_its_title() -> None:
    folded = fold("一、夯实基础（责任单位：市数据局）\n（一）平台。做。\n")
    first = outline(folded, (0, len(folded.text)))[0]
    assert first.title == "夯实基础"
    assert "市数据局" in folded.text[first.text : first.end]


def test_a_title_that_is_a_whole_sentence_stays_in_the_text_under_it() -> None:
    folded = fold("一、任务\n1.发展智慧农业，建设5个示范基地。（市农业农村局）\n")
    item = outline(folded, (0, len(folded.text)))[1]
    assert folded.text[item.text : item.end].startswith("发展智慧农业,建设5个示范基地")


def test_the_own_text_of_a_heading_ends_where_the_next_begins() -> None:
    folded = fold("一、任务\n总说。\n（一）甲。做甲。\n二、保障\n做乙。\n")
    found = outline(folded, (0, len(folded.text)))
    assert [h.end for h in found] == [*(h.start for h in found[1:]), len(folded.text)]
    assert folded.text[found[0].text : found[0].end].strip() == "总说。"


def test_an_annex_behind_the_plan_does_not_go_on_with_its_tree() -> None:
    text = "一、目标\n说明。\n二、任务\n（一）甲。做。\n附件：任务清单\n一、算力类\n1.智算中心\n"
    assert paths(text) == ["1", "2", "2.1"]


def test_a_plan_that_is_the_annex_of_a_short_letter_is_the_one_that_counts() -> None:
    text = "一、征求时间\n七日。\n附件\n一、目标\n甲。\n二、任务\n乙。\n三、保障\n丙。\n"
    assert tree(text) == [("1", "目标"), ("2", "任务"), ("3", "保障")]


def test_headings_without_numbers_are_counted_where_the_contents_name_them() -> None:
    text = "基本介绍\n背景,目标,任务,\n背景\n目标\n到明年建成。\n任务\n（一）甲事。做。\n"
    assert tree(text) == [("1", "目标"), ("2", "任务"), ("2.1", "甲事")]


@pytest.mark.parametrize("text", ["", "\n\n", "\x00\x01\ufffd" * 50, "一、", "(一)", "1.1.1.1."])
def test_nothing_crashes_on_empty_or_broken_text(text: str) -> None:
    folded = fold(text)
    found = outline(folded, body(folded))
    assert all(isinstance(h, Heading) for h in found)
