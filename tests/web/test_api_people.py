"""Sessions, keys, accounts and the log by the API, within what the reader administers."""

import json

import sqlalchemy as sa

from qianhang.access import accounts, sessions
from qianhang.access.person import Grant
from qianhang.safety import complaints
from qianhang.store.schema import log
from qianhang.web.site import now

TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log'"


def another_session(site, client):
    with site.store.write() as tx:
        return sessions.open(tx, client.account, now=now(), address="10.1.2.3", agent="b")[0].id


def test_one_ends_ones_own_session_and_sees_which_is_ones_own(site, signed):
    viewer = signed("viewer")
    other = another_session(site, viewer)
    told = viewer.get("/api/v1/me/sessions").json()["items"]
    assert {s["id"]: s["current"] for s in told}[other] is False
    assert [s["current"] for s in told].count(True) == 1
    assert "token" not in told[0]
    assert {s["address"] for s in told if s["id"] == other} == {"10.1.2.3"}
    assert viewer.delete(f"/api/v1/me/sessions/{other}").status_code == 204
    assert viewer.delete(f"/api/v1/me/sessions/{other}").status_code == 404
    (mine,) = viewer.get("/api/v1/me/sessions").json()["items"]
    assert viewer.delete(f"/api/v1/me/sessions/{mine['id']}").status_code == 204
    assert viewer.get("/api/v1/me").status_code == 401


def test_nobody_ends_anothers_session_as_ones_own(site, signed):
    viewer, other = signed("viewer"), signed("viewer")
    theirs = another_session(site, other)
    assert viewer.delete(f"/api/v1/me/sessions/{theirs}").status_code == 404
    assert other.get("/api/v1/me").status_code == 200


def test_a_key_that_only_reads_ends_no_session(site, signed):
    keyed = signed("administrator", scopes=["read", "run", "plan", "data", "safety"])
    opened = another_session(site, keyed)
    assert [s["current"] for s in keyed.get("/api/v1/me/sessions").json()["items"]] == [False]
    refused = keyed.delete(f"/api/v1/me/sessions/{opened}")
    assert (refused.status_code, refused.json()["code"]) == (403, "QH908")


def test_one_changes_ones_own_name_and_language(signed):
    viewer = signed("viewer")
    told = viewer.patch("/api/v1/me", json={"name": "李娜", "lang": "en"})
    assert (told.status_code, told.json()["name"], told.json()["lang"]) == (200, "李娜", "en")
    assert viewer.get("/api/v1/me").json() == told.json()
    assert viewer.patch("/api/v1/me", json={"login": "root"}).status_code == 422


def test_an_administrator_ends_sessions_and_keys_of_accounts_that_they_manage(site, signed):
    site.org("east", kind="county")
    root, east = signed("administrator"), signed("administrator", org="east")
    worker = signed("developer", org="east")
    place = f"/api/v1/accounts/{worker.account}"
    (opened,) = east.get(f"{place}/sessions").json()["items"]
    assert opened["current"] is False
    assert east.delete(f"{place}/sessions/{opened['id']}").status_code == 204
    assert worker.get("/api/v1/me").status_code == 401
    keyed = signed("developer", org="east", scopes=["read"])
    place = f"/api/v1/accounts/{keyed.account}"
    (found,) = east.get(f"{place}/keys").json()["items"]
    assert east.delete(f"{place}/keys/{found['id']}").status_code == 204
    assert keyed.get("/api/v1/me").status_code == 401
    # Who administers the county does not manage who administers the province.
    for what in ("sessions", "keys"):
        assert east.get(f"/api/v1/accounts/{root.account}/{what}").status_code == 404
        assert worker.get(f"/api/v1/accounts/{root.account}/{what}").status_code == 401


