"""The API of those who answer: complaints, public bulletins, sums of data sets, settings."""

import pytest

from qianhang.safety import complaints
from qianhang.web.site import now


@pytest.fixture
def complaint(site):
    """sent(org) -> the number of a complaint to it."""

    def send(org="root"):
        sent = complaints.Sent("complaint", "排水口有异味", "water.leak_detection", "138")
        return complaints.receive(site.store, sent, org=org, now=now()).ref

    return send


def test_a_complaint_is_answered_and_the_answer_stands(signed, complaint):
    officer, ref = signed("safety_officer"), complaint()
    first = officer.get("/api/v1/complaints", params={"state": "received"}).json()["items"]
    assert [(c["ref"], c["text"]) for c in first] == [(ref, "排水口有异味")]
    place = f"/api/v1/complaints/{ref}"
    said = officer.post(f"{place}/answer", json={"text": "已核实"}).json()
    assert (said["state"], said["answer"]) == ("answered", "已核实")
    assert officer.get(place).json() == said
    assert officer.get("/api/v1/complaints", params={"state": "received"}).json()["items"] == []
    blank = officer.post(f"{place}/answer", json={"text": " "})
    assert (blank.status_code, blank.json()["code"]) == (400, "QH871")


def test_pages_of_complaints_are_whole(signed, complaint):
    refs, officer = {complaint() for _ in range(5)}, signed("safety_officer")
    found, cursor = [], ""
    while cursor is not None:
        asked = {"limit": 2, "cursor": cursor}
        page = officer.get("/api/v1/complaints", params=asked).json()
        found += [c["ref"] for c in page["items"]]
        cursor = page["next"]
    assert (len(found), set(found)) == (5, refs)


def test_a_complaint_to_another_organisation_is_not_there(site, signed, complaint):
    for name in ("east", "west"):
        site.org(name, kind="company")
    ref, west = complaint("east"), signed("safety_officer", org="west")
    assert west.get("/api/v1/complaints").json()["items"] == []
    for method, place in (("GET", ref), ("POST", f"{ref}/answer"), ("GET", "C" + "2" * 12)):
        answer = west.request(method, f"/api/v1/complaints/{place}", json={"text": "a"})
        assert (answer.status_code, answer.json()["code"]) == (404, "QH872"), place
    for role in ("administrator", "viewer"):
        assert signed(role, org="east").get(f"/api/v1/complaints/{ref}").status_code == 403


def test_a_bulletin_is_public_from_when_it_is_published_until_it_is_withdrawn(site, signed):
    office = signed("programme_office")
    site.plan()
    made = office.post("/api/v1/plans/P1/bulletins", json={"period": "2026"}).json()
    assert made["published"] == ""
    place = f"/api/v1/plans/P1/bulletins/{made['id']}"
    told = office.post(f"{place}/publication", json={"public": True}).json()
    assert told["published"]
    assert office.get(place).json() == told
    assert site.client.get(f"/open/bulletins/{made['id']}").status_code == 200
    assert office.post(f"{place}/publication", json={"public": False}).json() == made
    assert site.client.get(f"/open/bulletins/{made['id']}").status_code != 200
    absent = office.post("/api/v1/plans/P1/bulletins/99/publication", json={"public": True})
    assert absent.status_code == 404


def test_a_bulletin_of_anothers_plan_is_not_published(site, signed):
    for name in ("east", "west"):
        site.org(name, kind="company")
    site.plan(org="east")
    east, west = (signed("programme_office", org=name) for name in ("east", "west"))
    made = east.post("/api/v1/plans/P1/bulletins", json={"period": "2026"}).json()
    place = f"/api/v1/plans/P1/bulletins/{made['id']}/publication"
    assert west.post(place, json={"public": True}).status_code == 404
    assert signed("viewer", org="east").post(place, json={"public": True}).status_code == 403


def test_sums_of_a_data_set_are_computed_for_its_steward_alone(signed):
    place = "/api/v1/datasets/{}/verification"
    told = signed("data_steward").post(place.format("coal-ash-robena"))
    assert told.status_code == 200
    assert told.json()["whole"] == all(f["state"] == "ok" for f in told.json()["files"])
    assert signed("data_steward").post(place.format("nothing")).status_code == 404
    assert signed("viewer").post(place.format("coal-ash-robena")).status_code == 403


def test_settings_are_told_to_the_platforms_administrator_with_secrets_masked(
    site, signed, monkeypatch
):
    monkeypatch.setenv("QIANHANG_OIDC_CLIENT_SECRET", "hunter2")
    site.org("east")
    whole = signed("administrator").get("/api/v1/settings")
    assert {"QIANHANG_HOME", "QIANHANG_OIDC_ISSUER"} <= {
        s["name"] for s in whole.json()["settings"]
    }
    assert "hunter2" not in whole.text
    below = signed("administrator", org="east").get("/api/v1/settings").json()
    assert (below["settings"], below["versions"]["qianhang"] != "") == ([], True)
    assert signed("administrator", scopes=["read"]).get("/api/v1/settings").status_code == 403


def test_no_key_reaches_the_password_the_second_factor_or_the_backup(site, signed):
    """These are left to the console's session, where the password is asked again."""
    told = site.client.get("/api/v1/openapi.json").json()["paths"]
    assert not [p for p in told if any(w in p for w in ("password", "factor", "backup"))]
