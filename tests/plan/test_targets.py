"""Targets of sentences written for these tests; what each must give was set down by hand."""

from __future__ import annotations

import pytest

from qianhang.plan.document import Target
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.heading import Facts
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.targets import targets

Expected = tuple[float | tuple[float, float], str, str, int | None, str]


def _read(
    text: str, headings: tuple[Heading, ...] = (), *, start: int = 0, date: str = "2024-10-08"
) -> tuple[Target, ...]:
    folded = fold(text)
    facts = Facts(title="某市行动方案", date=date)
    return targets(folded, (start, len(folded.text)), headings, facts=facts)


def _short(target: Target) -> Expected:
    return (
        target.value, target.unit, target.comparator, target.deadline, target.indicator,
    )  # fmt: skip


def _headings(text: str, *titles: tuple[str, str]) -> tuple[Heading, ...]:
    """Headings (path, title) at the first place where each title stands alone in a text."""
    starts = [text.index(title) for _, title in titles]
    ends = [*starts[1:], len(text)]
    return tuple(
        Heading(path, title, start, start + len(title), end, path.count(".") + 1)
        for (path, title), start, end in zip(titles, starts, ends, strict=True)
    )


GIVEN: list[tuple[str, list[Expected]]] = [
    # Comparators and numbers in all forms.
    ("到2027年,建成6个以上数据标注基地。", [(6, "个", ">=", 2027, "数据标注基地")]),
    ("到2026年底,算力规模超过1.2万PFlops。", [(1.2, "万PFlops", ">", 2026, "算力规模")]),
    ("力争2028年,全市光缆总长不少于3,500公里。", [(3500, "公里", ">=", 2028, "全市光缆总长")]),
    ("到2027年,数据中心PUE降至1.3以下。", [(1.3, "", "<=", 2027, "数据中心PUE")]),
    ("到2027年,平均时延低于5毫秒。", [(5, "毫秒", "<", 2027, "平均时延")]),
    ("到2027年,办件平均用时不超过2小时,响应时长缩短40%。",
     [(2, "小时", "<=", 2027, "办件平均用时"), (40, "%", "=", 2027, "响应时长缩短")]),
    ("到2027年,引进团队8个左右。", [(8, "个", "~", 2027, "团队")]),
    ("到2027年,培育两家链主企业和三至五家服务商。",
     [(2, "家", "=", 2027, "链主企业"), ((3, 5), "家", "=", 2027, "服务商")]),
    ("到2027年,在线办理率达到百分之九十五以上。", [(95, "%", ">=", 2027, "在线办理率")]),
    ("到2027年,新增企业3.5万家,带动就业10余万人。",
     [(3.5, "万家", "=", 2027, "企业"), (10, "万人", ">", 2027, "就业")]),
    ("到2027年,软件业务收入翻一番。", [(2, "倍", "=", 2027, "软件业务收入")]),
    ("到2027年,综合排名进入全省前5位。", [(5, "位", "<=", 2027, "综合排名")]),
    ("到2027年,建成20万标准机架,存力达到30EB。",
     [(20, "万标准机架", "=", 2027, "标准机架"), (30, "EB", "=", 2027, "存力")]),
    ("到2027年,算电协同电价低于0.3元/千瓦时。", [(0.3, "元/千瓦时", "<", 2027, "算电协同电价")]),
    ("到2027年,每万人高价值专利达到12件,研发投入强度达2.8%。",
     [(12, "件", "=", 2027, "每万人高价值专利"), (2.8, "%", "=", 2027, "研发投入强度")]),
    ("到2027年,近百个村实现智慧灌溉。", [(100, "个", "~", 2027, "村实现智慧灌溉")]),
    ("到2027年,产业规模达到500亿元—600亿元。", [((500, 600), "亿元", "=", 2027, "产业规模")]),
    ("到2027年,增速高于全省平均2个百分点以上。",
     [(2, "个百分点", ">=", 2027, "增速高于全省平均")]),
    ("到2027年,打造100+个标杆场景。", [(100, "个", ">=", 2027, "标杆场景")]),
    ("到2027年,力争上千家企业上云。", [(1000, "家", ">=", 2027, "企业上云")]),
    ("到2027年,建设100G以上骨干链路。", [(100, "G", ">=", 2027, "骨干链路")]),
    # Noun before, noun behind, several in one clause.
    ("到2027年,培育独角兽企业5家、瞪羚企业60家以上。",
     [(5, "家", "=", 2027, "独角兽企业"), (60, "家", ">=", 2027, "瞪羚企业")]),
    ("到2027年,形成3个区域模型、15个以上行业模型和一批应用模型。",
     [(3, "个", "=", 2027, "区域模型"), (15, "个", ">=", 2027, "行业模型")]),
    ("到2027年,年产值超20亿元的龙头企业2家。",
     [(2, "家", "=", 2027, "年产值超20亿元的龙头企业")]),
    ("到2027年,培育5家营收超10亿元的领军企业。",
     [(5, "家", "=", 2027, "营收超10亿元的领军企业")]),
    ("到2027年,集聚企业200家,其中上市企业10家。",
     [(200, "家", "=", 2027, "企业"), (10, "家", "=", 2027, "上市企业")]),
    ("到2027年,智能算力规模稳步提升,达到800P以上。",
     [(800, "P", ">=", 2027, "智能算力规模")]),
    ("到2027年,突破5项关键技术。", [(5, "项", "=", 2027, "关键技术")]),
    ("到2027年,工业互联网平台普及率和设备上云率分别达到60%和45%。",
     [(60, "%", "=", 2027, "工业互联网平台普及率"), (45, "%", "=", 2027, "设备上云率")]),
    ("到2027年、2030年,智能终端普及率分别超过70%、90%。",
     [(70, "%", ">", 2027, "智能终端普及率"), (90, "%", ">", 2030, "智能终端普及率")]),
    # Deadlines.
    ("到2026年,建成3个中心。到2028年,建成6个中心。",
     [(3, "个", "=", 2026, "中心"), (6, "个", "=", 2028, "中心")]),
    ("到“十四五”末,建成3座智慧电厂。", [(3, "座", "=", 2025, "智慧电厂")]),
    ("2026年底前,开通无人机航线12条。", [(12, "条", "=", 2026, "无人机航线")]),
    ("建设4个数据集,2026年底前完成。", [(4, "个", "=", 2026, "数据集")]),
    ("2025—2027年,每年举办2场以上对接活动。", [(2, "场", ">=", 2027, "对接活动")]),
    ("建设5个开放实验室。", [(5, "个", "=", None, "开放实验室")]),
    ("到2027年6月底,接入传感器2万个。", [(2, "万个", "=", 2027, "传感器")]),
    ("建设2个中试平台。完成时限:2026年12月", [(2, "个", "=", 2026, "中试平台")]),
    # Shares, ranks, parts, forms of measures.
    ("到2027年,全省80%以上的规上企业完成改造。", [(80, "%", ">=", 2027, "规上企业完成改造")]),
    ("到2027年,二级以上医院100%接入平台。", [(100, "%", "=", 2027, "二级以上医院接入平台")]),
    ("设立总规模50亿元的产业基金。", [(50, "亿元", "=", None, "产业基金总规模")]),
    ("到2027年,2家企业进入全国前十位。", [(2, "家", "=", 2027, "企业进入全国前十位")]),
    ("到2027年,传输时延不高于理论时延1.5倍。",
     [(1.5, "倍", "<=", 2027, "传输时延不高于理论时延")]),
    ("到2027年,通用航空器飞行达到15万小时。", [(15, "万小时", "=", 2027, "通用航空器飞行")]),
    ("2025年底、2027年底分别建成30个、60个场景。",
     [(30, "个", "=", 2025, "场景"), (60, "个", "=", 2027, "场景")]),
    ("到2027年,分别打造甲类、乙类场景20个、80个。",
     [(20, "个", "=", 2027, "甲类"), (80, "个", "=", 2027, "乙类场景")]),
    ("到2027年,A产业、B产业5个以上的园区和3个以上的基地建成。",
     [(5, "个", ">=", 2027, "园区"), (3, "个", ">=", 2027, "基地建成")]),
    ("到2027年,占比达到12%(2023年为9.8%)。", [(12, "%", "=", 2027, "占比")]),
    ("全省从事数据标注人员达到2万人以上。", [(2, "万人", ">=", None, "全省从事数据标注人员")]),
    ("到2027年,应用普及率达到70%,研发投入年均增长15%。",
     [(70, "%", "=", 2027, "应用普及率"), (15, "%", "=", 2027, "研发投入年均增长")]),
    # Structure that is a target all the same.
    ("到2027年,做强四个千亿级产业园区。", [(4, "个", "=", 2027, "千亿级产业园区")]),
    ("到2027年,推动3个通用模型在工厂深度应用。", [(3, "个", "=", 2027, "通用模型在工厂深度应用")]),
    # Time limits in brackets hold for what stands before them.
    ("建成中试平台7个(2026年6月底前完成)。新建充电站9座。",
     [(7, "个", "=", 2026, "中试平台"), (9, "座", "=", None, "充电站")]),
    ("建成中试平台7个,培训教师300名。(省科技厅牵头;2026年9月底前完成)",
     [(7, "个", "=", 2026, "中试平台"), (300, "名", "=", 2026, "教师")]),
    ("新建果园12个(2026年完成),智慧大棚面积达到4万亩。",
     [(12, "个", "=", 2026, "果园"), (4, "万亩", "=", None, "智慧大棚面积")]),
    ("打造标杆车间20家,上云企业900家(均到2027年)。",
     [(20, "家", "=", 2027, "标杆车间"), (900, "家", "=", 2027, "上云企业")]),
    ("建设数据集8个。\n责任单位:省数据局\n完成时限:2026年10月", [(8, "个", "=", 2026, "数据集")]),
    ("每年举办大赛2场以上,到2028年累计培育企业500家。",
     [(2, "场", ">=", None, "大赛"), (500, "家", "=", 2028, "企业")]),
    # Counted up to now or from now on.
    ("推进网络升级,充电桩累计建成6万个。", [(6, "万个", "=", None, "充电桩")]),
    ("三年累计实施攻关项目90项。", [(90, "项", "=", None, "攻关项目")]),
    ("行业模型由目前的4款增加到12款。", [(12, "款", "=", None, "行业模型")]),
    # Units and words for numbers.
    ("到2027年,遴选优秀案例百个,应用率达到八成以上。",
     [(100, "个", "=", 2027, "优秀案例"), (80, "%", ">=", 2027, "应用率")]),
    ("到2027年,产业规模达到三千亿元,交易额突破2千亿元。",
     [(3000, "亿元", "=", 2027, "产业规模"), (2000, "亿元", ">", 2027, "交易额")]),
    ("到2027年,接入视频10万路以上,作业面积达到300万亩次。",
     [(10, "万路", ">=", 2027, "视频"), (300, "万亩次", "=", 2027, "作业面积")]),
    ("每学年通识课不少于6课时。", [(6, "课时", ">=", None, "每学年通识课")]),
    ("装卸效率提升至35自然箱/小时。", [(35, "自然箱/小时", "=", None, "装卸效率")]),
    ("预约挂号等候时间低于8分钟,险情处置时间压减到10分钟内。",
     [(8, "分钟", "<", None, "预约挂号等候时间"), (10, "分钟", "<=", None, "险情处置时间")]),
    ("推广滴灌技术,亩均节水12%、节肥9%。",
     [(12, "%", "=", None, "亩均节水"), (9, "%", "=", None, "节肥")]),
    ("通过实施4个面向全国的示范应用工程,形成标杆。",
     [(4, "个", "=", None, "面向全国的示范应用工程")]),
    ("群众满意度达到95分以上。", [(95, "分", ">=", None, "群众满意度")]),
    # From one value to another; the indicator is that of its own clause.
    ("到2027年,物流费用占比从13.8%下降到12%。", [(12, "%", "=", 2027, "物流费用占比")]),
    ("到2027年,平均PUE从1.38降至1.25。", [(1.25, "", "=", 2027, "平均PUE")]),
    ("培育工厂60家,应用普及率由2024年的30%提高到2028年的55%以上。",
     [(60, "家", "=", None, "工厂"), (55, "%", ">=", 2028, "应用普及率")]),
    ("建设教育平台,课程开课率到2027年达到90%。", [(90, "%", "=", 2027, "课程开课率")]),
    ("机架上架率2026年达到55%、2027年达到65%。",
     [(55, "%", "=", 2026, "机架上架率"), (65, "%", "=", 2027, "机架上架率")]),
    ("完成老城区60公里道路智能化改造。", [(60, "公里", "=", None, "道路智能化改造")]),
    ("三年内完成50%以上专业的升级。", [(50, "%", ">=", None, "专业的升级")]),
    ("可信空间接入单位90家以上。", [(90, "家", ">=", None, "可信空间接入单位")]),
    # A year inside a clause holds for its sentence, one before a comma for the paragraph.
    ("2026年底前建成码头3座;新增航线7条。",
     [(3, "座", "=", 2026, "码头"), (7, "条", "=", None, "航线")]),
    ("到2026年,建成码头3座;新增航线7条。",
     [(3, "座", "=", 2026, "码头"), (7, "条", "=", 2026, "航线")]),
    # Comparators before the verb and over a list.
    ("各市至少建成2个示范社区。", [(2, "个", ">=", None, "示范社区")]),
]  # fmt: skip

