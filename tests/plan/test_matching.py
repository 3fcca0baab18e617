"""Links from named systems to the mission table."""

import json

import pytest

from qianhang.plan.matching import match
from qianhang.plan.reading.fold import fold
from qianhang.plan.systems import System, systems

PLANS = {"henan": "H", "zhejiang": "Z", "cppcc": "C", "qitaihe": "Q", "jiangxi": "J"}


def known(*rows: str) -> dict[str, System]:
    return {f"T{i}": System(f"T{i}", name, "", "", "P") for i, name in enumerate(rows)}


def test_either_spelling_of_a_row_is_the_system():
    table = known("港口调度平台 = 全港运行平台 (一期)", "渔业数据库")
    assert match("全港运行平台", known=table) == "T0"
    assert match("“渔业数据库”", known=table) == "T1"


def test_level_of_government_tells_no_systems_apart():
    assert match("全省算力调度平台", known=known("省级算力调度平台")) == "T0"


def test_other_trade_is_another_system():
    assert match("农业大模型", known=known("工业大模型")) is None


def test_other_town_has_another_system():
    assert match("甲城人工智能计算中心", known=known("乙州人工智能计算中心")) is None


def test_shared_common_words_make_no_link():
    table = known("智慧旅游监管平台", "能源大数据平台")
    assert match("司法鉴定服务平台", known=table) is None


def test_empty_table_links_nothing():
    assert match("港口调度平台", known={}) is None


def sections(source: str) -> list[str]:
    return source.split()


def inside(one: str, other: str) -> bool:
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def test_links_of_annotated_systems_lie_in_their_sections(plan_texts):
    """A link is right where the row's printed sections hold the section of the named system."""
    linked = right = asked = 0
    table = systems()
    for stem, letter in PLANS.items():
        gold = json.loads((plan_texts / "gold" / f"{stem}.json").read_text("utf8"))
        for system in gold["systems"]:
            asked += 1
            id_ = match(fold(system["name"]).text, known=table)
            if id_ is None:
                continue
            linked += 1
            place = f"{letter}{system['section']}"
            right += any(inside(place, s) for s in sections(table[id_].source))
    assert right / linked == pytest.approx(1.0, abs=0.03)
    assert right / asked >= 0.85
