"""Every route of the API declares who may use it, and lets in nobody else."""

import re

import pytest

from qianhang.access import ROLES, SCOPES
from qianhang.web.described import described

SAMPLES = {"code": "T1", "kind": "txt", "number": "1", "version": "1", "role": "viewer"}


def routes(app):
    """(method, path with something in each place, roles, scope) of every route of the API."""
    for path, operations in described(app)["paths"].items():
        for method, told in operations.items():
            filled = re.sub(r"\{(\w+)\}", lambda m: SAMPLES.get(m[1], "root"), path)
            yield method.upper(), filled, told["x-roles"], told["x-scope"]


def test_every_route_under_api_is_described_with_roles_scope_and_one_id(site):
    told = described(site.app)
    ids = [o["operationId"] for p in told["paths"].values() for o in p.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", one) for one in ids)
    paths = {r.path for r in walked(site.app) if r.path.startswith("/api/")}
    assert paths == {*told["paths"], "/api/v1/openapi.json"}
    for _, path, roles, scope in routes(site.app):
        assert set(roles) <= {"public", "signed", *ROLES}, path
        assert roles, path
        assert scope in SCOPES, path


def walked(app):
    found = []
    todo = list(app.routes)
    while todo:
        one = todo.pop()
        # Newer FastAPI keeps an included router as one route.
        todo += getattr(getattr(one, "original_router", one), "routes", None) or []
        if hasattr(one, "openapi_extra"):
            found.append(one)
    return found


def refusal(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert set(body) == {
        "type", "title", "status", "code", "hint", "instance", "request", "errors",
    }  # fmt: skip
    return body["code"]


def test_a_stranger_is_refused_by_every_route(site):
    for method, path, roles, _ in routes(site.app):
        if "public" not in roles:
            answer = site.client.request(method, path)
            assert refusal(answer, 401) == "QH907", path
            assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_that_nobody_made_is_refused_by_every_route(site):
    bearer = {"Authorization": "Bearer qh_0123456789ab_" + "x" * 43}
    for method, path, roles, _ in routes(site.app):
        if "public" not in roles:
            assert refusal(site.client.request(method, path, headers=bearer), 401) == "QH907"


def test_a_viewer_is_refused_by_every_route_that_needs_a_role(site, signed):
    viewer = signed("viewer")
    for method, path, roles, _ in routes(site.app):
        if not {"public", "signed", "viewer"} & set(roles):
            assert refusal(viewer.request(method, path, json={}), 403) == "QH906", path


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_without_the_scope_is_refused_whatever_its_roles(site, signed, scope):
    keyed = signed(*ROLES, scopes=[scope])
    for method, path, roles, wanted in routes(site.app):
        if "public" not in roles and wanted != scope:
            assert refusal(keyed.request(method, path, json={}), 403) == "QH908", path


def test_an_unsafe_request_from_another_site_is_refused_before_anything_else(site, signed):
    owner = signed("developer")
    owner.headers["Sec-Fetch-Site"] = "cross-site"
    answer = owner.post("/api/v1/asks", json={"scenario": "water.leak_detection"})
    assert refusal(answer, 403) == "QH887"


def test_a_session_that_is_not_a_browsers_own_site_still_reads(site, signed):
    viewer = signed("viewer")
    viewer.headers["Sec-Fetch-Site"] = "cross-site"
    assert viewer.get("/api/v1/me").status_code == 200


def test_an_address_that_is_not_there_and_a_wrong_method_are_problems_too(site):
    assert refusal(site.client.get("/api/v1/nothing"), 404) == "QH881"
    wrong = site.client.put("/api/v1/me")
    assert refusal(wrong, 405) == "QH882"
    assert "GET" in wrong.headers["allow"]
