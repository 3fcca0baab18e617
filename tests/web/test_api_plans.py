"""The API of plans: what an office does there, as claims."""

import io

import openpyxl
import pytest

from qianhang.plan import rules
from qianhang.web.site import now

PLAN = "/api/v1/plans/P1"


@pytest.fixture
def plan(site):
    """The sample plan, confirmed with its rules."""
    made = site.plan()
    rules.confirm_rules(site.store, made, by="t", at=now())
    return made


@pytest.fixture
def office(signed, plan):
    return signed("programme_office")


def test_plans_stand_side_by_side_as_json_and_as_a_workbook(site, office):
    """The same text twice has every indicator in common."""
    site.plan(org=site.org("east"))
    both = {"plan": ["P1", "P2"]}
    found = office.get("/api/v1/plans/compare", params=both).json()
    assert [name[:2] for name in found["plans"]] == ["P1", "P2"]
    assert {row["shared"] for row in found["indicators"]} == {2}
    book = office.get("/api/v1/plans/compare/xlsx", params=both)
    assert openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
    for refs, status in ((["P1"], 422), (["P1", "P1"], 400), (["P1", "P9"], 404)):
        answer = office.get("/api/v1/plans/compare", params={"plan": refs})
        assert answer.status_code == status, refs


def test_a_ledger_sums_its_targets_and_comes_back_from_its_workbook(office):
    whole = office.get(f"{PLAN}/ledger").json()
    assert sum(whole["whole"]["counts"].values()) == whole["whole"]["targets"] > 0
    assert sum(s["targets"] for s in whole["sections"]) == whole["whole"]["targets"]
    kept = office.get(f"{PLAN}/ledger/xlsx")
    assert kept.headers["content-disposition"].startswith('attachment; filename="P1-')
    sent = changed(kept.content)
    told = office.post(f"{PLAN}/ledger", files={"file": sent}, data={"only": "true"}).json()
    assert (told["written"], len(told["notes"])) == (False, 1)
    assert office.post(f"{PLAN}/ledger", files={"file": sent}).json()["notes"] == told["notes"]
    broken = office.post(f"{PLAN}/ledger", files={"file": ("a.xlsx", b"PK")})
    assert (broken.status_code, broken.json()["code"]) == (422, "QH184")


