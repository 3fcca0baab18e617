"""Applications for compute on pages and by the API: sent, seen, answered by whoever may."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from qianhang.compute.applications import application
from qianhang.compute.door import plant, quotas
from qianhang.core.day import day_of
from qianhang.testing.door_bed import network

from .conftest import now

PATH = "/api/v1/compute/applications"


@pytest.fixture
def teams(site, tmp_path):
    """Two companies, an operator `op` with pools p1 and p2, and another operator's pool r1."""
    for name in ("alpha", "beta", "op", "rival"):
        site.org(name, kind="company")
    found = network(tmp_path, "p1", "p2", "r1")
    pools = tuple(replace(one, operator="rival") if one.id == "r1" else one for one in found.pools)
    operators = (*found.operators, replace(found.operators[0], id="rival"))
    plant.add(site.store, replace(found, pools=pools, operators=operators), by="t", at=now())


def asked(**changes):
    first = day_of(now())
    known = {
        "project": "roads", "chips": 8, "card_hours": 100, "first": first.isoformat(),
        "last": (first + timedelta(30)).isoformat(), "purpose": "a model of roads",
        "contact": "roads@alpha.example",
    }  # fmt: skip
    return known | changes


def sent(client, **changes):
    answer = client.post(PATH, json=asked(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_application_goes_from_the_form_to_the_projects_quota(site, signed, teams):
    """Asked for 8 cards, sent back, added to, 5 of them approved, given back."""
    team, office = signed("developer", org="alpha"), signed("programme_office")
    page = team.post("/compute/applications", data=asked(flavours=["ascend-910b"]))
    assert page.status_code == 200
    (made,) = application.listed(site.store)
    assert made.wish.flavours == ("ascend-910b",)
    here = f"/compute/applications/{made.id}"
    assert made.id in office.get("/compute/applications").text
    shown = office.post(f"{here}/answer", data={"answer": "ask", "words": "which data?"})
    assert "which data?" in shown.text
    assert "which data?" in team.get(here).text
    assert team.post(f"{here}/reply", data={"words": "open ones"}).status_code == 200
    form = {"answer": "approve", "chips": "5", "card_hours": "100", "last": asked()["last"]}
    page = office.post(f"{here}/answer", data=form)
    assert (page.status_code, "生效中" in page.text) == (200, True)
    (quota,) = quotas.listed(site.store)
    assert (quota.org, quota.project, quota.chips) == ("alpha", "roads", 5)
    assert team.post(f"{here}/withdraw").status_code == 200
    (quota,) = quotas.listed(site.store)
    assert (quota.chips, quota.closed) == (0, True)
    kinds = [one.kind.rpartition(".")[2] for one in site.store.entries(subject=made.id)]
    assert kinds == ["sent", "asked", "replied", "approved", "active", "withdrawn"]
    assert site.store.verify().ok


@pytest.mark.parametrize(
    "path", ["/compute/applications/{id}", "/api/v1/compute/applications/{id}"]
)
def test_nobody_else_learns_of_an_application(signed, teams, path):
    """What is another team's, or for another's pool, answers as what is nowhere."""
    made = sent(signed("developer", org="alpha"), pool="p1")["id"]
    for client in (
        signed("developer", "administrator", org="beta"), signed("pool_operator", org="rival"),
        signed("viewer"), signed("safety_officer", "developer"),
    ):  # fmt: skip
        other, nowhere = client.get(path.format(id=made)), client.get(path.format(id="a0"))
        assert (other.status_code, nowhere.status_code) == (404, 404)
        assert "a model of roads" not in other.text + client.get("/compute/applications").text
        assert client.get(PATH).json()["items"] == []
    for client in (
        signed("viewer", org="alpha"), signed("pool_operator", org="op"),
        signed("administrator"),
    ):  # fmt: skip
        assert "a model of roads" in client.get(path.format(id=made)).text
        assert [one["id"] for one in client.get(PATH).json()["items"]] == [made]


def test_only_the_pools_operator_and_the_platforms_office_answer(site, signed, teams):
    team = signed("developer", org="alpha")
    for_pool, anywhere = sent(team, pool="p1")["id"], sent(team, project="b")["id"]
    own = signed("administrator", "programme_office", "pool_operator", org="alpha")
    operator, rival = signed("pool_operator", org="op"), signed("pool_operator", org="rival")
    for step, body in (("approve", {}), ("reject", {"words": "no"}), ("question", {"words": "?"})):
        for name in (for_pool, anywhere):
            assert own.post(f"{PATH}/{name}/{step}", json=body).status_code == 403
            assert rival.post(f"{PATH}/{name}/{step}", json=body).status_code == 404
            assert team.post(f"{PATH}/{name}/{step}", json=body).status_code == 403
        assert operator.post(f"{PATH}/{anywhere}/{step}", json=body).status_code == 404
    form = {"answer": "approve"}
    assert rival.post(f"/compute/applications/{for_pool}/answer", data=form).status_code == 404
    assert quotas.listed(site.store) == ()
    assert operator.post(f"{PATH}/{for_pool}/approve", json={}).json()["state"] == "active"
    told = signed("programme_office").post(f"{PATH}/{anywhere}/reject", json={"words": "full"})
    assert (told.json()["state"], told.json()["reason"]) == ("rejected", "full")


def test_whoever_sent_it_does_not_answer_it_whatever_roles_they_have(site, signed, teams):
    """Nor does who replied; the page does not offer it either."""
    both = signed("developer", "programme_office")
    made = sent(both)
    assert made["answers"] is False
    refused = both.post(f"{PATH}/{made['id']}/approve", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "QH526")
    page = both.get(f"/compute/applications/{made['id']}").text
    assert f"/compute/applications/{made['id']}/answer" not in page
    assert quotas.listed(site.store) == ()


def test_steps_for_another_team_are_refused(signed, teams):
    made = sent(signed("developer", org="alpha"))["id"]
    other = signed("developer", org="beta")
    for step in ("reply", "withdraw"):
        for path in (f"{PATH}/{made}/{step}", f"/compute/applications/{made}/{step}"):
            body = {"json": {"words": "x"}} if path.startswith("/api") else {"data": {"words": "x"}}
            assert other.post(path, **body).status_code == 404
    viewer = signed("viewer", org="alpha")
    assert viewer.post(f"{PATH}/{made}/withdraw", json={}).status_code == 403
    assert other.post(PATH, json=asked(org="alpha")).status_code == 404
    form = asked(org="alpha", project="theirs")
    assert other.post("/compute/applications", data=form).status_code == 404


def test_a_wrong_field_comes_back_with_the_form_and_its_code(site, signed, teams):
    team = signed("developer", org="alpha")
    for change in ({"chips": "-3"}, {"last": "2020-01-01"}, {"first": "soon"}, {"contact": " "}):
        page = team.post("/compute/applications", data=asked(purpose="<b>想要", **change))
        assert (page.status_code, "QH523" in page.text) == (422, True), change
        assert "&lt;b&gt;想要" in page.text
    assert application.listed(site.store) == ()
    made = sent(team)["id"]
    more = signed("administrator").post(f"{PATH}/{made}/approve", json={"chips": 9})
    assert (more.status_code, more.json()["code"]) == (422, "QH523")
    again = team.post(PATH, json=asked())
    assert (again.status_code, again.json()["code"]) == (409, "QH525")


def test_an_approved_project_submits_within_what_was_granted(site, signed, teams):
    team = signed("developer", org="alpha")
    made = sent(team, pool="p1", flavours=["cpu-core"], chips=2)["id"]
    signed("pool_operator", org="op").post(f"{PATH}/{made}/approve", json={})

    def submit(task):
        body = {"task": f"{task}\nrun: echo", "project": "roads"}
        return team.post("/api/v1/compute/jobs", json=body)

    assert submit("resources: {cpus: 3}").json()["code"] == "QH598"
    assert submit("resources: {pools: [r1]}").json()["code"] == "QH598"
    assert submit("resources: {cpus: 2}").status_code == 202


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_typed_stays_in_a_form_that_is_refused(site, signed, teams, lang):
    """Days as the browser's own field keeps them, in either language; chips ticked, pool chosen."""
    team = signed("developer", org="alpha")
    team.cookies.set("qh-lang", lang)
    typed = asked(chips="0", flavours=["ascend-910b"], pool="p1", first="2027-02-01",
                  last="2027-03-01", voucher="hangzhou-2025")  # fmt: skip
    page = team.post("/compute/applications", data=typed)
    assert page.status_code == 422
    assert application.listed(site.store) == ()
    for said in (
        r'type="date" name="first" required value="2027-02-01"',
        r'type="date" name="last" min="[\d-]{10}" required value="2027-03-01"',
        r'value="ascend-910b" checked', r'value="p1" selected', r'value="hangzhou-2025" selected',
    ):  # fmt: skip
        assert re.search(said, page.text), said


def test_pages_say_it_in_english_too(signed, teams):
    team = signed("developer", org="alpha")
    made = sent(team)["id"]
    team.cookies.set("qh-lang", "en")
    page = team.get(f"/compute/applications/{made}").text
    assert "Waiting" in page
    assert "Card-hours" in team.get("/compute/applications").text