NOTHING = [
    # The past.
    "目前,全市已建成智算中心3个,算力规模达到1200P。",
    "2022年,数字经济增加值突破900亿元,占GDP比重达到38%。",
    "截至2024年6月底,5G基站总数超过1.8万个。",
    "近年来,累计培育企业300余家,获得专利1200件。",
    "“十三五”以来,先后投资80亿元,建成平台15个。",
    "据统计,上云企业达2.1万家。",
    "主营业务收入同比增长12%,实现了15%的增长。",
    "2023年1—11月增加值增长7%。营收增速达到12%以上。",
    "试点正在推进,覆盖5个省和12所高校,已设立基地300所。",
    "截至3月底,充电桩达到390万台;公共桩占比40%以上。",
    # Incentives.
    "对新认定的企业给予最高200万元奖励。",
    "按设备投资额的15%给予补助,单个项目不超过500万元。",
    "每家企业每年申领算力券不超过80万元。",
    "给予贴息支持,贴息比例不超过50%(总投资不低于5000万元)。",
    "发放算力券3000万元。",
    "每年发放总额不超过800万元的数据券,年度总额不超过2000万元,单个主体不超过30万元。",
    "给予最高500万元资助,每年支持不超过12项。",
    "对年度服务企业40家以上的,给予最高60万元补助。",
    # Names that hold a quantity.
    "打造1毫秒时延圈,建设15分钟生活圈。",
    "推进园区三期扩容,启动二期项目。",
    # As many things as are named before them.
    "支持茶业、竹业两个特色产业先行先试。",
    # A past year at the head of a sentence.
    "2023年,全市工业企业90家;建成基站800个,通达率97.5%。",
    # Structure of the document.
    "聚焦五大领域,实施七大行动,抓好三个方面18项重点任务。",
    "做牢三个支撑:算力、数据、算法。",
    "明确了4个阶段的12项措施。",
    "坚持四个导向,处理好五个关系。",
    "在11个设区市同步推进。",
    "聚焦纺织、食品等8个重点行业和4个领域,发展甲、乙、丙、丁4类产品。",
    "来自14个省的200余人参会,为全市450所学校配置仪器。",
    "总投资5亿元的项目开工,占地面积500亩的园区建成。",
    "全面实现3个“2080”。",
    "建成智算中心二期,落实2023年全省会议精神。",
    # Names, ordinals, numbers of documents, of telephones, of laws.
    "打造“415X”产业集群和“7+28+N”产业链,发展L4级自动驾驶。",
    "推广5G、IPv6和C919配套,升级12345热线,发布2.0版平台。",
    "根据国发〔2017〕35号和第十二条规定,联系电话0571-88001234,邮编310025。",
    "落实“十四五”规划,加快第3批试点。",
    "召开第2次联席会议,每季度调度1次。",
    "申请人应当在10个工作日内提交材料。",
    "提供7×24小时服务。",
    "实现毫秒级时延和千兆接入。",
    # Masked, vague, general.
    "到20xx年,建成xx个平台,投资××亿元,普及率达到xx%。",
    "培育一批龙头企业,形成若干产业集群,建设一个中心。",
    "打造千亿级产业集群和百亿级园区。",
    "建设数十个场景,服务十几个部门。",
    "支持年营收超过1亿元的企业做大做强。",
    "支持三门峡、九台、五台山等地开展合作。",
    "低空空域是指垂直范围1000米以下的空域。",
    "深化双千兆城市建设,推动一二三产融合。",
]


