"""Tags of the annotated sections, and of titles that no annotated document holds."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.industry import industry


def test_the_annotated_sections_get_their_tags(plan_texts: Path) -> None:
    """At least 94 of the 96 sections that carry one, parents handed down as they were annotated."""
    right = total = 0
    for gold in sorted((plan_texts / "gold").glob("*.json")):
        document = json.loads(gold.read_text("utf8"))
        text = (plan_texts / "texts" / document["file"]).read_text("utf8")
        tags = {s["path"]: s["industry"] for s in document["sections"]}
        ends = [*(s["start"] for s in document["sections"][1:]), len(text)]
        for section, end in zip(document["sections"], ends, strict=True):
            if section["industry"] not in (None, "multi"):
                own = fold(text[section["start"] : end]).text
                parent = tags.get(section["path"].rpartition(".")[0])
                total += 1
                right += industry(section["title"], own, parent) == section["industry"]
    assert total == 96
    assert right >= 94


@pytest.mark.parametrize(
    ("title", "tag"),
    [
        ("人工智能+养老托育", "health"),
        ("“AI+”智慧港口", "transport"),
        ("发展低空经济", "transport"),
        ("推进畜牧养殖智能化", "agriculture"),
        ("赋能石化产业", "industry"),
        ("人工智能+公安", "governance"),
        ("人工智能+电力", "energy"),
        ("建设智慧燃气", "urban"),
        ("加强林草资源保护", "ecology"),
        ("人工智能+生态", "ecology"),
        ("提升森林火灾防控能力", "disaster"),
        ("防洪抗旱智能调度", "water"),
        ("人工智能+零售", "consumption"),
        ("建设智能选矿系统", "mining"),
        ("夯实智算底座", "compute"),
        ("建设高质量数据集", "data"),
        ("培育行业大模型", "model"),
        ("建设中试平台", "platform"),
        ("引育高层次人才", "talent"),
        ("加大财政投入", "funding"),
        ("加强统筹协调", "organisation"),
        ("开放应用场景", "demonstration"),
        ("营造良好氛围", "publicity"),
        ("强化伦理审查", "security"),
        ("完善标准体系", "institution"),
        ("加强知识产权保护", "ip"),
    ],
)
def test_a_title_says_what_its_section_is_about(title: str, tag: str) -> None:
    assert industry(title, "", None) == tag


@pytest.mark.parametrize("title", ["总体要求", "发展目标", "保障措施", "重点任务", "附则", ""])
def test_a_section_about_the_plan_as_a_whole_has_no_tag(title: str) -> None:
    assert industry(title, "到2027年，建成智算中心。", None) is None or not title


def test_a_section_below_an_industry_keeps_it_though_it_names_data() -> None:
    assert industry("大数据系统", "汇聚数据资源。", "health") == "health"


def test_a_section_below_governance_may_be_of_another_industry() -> None:
    assert industry("智能交通", "", "governance") == "transport"


def test_the_text_decides_where_the_title_is_silent() -> None:
    assert industry("补齐短板", "推广智能诊疗，服务基层医疗机构和医院。", None) == "health"


def test_the_units_that_answer_do_not_decide() -> None:
    text = "推广智慧医院。(责任单位:省财政厅、省教育厅、省交通运输厅)"
    assert industry("补齐短板", text, None) == "health"


def test_no_word_stands_under_two_tags() -> None:
    """A word that stood twice would count for the second only."""
    table = tomllib.loads(
        resources.files("qianhang.plan.reading").joinpath("industry.toml").read_text("utf8")
    )
    for part in ("domain", "matter"):
        words = [word for line in table[part].values() for word in line.split()]
        assert [w for w, n in Counter(words).items() if n > 1] == []