def changed(content):
    """The workbook with a note put on the first line that has an id, as a file to be sent."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    for row in sheet.iter_rows():
        heads = {str(cell.value or ""): cell.column for cell in row}
        note = next((n for head, n in heads.items() if "进展" in head), None)
        if note:
            sheet.cell(row[0].row + 1, note).value = "已开工"
            break
    body = io.BytesIO()
    book.save(body)
    return ("ledger.xlsx", body.getvalue())


def test_weights_are_set_told_and_taken_away(office):
    place = f"{PLAN}/ledger/weights"
    assert office.post(place, json={"weights": {"T1": 2}}).json()["weighted"]["weights"] == {
        "T1": 2.0
    }
    assert office.post(place, json={"weights": {"T999": 2}}).status_code == 400
    assert office.post(place, json={"weights": {"T1": -1}}).status_code == 422
    assert office.post(place, json={"weights": {}}).json()["weighted"] is None


def test_a_milestone_takes_the_place_of_one_for_the_same_day(office):
    place = f"{PLAN}/targets/T1/milestones"
    for value in (10, 20):
        made = office.post(place, json={"day": "2026-12-31", "value": value})
        assert made.status_code == 201
    assert [m["value"] for m in office.get(place).json()["items"]] == [20.0]


def test_an_override_is_told_with_who_answers_for_it(office):
    place = f"{PLAN}/targets/T1"
    wanted = {"state": "met", "reason": "已验收", "expires": "2099-12-31"}
    made = office.post(f"{place}/override", json=wanted).json()
    assert office.get(place).json()["override"] == made
    assert office.get(place).json()["state"] == "met"
    past = office.post(f"{place}/override", json=wanted | {"expires": "2020-01-01"})
    assert (past.status_code, past.json()["code"]) == (400, "QH826")


def test_a_rule_is_chosen_by_name_or_written_out_and_never_half(office):
    place = f"{PLAN}/targets/T1"
    offered = office.get(f"{place}/rules").json()["items"]
    assert sum(s["fits"] for s in offered) == 1
    named = office.post(f"{place}/rule", json={"name": offered[0]["name"]}).json()
    assert (named["state"], named["rule"]["name"]) == ("confirmed", offered[0]["name"])
    query = {"kinds": ["statistic"], "aggregate": "last"}
    assert office.post(f"{place}/rule", json={"rule": {"query": query}}).json()["version"] > 1
    wrong = [
        {}, {"name": "x", "rule": {"query": query}}, {"name": "nothing"}, {"rule": {}},
        {"rule": {"query": query | {"fresh_days": 1e300}}},
        {"rule": {"query": query | {"fresh_days": 10**12}}},
        {"rule": {"query": query | {"key": {"a": 1}}}},
        {"rule": {"query": query | {"where": [[["a"], "==", 1]]}}},
        {"rule": {"query": query | {"where": [1]}}},
    ]  # fmt: skip
    for body in wrong:
        answer = office.post(f"{place}/rule", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "QH824"), body
    assert office.get(place, params={"on": "0001-01-01"}).status_code == 200


def test_only_records_made_for_the_target_are_taken_back(office):
    place = f"{PLAN}/targets/T1/evidence"
    seq = office.post(place, json={"value": 2}).json()["seq"]
    other = office.post(f"{PLAN}/targets/T2/evidence/{seq}/retraction", json={"why": "错"})
    assert (other.status_code, other.json()["code"]) == (400, "QH825")
    assert office.post(f"{place}/{seq}/retraction", json={"why": "错"}).json()["of"] == seq
    parts = office.get(f"{PLAN}/targets/T1").json()["components"]
    assert [c["retracted"][:1] for c in parts if c["seq"] == seq] == ["错"]


def test_a_link_counts_only_to_what_there_is(office):
    told = office.get(f"{PLAN}/coverage").json()
    assert told["named"] == len(told["systems"])
    wanted = {"item": told["systems"][0]["code"], "kind": "scenario"}
    linked = {"name": "water.leak_detection"}
    made = office.post(f"{PLAN}/coverage/links", json=wanted | linked)
    assert made.status_code == 201
    assert "water.leak_detection" in made.json()["systems"][0]["by"]
    wrong = office.post(f"{PLAN}/coverage/links", json=wanted | {"name": "water.nothing"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "QH826")


def test_a_decision_is_carried_out_only_as_it_was_seen(office):
    met = office.post(f"{PLAN}/meetings", json={"title": "调度会", "day": "2026-03-01"}).json()
    wanted = {"text": "补报台账", "owner": "李娜", "meeting": met["id"], "item": "T1"}
    made = office.post(f"{PLAN}/decisions", json=wanted | {"due": "2026-03-31"}).json()
    place = f"{PLAN}/decisions/{made['id']}/done"
    seen = {"revision": made["revision"]}
    assert office.post(place, json=seen).json()["state"] == "done"
    assert office.post(place, json=seen).status_code in (400, 409)
    work = office.get(f"{PLAN}/work").json()
    assert [m["title"] for m in work["meetings"]] == ["调度会"]
    assert [d["state"] for d in work["decisions"]] == ["done"]


def test_who_attends_and_when_to_remind_is_told_where_it_falls_due(office):
    entrusted = office.post(f"{PLAN}/owners", json={"item": "T1", "person": "李娜"})
    assert entrusted.json()["person"] == "李娜"
    beat = office.post(f"{PLAN}/rhythm", json={"remind": [60, 5], "office": "专班"}).json()
    assert (beat["remind"], beat["office"], beat["escalate"]) == ([60, 5], "专班", [1, 15, 30])
    assert office.post(f"{PLAN}/rhythm", json={"escalate": [3, 2, 1]}).status_code == 400
    dues = office.get(f"{PLAN}/timeline").json()["items"]
    assert "李娜" in {d["person"] for d in dues if d["ref"] == "P1.T1"}
    assert [d["day"] for d in dues] == sorted(d["day"] for d in dues)


def test_a_heading_is_changed_only_as_it_was_seen(office):
    seen = {"revision": office.get(PLAN).json()["revision"]}
    made = office.post(f"{PLAN}/heading", json=seen | {"region": "杭州"}).json()
    assert (made["region"], made["state"]) == ("杭州", "confirmed")
    late = office.post(f"{PLAN}/heading", json=seen | {"region": "宁波"})
    assert (late.status_code, late.json()["code"]) == (409, "QH822")
    acts = office.get(f"{PLAN}/acts", params={"limit": 200}).json()["items"]
    assert acts[-1]["after"] == {"region": "杭州"}
    assert office.get(f"{PLAN}/versions/1/changes").status_code == 404


READS = (
    "ledger", "ledger/xlsx", "coverage", "timeline", "work", "acts", "versions/1/changes",
    "targets/T1/milestones", "targets/T1/rules",
)  # fmt: skip
WRITES = {
    "ledger/weights": {"weights": {}},
    "coverage/links": {"item": "Y1", "kind": "scenario", "name": "water.leak_detection"},
    "meetings": {"title": "a", "day": "2026-03-01"},
    "decisions": {"text": "a", "owner": "b"},
    "decisions/1/done": {"revision": 0},
    "owners": {"item": "T1", "person": "a"},
    "rhythm": {},
    "heading": {"revision": 1},
    "targets/T1/milestones": {"day": "2026-03-01", "value": 1},
    "targets/T1/override": {"state": "met", "reason": "a", "expires": "2099-01-01"},
    "targets/T1/rule": {"name": "a"},
    "targets/T1/evidence/1/retraction": {"why": "a"},
}


def test_a_plan_of_another_organisation_is_not_there_and_one_above_is_only_read(site, signed):
    for name in ("east", "west"):
        site.org(name, kind="company")
    site.plan(org="east")
    west, east = signed("programme_office", org="west"), signed("viewer", org="east")
    other = signed("programme_office", org=site.org("team", parent="east", kind="department"))
    for place in READS:
        expected = 404 if place.startswith("versions") else 200
        assert west.get(f"{PLAN}/{place}").status_code == 404, place
        assert east.get(f"{PLAN}/{place}").status_code == expected, place
    for place, body in WRITES.items():
        assert west.post(f"{PLAN}/{place}", json=body).status_code == 404, place
        assert east.post(f"{PLAN}/{place}", json=body).status_code == 403, place
        assert other.post(f"{PLAN}/{place}", json=body).status_code == 403, place
    sheet = {"file": ("a.xlsx", b"PK")}
    assert west.post(f"{PLAN}/ledger", files=sheet).status_code == 404
    assert other.post(f"{PLAN}/ledger", files=sheet).status_code == 403
    refs = {"plan": ["P1", "P2"]}
    assert west.get("/api/v1/plans/compare", params=refs).status_code == 404