@pytest.mark.parametrize(("text", "expected"), GIVEN, ids=[t for t, _ in GIVEN])
def test_a_sentence_gives_just_its_targets(text: str, expected: list[Expected]) -> None:
    assert [_short(t) for t in _read(text)] == expected


@pytest.mark.parametrize("text", NOTHING, ids=NOTHING)
def test_a_sentence_without_targets_gives_none(text: str) -> None:
    assert [_short(t) for t in _read(text)] == []


def test_a_year_holds_for_the_list_under_a_heading_of_targets_and_no_further() -> None:
    text = (
        "一、主要目标\n到2027年,产业能级明显提升。\n——算力支撑有力。智算规模达到900P。\n"
        "——应用广泛。打造30个以上场景。到2030年,智能经济成为支柱。\n二、重点任务\n建设3个智算中心。"
    )
    found = _read(text, _headings(text, ("1", "一、主要目标"), ("2", "二、重点任务")))
    assert [(t.value, t.deadline, t.section) for t in found] == [
        (900, 2027, "1"), (30, 2027, "1"), (3, None, "2"),
    ]  # fmt: skip


def test_a_heading_with_a_year_dates_what_stands_under_it() -> None:
    text = "(一)第一阶段(2025年)\n建设3个平台。\n(二)第二阶段(2026—2027年)\n建设8个平台。"
    heads = _headings(text, ("1.1", "(一)第一阶段(2025年)"), ("1.2", "(二)第二阶段(2026—2027年)"))
    assert [(t.value, t.deadline) for t in _read(text, heads)] == [(3, 2025), (8, 2027)]


