"""The project's own sample plan, read; what is expected was written down by hand from its text."""

from __future__ import annotations

import pytest

import qianhang.plan
from qianhang.plan.document import Baseline, Document
from qianhang.plan.reading.read import read

SAMPLE = qianhang.plan.SAMPLE

# indicator's last words, comparator, value, unit, deadline, each year
TARGETS = [
    ("首批通过验收的人工智能应用场景", ">=", 4, "个", 2026, False),
    ("通过验收的人工智能应用场景", ">=", 20, "个", 2028, False),
    ("高质量行业数据集", ">=", 5, "个", 2028, False),
    ("行业模型", ">=", 3, "个", 2028, False),
    ("智能算力规模", "~", 200, "PFlops", 2028, False),
    ("人工智能骨干企业", "=", (8, 10), "家", 2028, False),
    ("供水管网漏损率", "<=", 9, "%", 2028, False),
    ("智慧供热覆盖率", ">", 60, "%", 2027, False),
    ("数据中心电能利用效率(PUE)", "<", 1.25, "", None, False),
    ("示范应用场景", ">=", 2, "个", None, True),
    ("应用人才", ">=", 1000, "人次", None, True),
]
SYSTEMS = [
    ("2.1", "升级", "智慧供水管理平台"),
    ("2.2", "建设", "新型电力负荷管理系统"),
    ("2.2", "推广", "智慧供热平台"),
    ("2.3", "推广", "智能化灌溉系统"),
    ("2.3", "研发", "饲料配方优化模型"),
    ("2.4", "搭建", "心脑血管重点病种风险预测系统"),
    ("2.5", "编制", "政务服务问答数据集"),
    ("3.1", "建设", "市级智能算力中心"),
    ("3.2", "建设", "行业数据集登记平台"),
    ("3.3", "搭建", "模型评测平台"),
]
_PATHS = "1 2 2.1 2.2 2.3 2.4 2.5 3 3.1 3.2 3.3 4 4.1 4.2 4.3 4.4"
UNITS = {
    "2.1": (["市水务局", "市住房城乡建设局"], [], []),
    "2.2": (["市发展改革委", "市城市管理局", "云泽供电公司"], [], []),
    "2.3": ([], ["市农业农村局"], ["市水务局", "市科技局"]),
    "2.4": ([], ["市卫生健康委"], ["市医保局", "市数据局"]),
    "3.2": ([], ["市数据局"], ["各县(区)人民政府"]),
    "4.1": (["市发展改革委", "各县(区)人民政府"], [], []),
}


@pytest.fixture(scope="module")
def plan() -> Document:
    return read(SAMPLE)


def test_the_head_is_read(plan: Document):
    assert plan.title == "云泽市“人工智能+”行动方案(2026—2028年)"
    assert (plan.issuer, plan.doc_no) == ("云泽市人民政府办公室", "云政办发〔2026〕6号")
    found = (plan.date, plan.period, plan.level, plan.status)
    assert found == ("2026-03-18", "2026-2028", "city", "issued")


def test_every_section_is_read_in_order(plan: Document):
    paths = _PATHS.split()
    assert [s.path for s in plan.sections] == paths
    assert [s.title for s in plan.sections][:3] == ["总体要求", "重点任务", "人工智能+水务"]


def test_units_are_read_with_their_roles(plan: Document):
    units = {s.path: s.units for s in plan.sections}
    for path, (responsible, lead, support) in UNITS.items():
        found = (units[path].responsible, units[path].lead, units[path].support)
        assert found == (tuple(responsible), tuple(lead), tuple(support)), path


def test_every_target_is_read_and_no_other_number(plan: Document):
    """31 firms and 6 scenarios are of the past, 500,000 a subsidy."""
    found = [(t.comparator, t.value, t.unit, t.deadline, t.yearly) for t in plan.targets]
    assert found == [(*expected[1:5], expected[5]) for expected in TARGETS]
    for target, expected in zip(plan.targets, TARGETS, strict=True):
        assert target.indicator.endswith(expected[0])


def test_a_target_that_says_where_it_starts_keeps_its_baseline(plan: Document):
    (loss,) = [t for t in plan.targets if "漏损率" in t.indicator]
    assert loss.baseline == Baseline(2025, 11.2)


def test_a_target_for_every_site_is_marked(plan: Document):
    assert [t.unit for t in plan.targets if t.everywhere] == [""]


def test_every_system_that_is_to_be_built_is_read(plan: Document):
    built = [(s.section, s.verb, s.name) for s in plan.systems if s.role == "build"]
    assert built == SYSTEMS
    assert [s.name for s in plan.systems if s.role == "existing"] == ["全省算力调度平台"]


def test_measures_are_read(plan: Document):
    names = " ".join(m.name for m in plan.measures)
    for name in ("联席会议", "算力券", "揭榜挂帅", "沙盒监管"):
        assert name in names


def test_every_place_is_the_text_itself(plan: Document):
    for item in (*plan.targets, *plan.systems, *plan.measures):
        assert plan.text[item.start : item.end] == item.span
