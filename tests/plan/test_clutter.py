"""Where a plan begins and ends, marked by hand in short pages of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianhang.plan.reading.clutter import body
from qianhang.plan.reading.fold import fold

PLAN = "云川市“人工智能+”行动方案\n（2025—2027年）\n为推动应用，制定本方案。\n一、目标\n到2027年建成平台5个。\n二、保障\n（一）加强领导。成立专班。"


def proper(text: str) -> str:
    folded = fold(text)
    start, end = body(folded)
    return folded.text[start:end]


PAGES = {
    "a bare plan": PLAN,
    "menus and a breadcrumb": "设为首页\n政府工作报告\n首页 > 政务公开 > 规划计划\n" + PLAN,
    "a letter that sends it": (
        "云川市人民政府关于印发云川市“人工智能+”行动方案（2025—2027年）的通知\n云政发〔2025〕9号\n"
        "各县区人民政府：\n《云川市“人工智能+”行动方案（2025—2027年）》已经同意，现印发给你们。\n"
        "云川市人民政府\n2025年3月1日\n" + PLAN
    ),
    "a letter that asks for opinions, with numbers of its own": (
        "关于征求《云川市“人工智能+”行动方案》意见的公告\n一、时间\n七日内。\n二、方式\n1.电子邮箱。\n"
        "联系人：某某，电话：0123。\n附件：云川市“人工智能+”行动方案\n云川市科技局\n2025年3月1日\n附件\n" + PLAN
    ),
    "a footer": PLAN + "\n主办单位：云川市人民政府办公室\n备案号：云ICP备1号\n网站地图",
    "related texts with headings": PLAN + "\n相关阅读\n行动方案解读\n一、背景\n说明。\n二、内容\n说明。",
    "what the drafters say of it": PLAN + "\n关于方案的起草说明\n一、背景\n说明。\n二、过程\n说明。",
    "another plan behind it": PLAN + "\n云川市人工智能若干措施\n一、支持研发\n说明。",
    "a contact block": PLAN + "\n联系电话：0123-456\n传真：0123-457\n",
    "a blog's signature": PLAN + "\nPublished by\n某人\n一句诗 又一句诗\n",
    "links in square brackets": PLAN + "\n【打印本页】 【关闭窗口】\n分享到：\n微信\n",
    "advertisements in a table": PLAN + "\n资料获取 | |\n== 产品推荐 == | |\n迎宾设备 |\n",
    "an encyclopedia": (
        "云川市方案\n基本介绍\n发布信息,内容全文,内容解读,\n发布信息\n2025年发布。\n内容全文\n" + PLAN
        + "\n内容解读\n一、背景\n说明。\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAGES)
def test_the_plan_is_found_in(kind: str) -> None:
    assert proper(PAGES[kind]) == fold(PLAN).text


def test_a_signature_with_its_date_still_belongs_to_the_text() -> None:
    signed = PLAN + "\n云川市人民政府\n2025年3月1日"
    assert proper(signed + "\n主办：某办\n") == fold(signed).text


def test_the_office_and_the_date_under_the_title_do_not_end_a_table_of_tasks() -> None:
    text = (
        "云川市2026年人工智能重点任务清单\n云川市工业和信息化局 2026年2月1日\n"
        "序号\t重点任务\t牵头单位\n1\t建设算力平台\t市数据局\n"
    )
    assert proper(text) == fold(text).text.rstrip()


def test_a_title_behind_a_table_of_contents_begins_no_other_text() -> None:
    title, _, rest = PLAN.partition("\n")
    text = f"{title}\n目录\n一、目标\n二、保障\n{title}\n{rest}"
    assert proper(text).endswith("成立专班。")


def test_an_annex_behind_the_signature_belongs_to_the_text() -> None:
    annexed = PLAN + "\n云川市人民政府\n2025年3月1日\n附件\n任务清单\n1\t建设平台\t市科技局"
    assert proper(annexed) == fold(annexed).text


def test_who_answers_on_a_line_of_its_own_is_no_clutter() -> None:
    answered = PLAN + "\n责任单位：市科技局、市财政局"
    assert proper(answered + "\n返回首页\n") == fold(answered).text


def test_the_annotated_documents_begin_at_their_titles(plan_texts: Path) -> None:
    """First words and last words as read in the documents."""
    edges = {
        "henan": ("河南省推动“人工智能+”行动计划", "财政厅)"),
        "jiangxi": ("江西省“人工智能+”行动方案\n", "按职责分工负责)"),
        "qitaihe": ("七台河市人民政府关于促进", "2021年4月23日"),
        "zhejiang": ("浙江省“人工智能+”行动计划(2024—2027年)\n(征求", "加速涌现。"),
        "cppcc": ("人工智能创新发展专题研究", "郑州中心。"),
    }
    for name, (first, last) in edges.items():
        text = proper((plan_texts / "texts" / f"{name}.txt").read_text("utf8"))
        assert (text[: len(first)], text[-len(last) :]) == (first, last)


@pytest.mark.parametrize("text", ["", " \n\t\n", "\x00" * 99, "没有任何标题的一句话"])
def test_nothing_crashes_where_there_is_no_plan(text: str) -> None:
    start, end = body(fold(text))
    assert 0 <= start <= end <= len(text)