def test_figures_under_a_heading_of_the_present_state_are_no_targets() -> None:
    text = "一、发展现状\n培育企业30家,产业规模达到200亿元。\n二、任务\n培育企业60家。"
    found = _read(text, _headings(text, ("1", "一、发展现状"), ("2", "二、任务")))
    assert [t.value for t in found] == [60]


def test_hedges_years_of_repetition_and_sites_are_noted() -> None:
    found = _read("力争到2027年,每年培训2000人次,各县区建成1个以上站点。")
    assert [(t.hedge, t.yearly, t.everywhere) for t in found] == [
        ("力争", True, False), ("力争", False, True),
    ]  # fmt: skip
    assert _read("全市新建数据中心PUE低于1.2。")[0].everywhere


def test_a_rise_from_a_printed_value_keeps_it_as_the_baseline() -> None:
    (share,) = _read("数字经济占比从2023年的41%提高到2027年的50%。")
    assert share.baseline is not None
    assert (share.value, share.deadline, share.baseline.year, share.baseline.value) == (
        50, 2027, 2023, 41,
    )  # fmt: skip
    (rise,) = _read("到2027年,产值较2023年增长60%以上。")
    assert rise.baseline is not None
    assert (rise.value, rise.comparator, rise.baseline.year, rise.baseline.value) == (
        60, ">=", 2023, 0,
    )  # fmt: skip


