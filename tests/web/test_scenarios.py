"""A scenario's own page: what it measured when it last ran, as far as the reader may see."""

import re

import pytest


def bar(value):
    return {
        "metric": "score_share", "unit": "1", "value": value, "at_least": 0.5, "at_most": None,
        "met": True, "published": {"value": 0.5, "source": "s"},
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_last_runs_figures_stand_beside_baselines_and_the_best_published(site, signed, lang):
    run = site.run(
        bars=[bar(0.6125)], trivial={"score_share": 0.0375}, practice={"score_share": 0.125}
    )
    client = signed("viewer")
    client.cookies.set("qh-lang", lang)
    page = client.get("/scenarios/water.leak_detection").text
    assert f'<a href="/runs/{run.id}">' in page
    for figure in ("0.6125", "0.0375", "0.125"):
        assert f'<td class="num">{figure}' in page


def test_nothing_of_another_companys_run_stands_on_the_page(site, signed):
    site.org("alpha", kind="company")
    site.run(org="alpha", own="theirs.csv", bars=[bar(0.7375)])
    page = signed("viewer").get("/scenarios/water.leak_detection")
    assert page.status_code == 200
    assert "0.7375" not in page.text


def test_a_scenario_that_never_ran_has_no_figures_and_no_charts(signed):
    page = signed("viewer").get("/scenarios/water.leak_detection").text
    assert "<figure" not in page


def test_a_scenarios_page_opens_the_clause_of_each_plan_that_it_realises(site, signed):
    """The sample plan asks for a load management system, M540, which the load forecast covers."""
    plan = site.plan()
    page = signed("viewer").get("/scenarios/energy.load_forecast").text
    (code,) = re.findall(rf'href="/plans/{plan.ref}/review\?kind=system&amp;at=(Y\d+)#i-', page)
    there = signed("viewer").get(f"/plans/{plan.ref}/review?kind=system&at={code}").text
    assert "新型电力负荷管理系统" in re.search(r"<mark.*?</mark>", there, re.DOTALL)[0]
    assert "/review?kind=system" not in signed("viewer").get("/scenarios/ocean.tide").text
