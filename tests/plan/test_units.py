"""Who answers for a heading. The cases are made up in the notations in which plans are printed;
what each must give was written down from the rule in the plans' README, not from the program:
printed_units.txt holds them, one a line."""

import json
from pathlib import Path

import pytest

from qianhang.plan.document import Units
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.heading import Facts
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.units import cell_units, units_of

PROVINCE = Facts(level="province", region="河南省")
CITY = Facts(level="city", region="洛阳市")


def read(text, facts=PROVINCE):
    folded = fold(text)
    heading = Heading("1", "", 0, 0, len(folded.text), 1)
    return units_of(folded, heading, facts=facts)


def units(responsible="", lead="", support=""):
    return Units(*(tuple(x.split()) for x in (responsible, lead, support)))


BODY = "（一）推进智能制造。支持企业建设智能工厂，打造典型场景。"


def printed(kind):
    """The cases of a kind: what is printed, and the units that it names, by role."""
    lines = Path(__file__).with_name("printed_units.txt").read_text("utf8").splitlines()
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")] + ["", "", ""]
        if cells[0] == kind:
            yield cells[1].replace("\\n", "\n"), units(*cells[2:5])


NOT_UNITS = [
    "\n主办单位：某某市人民政府办公室\n承办单位：某某市大数据局\n",
    "\n联系单位：市科技局；联系电话：12345678\n",
    "发展服务机器人（迎宾、讲解、导诊）等产品。",
    "推进重点企业（龙头企业牵头）创新联合体建设。",
    "打造一批创新平台（中心、实验室、研究院）。",
    "国家有关部委（国家发展改革委、科技部）支持的项目优先。",
    "落实意见（豫政〔2024〕5号）要求。",
    "（此件公开发布）",
    "支持有条件的县（市、区）先行先试。",
]


@pytest.mark.parametrize(("text", "meant"), list(printed("province")))
def test_units_after_a_provinces_text_are_read_as_printed(text, meant):
    assert read(BODY + text) == meant


@pytest.mark.parametrize(("text", "meant"), list(printed("city")))
def test_units_after_a_citys_text_are_read_as_printed(text, meant):
    assert read(BODY + text, CITY) == meant


@pytest.mark.parametrize(("text", "meant"), list(printed("prose")))
def test_plain_sentences_name_units_only_beyond_doubt(text, meant):
    assert read("（一）加强组织实施。" + text) == meant


def test_an_office_named_after_the_plans_own_place_has_lost_nothing():
    """The place is on no map: it is known from the region, the office or the title alone."""
    text = "(省财政厅、国资委、青岚金融监管局、证监局)"
    meant = units("省财政厅 省国资委 青岚金融监管局 青岚证监局")
    assert read(BODY + text, Facts(region="青岚省")) == meant
    assert read(BODY + text, Facts(title="青岚省人工智能行动方案")) == meant
    port = "(市交通运输局、海屿海事局、工信局)"
    assert read(BODY + port, Facts(region="海屿市")) == units("市交通运输局 海屿海事局 市工信局")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("(省数据局,广州、深圳市人民政府等负责)", "省数据局 广州市人民政府 深圳市人民政府"),
        ("(责任单位:广州市、深圳市人民政府)", "广州市人民政府 深圳市人民政府"),
        ("(责任单位:兰水、北麓市人民政府)", "兰水市人民政府 北麓市人民政府"),
        ("(责任单位:各市、县人民政府)", "各市、县人民政府"),
    ],
)
def test_places_in_a_row_share_the_government_printed_last(text, meant):
    assert read(BODY + text) == units(meant)


def test_how_long_it_goes_on_is_no_unit():
    assert read(BODY + "(省科技厅;持续推进)") == units("省科技厅")


@pytest.mark.parametrize("text", NOT_UNITS)
def test_brackets_about_other_things_name_no_units(text):
    assert not read(BODY + text)


def test_several_lists_of_one_heading_are_joined_in_printed_order():
    text = BODY + "（责任单位：省科技厅）推进应用。（责任单位：省财政厅、省科技厅）"
    assert read(text) == units("省科技厅 省财政厅")


def test_units_in_a_heading_count_for_it():
    assert read("（一）推进智能制造（责任单位：省科技厅）\n支持企业建设智能工厂。") == units(
        "省科技厅"
    )


def test_units_of_the_next_heading_are_not_taken():
    folded = fold("（一）甲。推进。\n（二）乙。推进。（责任单位：省科技厅）")
    end = folded.text.index("(二)")
    first = Heading("1", "甲", 0, 0, end, 1)
    assert not units_of(folded, first, facts=PROVINCE)


def test_a_name_that_recurs_in_its_own_spelling_is_no_slip():
    text = "（一）甲。（责任单位：省农村农业厅）" + "省农村农业厅" * 3
    assert read(text).responsible == ("省农村农业厅",)


def test_a_cell_of_a_table_is_read_like_a_list():
    assert cell_units("省科技厅\n省财政厅", facts=PROVINCE) == units("省科技厅 省财政厅")
    assert cell_units("省科技厅牵头,教育厅配合", facts=PROVINCE) == units(
        "", "省科技厅", "省教育厅"
    )


@pytest.mark.parametrize("stem", ["henan", "jiangxi", "qitaihe", "zhejiang", "cppcc"])
def test_units_of_the_annotated_documents_are_found(plan_texts, stem):
    gold = json.loads((plan_texts / "gold" / f"{stem}.json").read_text("utf8"))
    folded = fold((plan_texts / "texts" / f"{stem}.txt").read_text("utf8"))
    facts = Facts(level=gold["level"], region="某省" if gold["level"] == "province" else "某市")
    starts = [folded.find(s["start"]) for s in gold["sections"]] + [len(folded.text)]
    found, meant = set(), set()
    for i, section in enumerate(gold["sections"]):
        heading = Heading(section["path"], "", starts[i], starts[i], starts[i + 1], 1)
        got = units_of(folded, heading, facts=facts)
        for role in ("responsible", "lead", "support"):
            found |= {(section["path"], role, plain(n)) for n in getattr(got, role)}
            meant |= {(section["path"], role, plain(n)) for n in section.get(role, [])}
    assert len(found & meant) >= 0.98 * max(len(found), len(meant))


def plain(name):
    return fold(name).text.replace("(", "").replace(")", "")


@pytest.mark.parametrize(
    "sentence",
    [
        "每年遴选10个项目，由市科技局牵头，市财政局、市教育局配合。",
        "每年遴选10个项目，市科技局负责牵头，市财政局、市教育局参与。",
        "市科技局负责牵头，市财政局、市教育局参与。",
    ],
)
def test_units_that_end_a_sentence_have_their_roles(sentence):
    assert read(sentence, CITY) == units(lead="市科技局", support="市财政局 市教育局")