def test_a_target_printed_again_is_one_with_its_other_places() -> None:
    text = (
        "某市:力争到2027年,智算规模达到900P\n正文\n到2027年,智算规模达到900P,建成场景40个。\n"
        "为此,打造40个场景。"
    )
    found = _read(text, start=text.index("正文"))
    assert [(t.id, t.value, len(t.also)) for t in found] == [("t1", 900, 1), ("t2", 40, 1)]
    a, b = found[0].also[0]
    assert text[a:b].endswith("达到900P")
    assert b < text.index("正文")


def test_the_same_number_with_another_year_is_another_target() -> None:
    found = _read("到2026年,建成场景40个。到2028年,新建园区40个。到2030年,建成场景40个。")
    assert [t.deadline for t in found] == [2026, 2028, 2030]


def test_full_coverage_is_an_implicit_hundred_per_cent() -> None:
    (found,) = _read("到2026年,实现重点水库视频监测全覆盖。")
    assert _short(found) == (100, "%", "=", 2026, "重点水库视频监测覆盖率")
    assert found.implicit


def test_spans_quote_the_original_with_its_traditional_characters_and_line_breaks() -> None:
    text = "到2027年,全市將建設面向中小企業的人工智能公共服務平臺,打造12個以上行業\n應用場景。"
    (found,) = _read(text)
    assert found.span == "打造12個以上行業\n應用場景"
    assert found.indicator == "行业应用场景"


def test_a_row_of_an_indicator_table_has_the_year_of_its_column_and_its_baseline() -> None:
    text = (
        "序号\t指标\t单位\t2023年\t2027年\t属性\n"
        "1\t智算规模\tPFlops\t200\t≥1500\t预期性\n2\t上云企业\t万家\t0.8\t2.5左右\t预期性\n"
        "3\t平均PUE\t/\t1.42\t1.3以下\t约束性\n"
    )
    found = _read(text)
    assert [_short(t) for t in found] == [
        (1500, "PFlops", ">=", 2027, "智算规模"),
        (2.5, "万家", "~", 2027, "上云企业"),
        (1.3, "", "<=", 2027, "平均PUE"),
    ]
    assert [t.baseline.value for t in found if t.baseline] == [200, 0.8, 1.42]


