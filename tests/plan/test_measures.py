"""Policy instruments and mechanisms: cases, and the annotated documents as a whole."""

import pytest

from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.measures import measures
from qianhang.plan.reading.outline import outline


def names(text: str) -> list[str]:
    return [m.name for m in measures(fold(text), ())]


def test_vouchers_are_each_an_instrument():
    assert names("通过发放算力券、模型券等方式降低成本。") == ["算力券", "模型券"]


def test_instrument_takes_in_what_it_is_for():
    assert names("鼓励社会资本设立航运领域专项基金。") == ["航运领域专项基金"]
    assert names("探索建立重点应用场景机会清单。") == ["重点应用场景机会清单"]


def test_instrument_named_twice_counts_once():
    text = "采用“揭榜挂帅”方式组织攻关。依托“揭榜挂帅”项目引进人才。"
    (only,) = measures(fold(text), ())
    assert only.start == text.index("揭榜挂帅")


def test_fuller_name_stands_for_an_earlier_bare_one():
    text = "健全授权运营等制度。稳步推进公共数据资源授权运营。"
    assert names(text) == ["公共数据资源授权运营"]


def test_quotation_marks_are_not_part_of_the_name():
    assert names("探索场景化“沙盒监管”。") == ["沙盒监管"]


@pytest.mark.parametrize(
    "text",
    [
        "推动人工智能在港口规模化应用,提升通行效率。",
        "推动航运政务服务智能预审。",
        "推进港口采购和政府采购流程智能化。",
        "健全航运数据分类分级目录。",
    ],
)
def test_words_of_the_trade_name_no_instrument(text):
    assert names(text) == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("推广“航运贷”“船员贷”。", ["航运贷", "船员贷"]),
        ("实施“海港英才”计划。", ["“海港英才”计划"]),
        ("完善算法备案、科技伦理审查制度。", ["算法备案", "科技伦理审查制度"]),
        ("建立月调度、季通报、年评估机制。", ["月调度、季通报、年评估机制"]),
        ("建立“链长+船长”协同机制。", ["“链长+船长”协同机制"]),
        ("推行轻微违法行为不予处罚清单。", ["轻微违法行为不予处罚清单"]),
        ("完善应用试错容错管理制度。", ["应用试错容错管理制度"]),
        ("办好航运人工智能创新大赛。", ["航运人工智能创新大赛"]),
        ("编制公共数据资源开放清单。", ["公共数据资源开放清单"]),
    ],
)
def test_instruments_are_named_in_full(text, meant):
    assert names(text) == meant


def test_places_are_those_of_the_folded_text():
    text = "一、保障措施\n(一)机制。實行首台套、首版次政策,建立聯席會議制度。\n"
    folded = fold(text)
    found = measures(folded, outline(folded, (0, len(folded.text))))
    assert [(m.section, folded.text[m.start : m.end]) for m in found] == [
        ("1.1", "首台套"),
        ("1.1", "联席会议制度"),
    ]
    assert found[1].span == "聯席會議制度"


def test_annotated_documents_are_read_well(placed_f1):
    """No bar is set; what stands is held."""
    assert placed_f1(measures, "measure") >= 0.85


def test_an_instrument_that_only_a_heading_names_counts():
    folded = fold("一、攻关\n（一）实施“揭榜挂帅”。支持企业。\n（二）建设平台。发放算力券。\n")
    headings = outline(folded, (0, len(folded.text)))
    assert [m.name for m in measures(folded, headings)] == ["揭榜挂帅", "算力券"]
