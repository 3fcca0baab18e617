"""The facts of the annotated documents, and of heads of every kind, read by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qianhang.plan.reading.clutter import body
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.heading import Facts, facts
from qianhang.plan.reading.outline import outline
from qianhang.plan.reading.region import level_of

REST = "一、目标\n到2027年建成平台5个。\n二、保障\n成立专班。\n"


def told(text: str) -> Facts:
    folded = fold(text)
    proper = body(folded)
    return facts(folded, proper, outline(folded, proper))


@pytest.mark.parametrize("name", ["henan", "jiangxi", "qitaihe", "zhejiang"])
def test_the_facts_of_an_annotated_plan_are_as_annotated(plan_texts: Path, name: str) -> None:
    gold = json.loads((plan_texts / "gold" / f"{name}.json").read_text("utf8"))
    found = told((plan_texts / "texts" / f"{name}.txt").read_text("utf8"))
    for key in ("title", "issuer", "doc_no", "date", "period", "level", "status"):
        assert getattr(found, key) == (gold[key] or ""), key


def test_a_study_is_neither_issued_nor_a_draft(plan_texts: Path) -> None:
    found = told((plan_texts / "texts" / "cppcc.txt").read_text("utf8"))
    assert (found.status, found.level, found.region) == ("study", "province", "河南省")


def test_the_letter_tells_who_when_and_under_which_number() -> None:
    found = told(
        "云川市人民政府办公室关于印发云川市2025年人工智能工作要点的通知\n云政办发〔2025〕9号\n"
        "各县区：\n《云川市2025年人工智能工作要点》已经市政府同意，现印发给你们。\n"
        "云川市人民政府办公室\n二〇二五年三月十二日\n云川市2025年人工智能工作要点\n" + REST
    )
    assert found == Facts(
        title="云川市2025年人工智能工作要点",
        issuer="云川市人民政府办公室",
        doc_no="云政办发〔2025〕9号",
        date="2025-03-12",
        period="2025-2025",
        level="city",
        status="issued",
        region="云川市",
    )


def test_a_table_of_the_page_tells_what_the_text_does_not() -> None:
    found = told(
        "发布机构：\t东川县人民政府\t成文日期：\t2024-05-06\n文号：东政发[2024]7号\n"
        "东川县加快人工智能应用实施方案\n" + REST
    )
    assert (found.issuer, found.date) == ("东川县人民政府", "2024-05-06")
    assert found.doc_no == "东政发〔2024〕7号"
    assert (found.level, found.period) == ("county", "2024-2027")


def test_the_number_of_another_document_is_not_its_own() -> None:
    text = "云川市行动方案\n根据《省里的意见》（省发〔2020〕1号），制定本方案。\n"
    assert told(text + REST).doc_no == ""


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("云川市行动方案（2024—2026年）", "2024-2026"),
        ("云川市行动计划（2025年-2027年）", "2025-2027"),
        ("云川市“十五五”人工智能发展规划", "2026-2030"),
        ("云川市“十四五”人工智能发展规划", "2021-2025"),
        ("云川市2025年工作要点", "2025-2025"),
        ("云川市人工智能行动方案", "-2027"),
    ],
)
def test_the_period_is_read_from_the_title_or_the_goal(title: str, period: str) -> None:
    assert told(f"{title}\n说明。\n{REST}").period == period


@pytest.mark.parametrize(
    ("title", "level", "region"),
    [
        ("国务院关于深入推进智能经济的意见", "nation", ""),
        ("广东省人工智能行动方案", "province", "广东省"),
        ("广西壮族自治区人工智能行动方案", "province", "广西壮族自治区"),
        ("内蒙古人工智能行动方案", "province", "内蒙古自治区"),
        ("上海市人工智能行动方案", "province", "上海市"),
        ("浙江省杭州市人工智能行动方案", "city", "杭州市"),
        ("云川市桃溪区人工智能行动方案", "county", "桃溪区"),
        ("2024年石门县人工智能工作要点", "county", "石门县"),
        ("延边朝鲜族自治州人工智能行动方案", "city", "延边朝鲜族自治州"),
    ],
)
def test_the_place_gives_the_level(title: str, level: str, region: str) -> None:
    found = told(f"{title}\n说明。\n{REST}")
    assert (found.level, found.region) == (level, region)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("云川市行动方案（征求意见稿）\n" + REST, "draft"),
        ("云川市行动方案（送审稿）\n" + REST, "draft"),
        (
            "XX市行动方案\n一、目标\n培育企业XX家，产值XX亿元，建设平台x个。\n二、保障\n做。\n",
            "template",
        ),
        (
            "云川产业迎来机遇\n本报讯（记者 某某）昨日，市科技局介绍情况。一是产业稳步增长。\n",
            "news",
        ),
        ("软件采购合同\n甲方：某公司\n一、标的\n软件一套。\n二、价款\n一百元。\n", ""),
        ("第一章 风雨夜\n那天夜里，风很大。\n第二章 归人\n他回来了。\n", ""),
        ("", ""),
        ("\x00\x07\ufffd" * 40, ""),
    ],
)
def test_the_state_of_a_document(text: str, status: str) -> None:
    assert told(text).status == status


def test_several_offices_sign_in_order() -> None:
    text = "云川市行动方案\n说明。\n" + REST + "云川市科技局\n云川市财政局\n2025年3月1日"
    assert told(text).issuer == "云川市科技局、云川市财政局"


def test_an_office_may_sign_on_the_line_of_the_date() -> None:
    found = told("云川市行动方案\n说明。\n" + REST + "云川市人民政府办公室  2025年3月1日印发\n")
    assert (found.issuer, found.date) == ("云川市人民政府办公室", "2025-03-01")


def test_words_spread_over_a_line_are_read_as_words() -> None:
    text = "| 发 布 机 构: | 云川市人民政府 | 发 文 日 期: | 2025-12-29 |\n云川市行动方案\n说明。\n"
    assert told(text + REST).issuer == "云川市人民政府"
    assert told(text + REST).date == "2025-12-29"


def test_a_title_in_two_lines_is_one_title() -> None:
    text = "云川市人民政府关于\n加快人工智能发展的实施意见\n（试行）\n" + REST
    assert told(text).title == "云川市人民政府关于加快人工智能发展的实施意见(试行)"


@pytest.mark.parametrize(
    ("issuer", "title", "level"),
    [
        ("高岭经济技术开发区管理委员会", "若干措施", "county"),
        ("", "松原新区“人工智能+”行动计划", "county"),
        ("", "推动国家人工智能示范区建设方案", ""),
        ("工业和信息化部", "行动计划", "nation"),
    ],
)
def test_a_zone_ranks_with_counties(issuer: str, title: str, level: str):
    assert level_of(issuer, title, "") == level


@pytest.mark.parametrize(
    ("under", "issuer", "date"),
    [
        ("云川市数据局\n云数发〔2026〕7号\n2026年3月18日", "云川市数据局", "2026-03-18"),
        ("（云川市人民政府办公室 2026年1月1日）", "云川市人民政府办公室", "2026-01-01"),
        ("（征求意见稿）\n云川市数据局\n2026年1月", "云川市数据局", ""),
        ("来源：云川市数据局 发布日期：2026-01-05", "云川市数据局", "2026-01-05"),
        ("发布机构：云川市数据局\n发布日期：2026年1月5日", "云川市数据局", "2026-01-05"),
        (
            "云川市数据局 云川市科学技术局\n2026年1月5日",
            "云川市数据局、云川市科学技术局",
            "2026-01-05",
        ),
    ],
)
def test_the_lines_under_a_title_tell_who_and_when(under: str, issuer: str, date: str) -> None:
    found = told(f"云川市“人工智能+”行动方案\n{under}\n{REST}")
    assert found.title.startswith("云川市“人工智能+”行动方案")
    assert "2026" not in found.title
    assert (found.issuer, found.date) == (issuer, date)


def test_a_number_behind_the_title_is_no_part_of_it() -> None:
    found = told(f"云川市人民政府关于促进人工智能发展的实施意见云政发〔2026〕5号\n{REST}")
    assert found.title == "云川市人民政府关于促进人工智能发展的实施意见"
    assert found.doc_no == "云政发〔2026〕5号"


def test_a_row_of_a_table_is_no_title() -> None:
    assert told("序号\t重点任务\t牵头单位\n1\t建设平台\t云川市数据局\n").title == ""