def test_a_row_of_a_task_table_has_the_time_limit_of_its_own_cell() -> None:
    text = (
        "序号\t重点任务\t牵头单位\t完成时限\n1\t建成3个训练基地\t市工信局\t2026年12月\n"
        "2\t培育企业40家\t市科技局\t2027年底\n"
    )
    assert [(t.value, t.deadline) for t in _read(text)] == [(3, 2026), (40, 2027)]


def test_a_yearly_work_plan_means_its_own_year() -> None:
    folded = fold("今年新建充电桩2000个,全年软件收入增长12%以上。")
    facts = Facts(title="某市数字经济2025年工作要点", date="2025-02-10")
    found = targets(folded, (0, len(folded.text)), (), facts=facts)
    assert [(t.value, t.deadline) for t in found] == [(2000, 2025), (12, 2025)]


def test_words_broken_by_line_ends_and_spaces_are_read_whole() -> None:
    text = "到2027年,本市将依托现有园区,分区域布局、成体系建设,建成 1\n20 个行业应用场景,算力规模超过 300 EFLOPS。"
    assert [_short(t) for t in _read(text)] == [
        (120, "个", "=", 2027, "行业应用场景"), (300, "EFLOPS", ">", 2027, "算力规模"),
    ]  # fmt: skip


def test_dashed_items_inherit_the_year_of_the_paragraph_that_leads_them() -> None:
    text = "到2027年,体系基本形成,能力显著增强。\n——设施完备。建成机场3个。\n——应用广泛。开通航线9条。\n另行建设仓库4座。"
    assert [(t.value, t.deadline) for t in _read(text)] == [(3, 2027), (9, 2027), (4, None)]


def test_a_hedge_spreads_only_from_the_head_of_a_clause() -> None:
    inside = _read("接入算力规模力争超过90EFLOPS,机房PUE值不高于1.25。")
    assert [t.hedge for t in inside] == ["力争", ""]
    ahead = _read("力争接入算力规模超过90EFLOPS,机房PUE值不高于1.25。")
    assert [t.hedge for t in ahead] == ["力争", "力争"]
    assert [t.hedge for t in _read("争取上级资金支持,完成投资60亿元以上。")] == [""]


def test_the_column_of_the_first_year_is_a_target_unless_it_is_told_as_reached() -> None:
    text = "指标\t单位\t2023年(实际)\t2024年\t2026年\n机架\t万架\t9\t12\t20\n"
    found = _read(text)
    assert [(t.value, t.deadline) for t in found] == [(12, 2024), (20, 2026)]
    assert [t.baseline.value for t in found if t.baseline] == [9, 9]


def test_a_title_that_shows_results_in_a_coming_year_is_no_review() -> None:
    text = "(三)2028年,见成效。累计打造场景40个,普及率超60%。"
    heads = _headings(text, ("1.3", "(三)2028年,见成效。"))
    assert [(t.value, t.deadline) for t in _read(text, heads)] == [(40, 2028), (60, 2028)]


def test_annotated_documents_give_their_targets(plan_texts) -> None:  # type: ignore[no-untyped-def]
    """Every annotated target that is not optional, by value and place; nothing else."""
    import json

    from qianhang.plan.reading.clutter import body
    from qianhang.plan.reading.heading import facts
    from qianhang.plan.reading.outline import outline

    for gold in sorted((plan_texts / "gold").glob("*.json")):
        want = json.loads(gold.read_text("utf8"))
        with (plan_texts / "texts" / want["file"]).open(encoding="utf8", newline="") as file:
            folded = fold(file.read())
        proper = body(folded)
        heads = outline(folded, proper)
        found = targets(folded, proper, heads, facts=facts(folded, proper, heads))
        got = [
            (list(t.value) if isinstance(t.value, tuple) else t.value, t.comparator, t.deadline)
            for t in found
        ]
        wanted = [
            (t["value"], t["comparator"], int(t["deadline"]) if t["deadline"] else None)
            for t in want["targets"]
        ]
        assert got == wanted, gold.name
