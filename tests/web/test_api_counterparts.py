"""Whatever a page does the API does too, or it stands in a short list with the reason."""

from pathlib import Path

import pytest
import tomli

pytest.importorskip("fastapi")

from qianhang.web import api, pages

TOLD = tomli.loads(
    (Path(__file__).parents[2] / "scripts" / "counterparts.toml").read_text(encoding="utf8")
)
PAGES = {
    f"{method} {route.path}": route
    for group in pages.ROUTES
    for route in group.router.routes
    for method in route.methods
}
OPERATIONS = {
    route.operation_id: route for group in api.ROUTES for route in group.router.routes
}  # fmt: skip
WITHOUT = [page for one in TOLD["none"] for page in one["pages"]]
# What a form may be sent by: more than that would be another deed.
UNSAFE = {"POST", "PATCH", "DELETE"}


def test_each_page_names_its_operations_or_stands_among_those_without():
    known = [*TOLD["operations"], *WITHOUT]
    assert sorted(known) == sorted(PAGES), "scripts/counterparts.toml"
    assert len(set(known)) == len(known)


def test_each_operation_that_a_page_names_is_there():
    named = {name for names in TOLD["operations"].values() for name in names}
    assert named <= set(OPERATIONS)
    assert all(names for names in TOLD["operations"].values())


def test_a_form_is_answered_by_an_operation_that_changes_something():
    for page, names in TOLD["operations"].items():
        methods = {m for name in names for m in OPERATIONS[name].methods}
        # A quote is asked for by a form and holds nothing; what only looks is a GET.
        assert page.startswith("GET") or methods & UNSAFE, page
        assert page.startswith("POST") or "GET" in methods, page


def test_few_deeds_are_without_an_operation_and_none_of_them_is_work():
    deeds = [page for page in WITHOUT if page.startswith("POST")]
    assert set(deeds) == {
        "POST /sign-in", "POST /sign-out", "POST /sign-in/openid/code", "POST /ticket/{secret}",
        "POST /account/password", "POST /account/factor", "POST /account/factor/confirm",
        "POST /account/factor/remove", "POST /admin/backup",
    }  # fmt: skip
    assert all(one["why"] for one in TOLD["none"])


def test_an_operation_asks_for_the_roles_of_its_page():
    """Whoever may do it in the console may do it by the API: the same roles, by name."""
    for page, names in TOLD["operations"].items():
        wanted = set(PAGES[page].openapi_extra["x-roles"])
        open_to = [set(OPERATIONS[name].openapi_extra["x-roles"]) for name in names]
        fits = [wanted <= roles or bool(roles & {"signed", "public"}) for roles in open_to]
        assert all(fits) if page.startswith("POST") else any(fits), page
