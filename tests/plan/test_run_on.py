"""Headings where a text was pasted without its line breaks, bare numbers, units behind items."""

from __future__ import annotations

from qianhang.plan.reading.read import read_text


def sections(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    found = read_text(text, file="a.txt").sections
    return [(s.path, s.title, s.units.responsible) for s in found]


def test_a_text_without_line_breaks_is_parted_by_its_ordinals():
    text = (
        "某市“人工智能+”行动方案(2025—2027年)一、总体要求到2027年,智算规模达到900P,培育企业300家以上。"
        "二、重点任务(一)夯实算力底座。建设某市智算中心。(责任单位:市数据局、市发展改革委)"
        "(二)拓展应用场景。1.人工智能+制造。改造智能工厂50家。(责任单位:市工信局)"
        "2.人工智能+医疗。推广辅助诊断系统。(责任单位:市卫健委)三、保障措施(一)加强组织领导。成立专班。"
    )
    assert sections(text) == [
        ("1", "总体要求", ()),
        ("2", "重点任务", ()),
        ("2.1", "夯实算力底座", ("市数据局", "市发展改革委")),
        ("2.2", "拓展应用场景", ()),
        ("2.2.1", "人工智能+制造", ("市工信局",)),
        ("2.2.2", "人工智能+医疗", ("市卫健委",)),
        ("3", "保障措施", ()),
        ("3.1", "加强组织领导", ()),
    ]


def test_a_bare_number_is_a_heading_beside_dotted_ones_alone():
    dotted = "某区规划\n1 总体目标\n达标。\n2 重点任务\n2.1 算力建设\n建设。\n3 保障措施\n落实。\n"
    assert [path for path, _, _ in sections(dotted)] == ["1", "2", "2.1", "3"]
    listed = "某区规划\n一、总体目标\n1 总体目标\n2 重点任务\n二、任务\n推进。\n"
    assert [path for path, _, _ in sections(listed)] == ["1", "2"]


def test_units_behind_a_heading_on_its_line_are_no_part_of_it():
    text = "某市要点\n一、任务\n1)建设算力中心;责任单位:市发改委 市数据局\n2)建设网络。\n"
    assert sections(text)[1] == ("1.1", "建设算力中心", ("市发改委", "市数据局"))


def test_units_on_their_own_line_behind_several_items_answer_for_the_heading_above():
    items = (
        "(一)强化算力。\n1.建设中心。建设智算中心。\n2.优化调度。建设平台。\n(责任单位:市数据局)\n"
    )
    text = f"某市方案\n一、任务\n{items}(二)其他。\n推进。\n"
    assert [units for _, _, units in sections(text)] == [(), ("市数据局",), (), (), ()]
    own = text.replace("建设智算中心。", "建设智算中心。(责任单位:市科技局)")
    assert [units for _, _, units in sections(own)][1:4] == [(), ("市科技局",), ("市数据局",)]


NEWS = (
    "某省“人工智能+”行动方案出炉\n"
    "本报讯 昨日,省政府新闻办召开新闻发布会,介绍某省“人工智能+”行动方案有关情况,会议由省发展改革委主持召开。\n"
    "建好一张网、三朵云\n"
    "方案把夯实底座放在首位,将加快建设国家算力枢纽节点,打造省级算力调度平台,到2027年建成智算中心20个。\n"
    "千家工厂先行\n"
    "省工业和信息化厅有关负责人表示,每年推动1000家以上企业实施智能化改造,生产效率平均提升20%以上。\n"
    "编辑:某某\n"
)


def test_short_lines_between_the_paragraphs_of_news_are_headings():
    assert [(path, title) for path, title, _ in sections(NEWS)] == [
        ("1", "建好一张网、三朵云"),
        ("2", "千家工厂先行"),
    ]


def test_one_short_line_heads_nothing():
    assert sections(NEWS.replace("千家工厂先行\n", "")) == []


def test_units_given_to_a_heading_above_leave_the_next_item_its_own():
    items = "(一)平台\n1.建设中心。\n2.优化调度。\n(责任单位:市数据局)\n(二)应用\n推广应用。\n(责任单位:市工信局)\n"
    found = sections(f"某市方案\n一、总则\n坚持。\n二、任务\n{items}")
    assert [(path, units) for path, _, units in found if units] == [
        ("2.1", ("市数据局",)),
        ("2.2", ("市工信局",)),
    ]
