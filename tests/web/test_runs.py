"""Pages of runs: two of them beside each other, in the reader's words and numbers."""

import re
from pathlib import Path

import pytest

import qianhang.packs
from qianhang.core import words
from qianhang.core.manifest import load


def rows(page):
    """Each row of the page's tables as the text of its cells."""
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [tuple(re.sub(r"<[^>]+>", "", cell) for cell in row) for row in cells]


@pytest.fixture
def pair(site):
    """A finished run of registered data, and one that has nothing but other facts."""
    first = site.run(
        scores={"mae": 0.3, "rmse": 0.1 + 0.2}, facts={"n": 1200, "shares": {"a": 0.000015}}
    )
    second = site.run(
        scores={"mae": 0.25, "rmse": 0.3}, facts=None, seed=7,
        data={"bad.csv": "ab" * 32}, params={"keep": True, "doses": [1.5, 2]},
    )  # fmt: skip
    return f"/runs/compare?a={first.id}&b={second.id}"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ("数据来源", "参数", "切分与计数", "样本数", "是", "1.5、2", "随机种子", "须保住的产量比例")),
        ("en", ("Data provenance", "Parameters", "Cuts and counts", "rows", "yes", "1.5, 2", "Seed", "share of the yield to keep")),
    ],
)  # fmt: skip
def test_what_differs_is_told_in_words_and_not_as_a_program_writes_it(signed, pair, lang, words):
    """0.1 + 0.2 and 0.3 differ by what rounding leaves, which is no change."""
    data, params, facts, n, yes, doses, seed, keep = words
    client = signed("viewer")
    client.cookies.set("qh-lang", lang)
    page = client.get(pair).text
    told = rows(page)
    assert told[2][1:] == ("0.3", "0.3", "0")
    assert (f"{data} · bad.csv", "–", "abababababab…") in told
    assert (f"{params} · {keep}", "–", yes) in told
    assert (f"{params} · doses", "–", doses) in told
    assert (f"{facts} · {n}", "1,200", "–") in told
    assert (f"{facts} · shares.a", "1.50×10⁻⁵", "–") in told
    assert (seed, "0", "7") in told
    assert not re.search(r"[{}]|&#39;|\de-\d|None|True", " ".join(c for row in told for c in row))


# What trials count, as they write it today and as runs of earlier versions kept it.
TODAY = {"capacity": "shrinkage", "allowed": ["penalised"], "split": "group", "missing": {"age": 3}}
OF_OLD = {
    **TODAY, "capacity": "10.6 events per parameter, below 20: only with shrinkage", "split": "unit_out",
}  # fmt: skip


def test_counts_and_their_codes_are_told_in_the_readers_words_those_of_old_runs_too(site, signed):
    runs = [site.run(facts=f, params={}) for f in ({**TODAY, "allowed": []}, OF_OLD)]
    client = signed("viewer")
    told = rows(client.get(f"/runs/compare?a={runs[0].id}&b={runs[1].id}").text)
    assert ("切分与计数 · 可用模型", "–", "收缩回归") in told
    assert ("切分与计数 · 划分方式", "按分组", "整单元留出") in told
    carried = "只宜用收缩回归（每个变量不足 20 例事件）"
    assert ("切分与计数 · 事件数可支撑的模型", carried, carried) in told
    client.cookies.set("qh-lang", "en")
    text = client.get(f"/runs/compare?a={runs[0].id}&b={runs[1].id}").text
    assert "regression with shrinkage only" in text


def test_a_run_tells_its_parameters_and_counts_in_words(site, signed):
    run = site.run(facts=OF_OLD, params={"spacing_m": 45.0, "own_setting": "x"})
    text = signed("viewer").get(f"/runs/{run.id}").text
    for part in (
        "搜索点间距（米）：45",
        "<code>own_setting</code>：<code>x</code>",
        "缺失数：年龄 3",
    ):
        assert part in text


def test_every_parameter_of_our_packs_has_words():
    packs = [load(path) for path in Path(qianhang.packs.__file__).parent.glob("*/*/pack.toml")]
    names = {n for one in packs for part in (one, *one.case) for n in part.params}
    assert len(names) > 100
    assert [n for n in sorted(names) if not words.has(f"param.{n}")] == []
