"""Models: seen by whoever sees their run, cards as text, versions beside each other."""

import pytest

from qianhang import models
from qianhang.models import Card, Fact, NewModel, Section
from qianhang.runs import kept

from .conftest import now

HOSTILE = "<script>alert(1)</script>"
SCENARIO = "water.leak_detection"


@pytest.fixture
def keep(site):
    """keep(run, name) -> the version that the run registered."""

    def make(run, name=SCENARIO, stage="accepted"):
        files = site.store.files
        inner = files.put(run.id.encode())
        text = f'{{"class_name":"pack:X","files":{{"w":"{inner}"}},"format":1}}'
        both, said = {"zh": "一", "en": "one"}, {"zh": HOSTILE, "en": HOSTILE}
        card = Card(both, sections=(Section(both, said),), facts=(Fact(both, said),))
        with site.store.write() as tx:
            new = NewModel(name, stage, files.put(text.encode()), run.id, card)
            return models.register(tx, new, at=now())

    return make


@pytest.fixture
def two(site):
    """Two sealed organisations."""
    return site.org("alpha", kind="company"), site.org("beta", kind="company")


def test_models_are_seen_by_those_who_see_their_run(site, signed, keep, two):
    alpha, beta = two
    made = keep(site.run(org=alpha), f"{SCENARIO}/{alpha}")
    address = f"/models/{made.name}/{made.version}"
    mine, theirs = (signed("viewer", org=o) for o in (alpha, beta))
    assert address in mine.get("/models").text
    assert mine.get(address).status_code == 200
    assert address not in theirs.get("/models").text
    answer = theirs.get(address)
    assert answer.status_code == 404
    assert answer.status_code == theirs.get(f"/models/{made.name}/99").status_code
    assert made.run not in answer.text


def test_a_scenarios_page_lists_only_models_of_visible_runs(site, signed, keep, two):
    alpha, beta = two
    theirs = keep(site.run(org=alpha, own="x.csv"), f"{SCENARIO}/{alpha}")
    ours = keep(site.run())
    page = signed("viewer", org=beta).get(f"/scenarios/{SCENARIO}").text
    assert ours.run in page
    assert theirs.run not in page
    assert theirs.run in signed("viewer", org=alpha).get(f"/scenarios/{SCENARIO}").text


def test_a_model_on_own_data_of_the_platform_is_the_platforms(site, signed, keep, two):
    made = keep(site.run(own="x.csv"))
    assert signed("viewer", org=two[0]).get(f"/models/{made.name}/1").status_code == 404
    assert signed("viewer").get(f"/models/{made.name}/1").status_code == 200


def test_a_card_is_shown_as_text(site, signed, keep):
    made = keep(site.run())
    page = signed("viewer").get(f"/models/{made.name}/{made.version}").text
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page


def test_versions_of_the_same_case_stand_beside_each_other(site, signed, keep):
    first, second = keep(site.run(scores={"mae": 4.25})), keep(site.run(scores={"mae": 7.5}))
    page = signed("viewer").get(f"/models/{second.name}/{second.version}").text
    assert "7.5" in page
    assert "4.25" in page
    assert f"/models/{first.name}/{first.version}" in page


def test_stages_and_scenarios_filter_the_list(site, signed, keep):
    good, bad = keep(site.run()), keep(site.run(), stage="rejected")
    page = signed("viewer").get("/models?stage=rejected").text
    assert bad.run in page
    assert good.run not in page
    assert good.run not in signed("viewer").get("/models?scenario=energy.none").text


def test_a_scenario_named_like_the_beginning_of_another_keeps_its_models_apart(site, keep):
    keep(site.run(), "water.leak")
    keep(site.run(), "water.leak/alpha")
    other = keep(site.run(), "water.leak_detection")
    assert [v.name for v in kept.kept(site.store, None, scenario="water.leak_detection")] == [
        other.name
    ]
    assert len(kept.kept(site.store, None, scenario="water.leak")) == 2
