"""The API's promises: carried out once, pages whole, limits told, tenants apart, junk refused."""

import threading

import httpx
import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from qianhang.store import Settings
from qianhang.web import api, described
from qianhang.web.api import paging
from qianhang.web.app import create_app
from qianhang.web.rates import Rates
from qianhang.web.routes import Endpoints

ASKED = {"scenario": "energy.load_forecast"}
KEY = "Idempotency-Key"


def test_two_who_send_one_key_at_once_get_one_ask(site, signed):
    """Both wait at a barrier; whoever comes second is told to wait, or gets the first answer."""
    owner, gate, answers = signed("developer"), threading.Barrier(2), []

    def send():
        gate.wait()
        answers.append(owner.post("/api/v1/asks", json=ASKED, headers={KEY: "one"}))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} <= {202, 409}
    again = owner.post("/api/v1/asks", json=ASKED, headers={KEY: "one"})
    assert again.headers["idempotent-replay"] == "true"
    assert {a.text for a in answers if a.status_code == 202} == {again.text}
    assert len(owner.get("/api/v1/asks").json()["items"]) == 1


def test_a_key_with_another_body_is_refused(signed):
    owner = signed("developer")
    assert owner.post("/api/v1/asks", json=ASKED, headers={KEY: "k"}).status_code == 202
    other = owner.post("/api/v1/asks", json=ASKED | {"seed": 1}, headers={KEY: "k"})
    assert (other.status_code, other.json()["code"]) == (422, "QH867")


def test_a_key_is_each_accounts_own(signed):
    for owner in (signed("developer"), signed("developer")):
        answer = owner.post("/api/v1/asks", json=ASKED, headers={KEY: "k"})
        assert "idempotent-replay" not in answer.headers


def test_what_came_to_nothing_may_be_sent_again_under_its_key(site, signed):
    steward = signed("administrator")
    wanted = {"name": "n", "kind": "city", "parent": "nowhere"}
    assert steward.post("/api/v1/organisations", json=wanted, headers={KEY: "k"}).status_code == 404
    wanted["parent"] = "root"
    made = steward.post("/api/v1/organisations", json=wanted, headers={KEY: "k"})
    assert made.status_code == 201