def test_an_account_with_roles_elsewhere_is_seen_in_part_and_not_managed(site, signed):
    """East gave a role to somebody of west: east sees that role, takes it back, and no more."""
    for name in ("east", "west"):
        site.org(name, kind="company")
    guest, east = signed("viewer", org="west"), signed("administrator", org="east")
    with site.store.write() as tx:
        accounts.grant(tx, guest.account, org="east", role="developer", by="t", at=now())
    place = f"/api/v1/accounts/{guest.account}"
    told = east.get(place).json()
    assert (told["org"], told["grants"]) == ("", [{"org": "east", "role": "developer"}])
    assert guest.account in {a["id"] for a in east.get("/api/v1/accounts").json()["items"]}
    assert "west" not in east.get("/api/v1/accounts").text
    wanted = {"org": "east", "role": "viewer"}
    for method, path, body in (
        ("POST", "/state", {"act": "disable"}), ("POST", "/grants", wanted),
        ("PATCH", "", {"name": "n"}), ("GET", "/sessions", None), ("GET", "/keys", None),
        ("POST", "/invitation", None),
    ):  # fmt: skip
        answer = east.request(method, f"{place}{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "QH906"), path
    assert east.delete(f"{place}/grants/east/developer").status_code == 204
    assert east.get(place).status_code == 404
    assert accounts.find(site.store, guest.account).grants == (Grant("west", "viewer"),)


def test_accounts_are_found_by_words_changed_and_moved_within_ones_own(site, signed):
    for name in ("east", "west"):
        site.org(name, kind="county")
    east, worker = signed("administrator", org="east"), signed("viewer", org="east")
    place = f"/api/v1/accounts/{worker.account}"
    assert east.patch(place, json={"name": "李娜"}).json()["name"] == "李娜"
    found = east.get("/api/v1/accounts", params={"q": "李娜"}).json()["items"]
    assert [a["id"] for a in found] == [worker.account]
    moved = east.patch(place, json={"name": "x", "org": "west"})
    assert moved.status_code == 404
    assert east.get(place).json()["name"] == "李娜"
    root = signed("administrator")
    assert root.patch(place, json={"org": "west"}).json()["org"] == "west"


# Complaints and the log


def test_a_key_with_the_scope_safety_answers_complaints_and_does_not_administer(site, signed):
    ref = complaints.receive(site.store, complaints.Sent("advice", "多些数据"), now=now()).ref
    roles = ("programme_office", "safety_officer", "administrator")
    keyed = signed(*roles, scopes=["read", "plan", "safety"])
    place = f"/api/v1/complaints/{ref}/answer"
    assert keyed.post(place, json={"text": "好"}).json()["state"] == "answered"
    body = {"name": "n", "kind": "other", "parent": "root"}
    assert keyed.post("/api/v1/organisations", json=body).status_code == 403
    office = signed("programme_office", scopes=["read", "plan", "safety"])
    assert office.post(place, json={"text": "好"}).json()["code"] == "QH906"
    plain = signed(*roles, scopes=["read", "plan", "admin"])
    assert plain.post(place, json={"text": "好"}).json()["code"] == "QH908"


def test_whoever_may_verify_in_the_console_verifies_and_the_finding_stays(site, signed):
    site.plan()
    officer, viewer = signed("safety_officer"), signed("viewer")
    place = "/api/v1/log/verification"
    assert viewer.get(place).json()["ok"] is None
    assert viewer.post(place, json={}).status_code == 403
    told = officer.post(place, json={})
    assert told.json()["ok"] is True
    state = viewer.get(place).json()
    assert (state["ok"], state["checked"]) == (True, told.json()["records"])
    # Against an anchor of another day, which is nobody's finding, nothing is written down.
    again = officer.post(place, json={"anchor": told.json()["anchor"], "files": False})
    assert again.json()["ok"] is True
    assert viewer.get(place).json() == state


def test_a_changed_record_is_found_and_named(site, signed):
    officer = signed("safety_officer")
    site.plan()
    with site.store.write() as tx:
        for name in tx.execute(sa.text(TRIGGERS)).scalars().all():
            tx.connection.exec_driver_sql(f"DROP TRIGGER {name}")
        tx.execute(sa.update(log).where(log.c.seq == 1).values(subject="x"))
    told = officer.post("/api/v1/log/verification", json={}).json()
    assert told["ok"] is False
    assert "1" in told["broken"]
    assert officer.get("/api/v1/log/verification").json()["ok"] is False


def test_the_log_is_read_by_whom_it_concerns(site, signed):
    """Below the platform an administrator reads of access to their own; above a seal it is shut."""
    for name in ("east", "west"):
        site.org(name, kind="company", sealed=True)
    east, root = signed("administrator", org="east"), signed("administrator")
    west = signed("administrator", org="west")
    run = site.run(org="east", own="x")
    told = east.get("/api/v1/log", params={"limit": 200}).json()["items"]
    assert told
    assert all(r["kind"].startswith("access.") for r in told)
    assert east.account in json.dumps(told)
    assert west.account not in json.dumps(told)
    whole = root.get("/api/v1/log", params={"limit": 200}).json()["items"]
    assert [r["seq"] for r in whole] == list(range(1, len(whole) + 1))
    assert run.id not in json.dumps(whole)
    assert {r["subject"] for r in whole if r["closed"]} == {""}
    assert root.get("/api/v1/log", params={"subject": run.id}).json()["items"] == []
    lines = [json.loads(one) for one in root.get("/api/v1/log/download").text.splitlines()]
    assert [one["hash"] for one in lines[: len(whole)]] == [r["hash"] for r in whole]
    kind = {"kind": "access.", "limit": 200}
    access = root.get("/api/v1/log", params=kind).json()["items"]
    assert {r["kind"].partition(".")[0] for r in access} == {"access"}
    assert signed("viewer").get("/api/v1/log/download").status_code == 403