def test_a_stranger_who_sends_a_complaint_twice_has_sent_one(site):
    """A key is of the address from which it comes; another body under it is refused."""
    said, place = {"kind": "error", "text": "数值与公报不符。"}, "/api/v1/portal/complaints"
    first, again = (site.client.post(place, json=said, headers={KEY: "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replay"] == "true"
    assert again.json() == first.json()
    other = site.client.post(place, json=said | {"text": "另一件事。"}, headers={KEY: "k"})
    assert (other.status_code, other.json()["code"]) == (422, "QH867")
    assert site.client.post(place, json=said).json()["ref"] != first.json()["ref"]


def test_a_form_is_the_same_form_whatever_its_borders(signed):
    owner = signed("developer")
    sent = [
        owner.post(
            "/api/v1/uploads", files=[("files", ("a.csv", body))], headers={KEY: "k"}
        )
        for body in (b"a\n1\n", b"a\n1\n", b"a\n2\n")
    ]  # fmt: skip
    assert [a.status_code for a in sent] == [201, 201, 422]
    assert sent[0].json() == sent[1].json()


def test_a_secret_is_told_once_and_not_kept(site, signed):
    me = signed("viewer", scopes=["read", "admin"])
    wanted = {"name": "n", "scopes": ["read"]}
    first = me.post("/api/v1/keys", json=wanted, headers={KEY: "k"}).json()
    again = me.post("/api/v1/keys", json=wanted, headers={KEY: "k"}).json()
    assert first["secret"].startswith("qh_")
    assert again == first | {"secret": None}


def test_a_session_makes_no_key_without_its_person_being_asked(site, signed):
    answer = signed("administrator").post("/api/v1/keys", json={"name": "n", "scopes": ["read"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "QH911")


def test_a_key_makes_no_key_that_may_do_more(signed):
    keyed = signed("viewer", scopes=["admin"])
    beyond = keyed.post("/api/v1/keys", json={"name": "n", "scopes": ["run"]})
    assert (beyond.status_code, beyond.json()["code"]) == (403, "QH908")
    assert keyed.post("/api/v1/keys", json={"name": "n", "scopes": ["admin"]}).status_code == 201


def collected(client, path, between=lambda: None):
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(path, params={"limit": 3, "cursor": cursor}).json()
        assert len(page["items"]) <= 3
        found += page["items"]
        cursor = page["next"]
        between()
    return found


def test_pages_of_runs_are_whole_and_without_repeats_while_runs_come(site, signed):
    first = [site.run().id for _ in range(10)]
    found = [r["id"] for r in collected(signed("viewer"), "/api/v1/runs", site.run)]
    assert sorted(found) == sorted(set(found))
    assert set(first) <= set(found)


def test_pages_of_every_list_are_whole_and_without_repeats(site, signed):
    site.plan()
    client = signed("administrator")
    for path in ("scenarios", "datasets", "plans/P1/items", "plans/P1/targets", "log", "accounts"):
        whole = client.get(f"/api/v1/{path}", params={"limit": 200}).json()
        assert whole["next"] is None, path
        assert collected(client, f"/api/v1/{path}") == whole["items"], path


def test_a_tables_rows_come_whole_without_nan(site, signed):
    run = site.run()
    rows = collected(signed("viewer"), f"/api/v1/runs/{run.id}/tables/plan")
    assert [r["step"] for r in rows] == list(range(120))
    assert rows[0]["load"] is None


def test_a_cursor_that_nobody_gave_is_refused(signed):
    viewer = signed("viewer")
    for cursor in ("x", "bnVsbA", "W10", "WzFd", "é", paging.mark("a", "b")):
        answer = viewer.get("/api/v1/scenarios", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "QH885"), cursor


def test_a_bucket_gives_its_tokens_back_with_time():
    """60 a minute is one a second: after 60 at once, a second buys one more."""
    at = [0.0]
    rates = Rates(60, clock=lambda: at[0])
    assert not any(rates.take("a").refused for _ in range(60))
    refused = rates.take("a")
    assert (refused.refused, refused.headers["Retry-After"]) == (True, "1")
    assert not rates.take("b").refused
    at[0] = 1.0
    assert not rates.take("a").refused
    assert rates.take("a").refused
    at[0] = 1000.0
    assert rates.take("a").remaining == 59


def test_too_many_requests_are_told_to_wait(tmp_path):
    with TestClient(create_app(Settings(home=tmp_path), slots=0, rate=2)) as client:
        answers = [client.get("/api/v1/me") for _ in range(3)]
    assert [a.status_code for a in answers] == [401, 401, 429]
    assert [a.headers["ratelimit-remaining"] for a in answers] == ["1", "0", "0"]
    assert answers[2].json()["code"] == "QH884"
    assert int(answers[2].headers["retry-after"]) > 0


def test_two_organisations_see_nothing_of_each_other(site, signed):
    site.org("east", kind="company")
    site.org("west", kind="company")
    roles = ("developer", "programme_office", "administrator")
    east, west = signed(*roles, org="east"), signed(*roles, org="west")
    plan, run = site.plan(org="east"), site.run(org="east", own="x")
    ask = east.post("/api/v1/asks", json=ASKED).json()["id"]
    upload = east.post("/api/v1/uploads", files=[("files", ("a.csv", b"a\n"))]).json()["id"]
    places = [
        f"runs/{run.id}", f"runs/{run.id}/tables/plan", f"runs/{run.id}/tables/plan/csv",
        f"runs/{run.id}/report", f"runs/{run.id}/compare/{run.id}", f"asks/{ask}",
        f"asks/{ask}/events", f"plans/{plan.ref}", f"plans/{plan.ref}/items",
        f"plans/{plan.ref}/items/T1", f"plans/{plan.ref}/targets", f"plans/{plan.ref}/targets/T1",
        f"plans/{plan.ref}/bulletins", f"accounts/{east.account}", "organisations/east",
        f"plans/{plan.ref}/text", f"runs/{run.id}/log", f"runs/{run.id}/figures",
        f"accounts/{east.account}/sessions", f"accounts/{east.account}/keys",
    ]  # fmt: skip
    for place in places:
        assert east.get(f"/api/v1/{place}").status_code == 200, place
        assert west.get(f"/api/v1/{place}").status_code == 404, place
    review = {"act": "confirm", "version": 1, "revision": 1}
    refused = [
        (f"asks/{ask}/cancel", {}),
        ("asks", ASKED | {"org": "east"}),
        ("predictions", ASKED | {"org": "east", "upload": upload}),
        ("predictions", ASKED | {"upload": "../east/" + upload}),
        ("asks", ASKED | {"upload": upload}),
        (f"plans/{plan.ref}/items/T1/review", review),
        (f"plans/{plan.ref}/items/review", {}),
        (f"plans/{plan.ref}/targets/T1/evidence", {"value": 1}),
        (f"plans/{plan.ref}/bulletins", {"period": "p"}),
        (f"plans/{plan.ref}/bulletins/preview", {"period": "p"}),
        (f"accounts/{east.account}/invitation", {}),
        (f"accounts/{east.account}/state", {"act": "disable"}),
        (f"accounts/{east.account}/grants", {"org": "west", "role": "viewer"}),
        (f"accounts/{west.account}/grants", {"org": "east", "role": "viewer"}),
        ("accounts", {"login": "mole", "name": "m", "org": "east"}),
        ("organisations", {"name": "n", "kind": "other", "parent": "east"}),
    ]
    for place, body in refused:
        answer = west.post(f"/api/v1/{place}", json=body)
        assert answer.status_code in (404, 400), (place, answer.text)
        assert answer.json()["code"] in ("QH804", "QH820", "QH850", "QH852", "QH862"), place
    for name in ("runs", "asks", "plans", "accounts", "organisations", "log", "log/download"):
        told = west.get(f"/api/v1/{name}").text
        assert run.id not in told, name
        assert east.account not in told, name
        assert '"east"' not in told, name


def test_an_item_is_settled_only_as_it_was_seen(site, signed):
    office = signed("programme_office")
    site.plan(confirm=False)
    place = "/api/v1/plans/P1/items/T1"
    seen = office.get(place).json()
    wanted = {"version": 1, "revision": seen["revision"]}
    edit = {"act": "edit", "values": {"low": 5}, **wanted}
    assert office.post(f"{place}/review", json=edit).json()["values"]["low"] == 5.0
    late = office.post(f"{place}/review", json={"act": "confirm", **wanted})
    assert (late.status_code, late.json()["code"]) == (409, "QH822")


def test_a_targets_reading_opens_to_its_evidence(site, signed):
    office = signed("programme_office", "developer")
    site.plan(confirm=False)
    assert office.post("/api/v1/plans/P1/items/review", json={}).json()["confirmed"] > 0
    place = "/api/v1/plans/P1/targets/T1"
    paper = office.post("/api/v1/uploads", files=[("files", ("a.csv", b"a\n1\n"))]).json()["id"]
    told = office.post(f"{place}/evidence", json={"value": 2, "upload": paper, "kind": "document"})
    assert (told.status_code, told.json()["grade"]) == (201, "C")
    claim = office.post(f"{place}/evidence", json={"value": 3})
    assert claim.json()["grade"] == "D"
    found = office.get(place).json()
    assert {told.json()["seq"], claim.json()["seq"]} <= {c["seq"] for c in found["components"]}


def test_a_bulletin_is_downloaded_as_it_was_issued(site, signed):
    office = signed("programme_office")
    site.plan()
    made = office.post("/api/v1/plans/P1/bulletins", json={"period": "2026"}).json()
    for kind in ("txt", "html", "docx"):
        answer = office.get(f"/api/v1/plans/P1/bulletins/{made['id']}/{kind}")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]


def test_an_ask_is_followed_as_json_and_as_events(signed):
    owner = signed("developer")
    ask = owner.post("/api/v1/asks", json=ASKED).json()["id"]
    assert owner.get(f"/api/v1/asks/{ask}/events").json() == {"items": [], "last": 0, "open": True}
    assert owner.post(f"/api/v1/asks/{ask}/cancel").json()["state"] == "cancelled"
    told = owner.get(f"/api/v1/asks/{ask}/events").json()
    assert (told["items"][-1]["state"], told["open"]) == ("cancelled", False)
    stream = owner.get(f"/api/v1/asks/{ask}/stream")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert f"id: {told['last']}\n" in stream.text
    over = owner.get(f"/api/v1/asks/{ask}/stream", headers={"Last-Event-ID": str(told["last"])})
    assert over.status_code == 204


def test_an_invited_account_gets_a_link_and_its_roles(site, signed):
    steward = signed("administrator")
    wanted = {"login": "li.na", "name": "李娜", "org": "root"}
    made = steward.post("/api/v1/accounts", json=wanted).json()
    assert made["link"].startswith("/ticket/")
    place = f"/api/v1/accounts/{made['account']['id']}"
    role = {"org": "root", "role": "viewer"}
    assert steward.post(f"{place}/grants", json=role).json()["grants"] == [role]
    assert steward.delete(f"{place}/grants/root/viewer").status_code == 204
    assert steward.get(place).json()["grants"] == []
    assert steward.post(f"{place}/state", json={"act": "disable"}).json()["state"] == "disabled"


def test_a_sealed_organisation_is_made_with_its_own_administrator(signed):
    steward = signed("administrator")
    wanted = {"name": "a", "kind": "company"}
    assert steward.post("/api/v1/organisations", json=wanted).status_code == 400
    wanted["administrator"] = {"login": "wang.fang", "name": "王芳"}
    made = steward.post("/api/v1/organisations", json=wanted).json()
    assert made["link"].startswith("/ticket/")
    assert steward.get(f"/api/v1/organisations/{made['id']}").status_code == 404


def test_an_organisation_is_made_changed_and_deleted(signed):
    steward = signed("administrator")
    made = steward.post("/api/v1/organisations", json={"name": "a", "kind": "city"}).json()
    place = f"/api/v1/organisations/{made['id']}"
    assert steward.patch(place, json={"name": "b"}).json()["name"] == "b"
    assert steward.delete(place).status_code == 204
    assert steward.get(place).status_code == 404


def test_of_what_the_data_tell_is_asked_in_the_api_and_in_the_form(site, signed):
    owner = signed("developer")
    place = {"subject": "城南变电站", "region": "杭州"}
    made = owner.post("/api/v1/asks", json=ASKED | place).json()
    assert made.items() >= place.items()
    form = owner.get("/scenarios/energy.load_forecast").text
    assert 'name="subject"' in form
    assert 'name="region"' in form
    sent = owner.post("/scenarios/energy.load_forecast/runs", data=place, follow_redirects=False)
    asked = sent.headers["location"].rpartition("/")[2]
    assert owner.get(f"/api/v1/asks/{asked}").json().items() >= place.items()
    assert "城南变电站" in owner.get(sent.headers["location"]).text
    too_long = owner.post("/api/v1/asks", json=ASKED | {"region": "a" * 81})
    assert too_long.status_code == 422


JUNK = [
    b"", b"\x00", b"\xff\xfe\xfd", b"{", b"nul", b'"text"', b"[]", b"[[" * 5000, b"1e999", b"NaN",
    b'{"scenario": "\\ud800"}', b'{"scenario": "\\u0000\\u0000\\u0000"}', b'{"scenario": 7}',
    b'{"\\u0000": 1}', b'{"scenario": "abc", "seed": ' + b"9" * 400 + b"}",
    b'{"scenario": "abc", "seed": -1}', b'{"scenario": "abc", "unknown": 1}',
    b'{"scenario": "abc", "params": {"a": {"b": 1}}}', b'{"scenario": "' + b"a" * 10**6 + b'"}',
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("place", ["asks", "predictions", "plans/P1/items/T1/review", "keys"])
def test_a_body_of_junk_is_refused_in_words(signed, place):
    client = signed("developer", "programme_office")
    headers = {"Content-Type": "application/json"}
    for body in JUNK:
        answer = client.post(f"/api/v1/{place}", content=body, headers=headers)
        assert answer.status_code == 422, (body[:80], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"]


def test_a_wrong_content_type_is_refused(signed):
    owner = signed("developer")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "x", ""):
        told = {"Content-Type": kind}
        answer = owner.post("/api/v1/asks", content=b'{"scenario": "abc"}', headers=told)
        assert answer.status_code == 422, kind


def test_a_form_that_is_none_is_refused(signed):
    owner = signed("developer")
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = owner.post("/api/v1/uploads", content=b"junk", headers={"Content-Type": kind})
        assert answer.status_code in (400, 422), answer.text
    page = [("files", ("a.html", b"<script>"))]
    assert owner.post("/api/v1/uploads", files=page).json()["code"] == "QH883"


def test_nul_in_an_address_is_refused(signed):
    viewer = signed("viewer")
    for place in ("runs/%00", "runs?scenario=%00", "plans/P1%00", "asks/a%00b"):
        answer = viewer.get(f"/api/v1/{place}")
        assert (answer.status_code, answer.json()["code"]) == (422, "QH880"), place


def test_an_id_that_is_a_way_out_or_a_pattern_is_not_there(site, signed):
    site.run()
    viewer = signed("viewer")
    for place in ("runs/..%2f..%2fetc", "runs/last", "runs/%25", "scenarios/..%2f..", "plans/P²"):
        assert viewer.get(f"/api/v1/{place}").status_code == 404, place


def test_a_body_said_to_be_of_300_mb_is_refused_unread(signed):
    owner = signed("developer")
    headers = {"Content-Length": str(300 * 2**20), "Content-Type": "application/json"}
    answer = owner.post("/api/v1/asks", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "QH886")


def test_a_stranger_is_refused_before_the_body_is_read(site):
    sent = []

    def body():
        sent.append(1)
        yield b"{}"

    answer = site.client.post("/api/v1/asks", content=body())
    assert answer.status_code == 401
    assert isinstance(answer, httpx.Response)


def _shapes():
    todo, found = list(BaseModel.__subclasses__()), []
    while todo:
        one = todo.pop()
        todo += one.__subclasses__()
        if one.__module__.startswith((api.__name__, described.__name__)):
            found.append(one)
    return found


def test_every_example_is_valid_as_a_whole_and_field_by_field():
    for shape in _shapes():
        extra = shape.model_config.get("json_schema_extra") or {}
        for example in extra.get("examples", ()):
            shape.model_validate(example)
        for name, field in shape.model_fields.items():
            for example in field.examples or ():
                shape.__pydantic_validator__.validate_assignment(
                    shape.model_construct(), name, example
                )


def test_every_example_of_a_request_is_taken(site, signed):
    """The examples that stand in the description are of scenarios that exist."""
    told = described.described(site.app)
    wanted = told["components"]["schemas"]["NewAsk"]["examples"]
    assert [signed("developer").post("/api/v1/asks", json=e).status_code for e in wanted] == [
        202
    ] * 2


def test_a_route_without_a_role_cannot_be_written():
    with pytest.raises(ValueError, match="declares no role"):
        Endpoints("/x", tag="x").get("")(lambda: None)
