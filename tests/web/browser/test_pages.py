"""Every page, as every role, in both languages: it opens, says nothing wrong, and all can read it."""

import re

import pytest

pytest.importorskip("fastapi")

from qianhang.access import ROLES
from qianhang.web import pages

# Addresses that are not HTML: to be fetched, not opened.
FILES = re.compile(
    r"\.(json|xlsx|css)$|/(healthz|readyz|metrics|events|report|download|source)$|\{kind\}"
    r"|/figures/|/items/\{code\}/edit$"
)
# No place of their own: one-time links, redirects, an identity provider that is not set up.
ELSEWHERE = (
    "/ticket/{secret}",
    "/language",
    "/sign-in/openid",
    "/sign-in/openid/back",
    "/map.json",
)
QUERIES = {
    "/runs/compare": "?a={run_id}&b={run_id}",
    "/plans/compare": "?plan={ref}&plan={other_ref}",
}
QUERIES["/plans/compare.xlsx"] = QUERIES["/plans/compare"]
# Whoever is signed in is led on.
MOVED = ("/sign-in", "/runs/asks/{ask_id}", "/admin")


def routes():
    """(pattern, roles) of every address that is only looked at."""
    for group in pages.ROUTES:
        for route in group.router.routes:
            if "GET" in route.methods and route.path not in ELSEWHERE:
                yield route.path, frozenset(route.openapi_extra["x-roles"])


def address(pattern, known):
    """The address with the things of this console in its places; KeyError for a place nobody knows."""
    more = dict(known)
    if pattern.startswith("/data/"):
        more["name"] = "whas500"
    elif pattern.startswith("/models/"):
        more |= {"name": known["scenario"], "version": "1"}
    elif "/figures/" in pattern:
        more["name"] = known["figure"]
    elif "complaint" in pattern:
        more["ref"] = known["complaint"]
    whole = pattern + QUERIES.get(pattern, "")
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: more[m[1]], whole)


def is_page(pattern):
    return not FILES.search(pattern)


def name_of(pattern):
    """A name for the picture of a page."""
    return re.sub(r"\W+", "-", pattern).strip("-") or "overview"


def admits(roles, role):
    """Whether a person of one role (or "nobody") may open a route of these roles."""
    return "public" in roles or (role != "nobody" and ("signed" in roles or role in roles))


@pytest.fixture(scope="module")
def axe(browser):
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


def found_by(axe, page):
    """What axe finds against WCAG 2, levels A and AA: rule and place."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    for one in axe.run(page, options=options).response["violations"]:
        for node in one["nodes"][:3]:
            yield f"{one['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary'][:200]}"


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_each_page_opens_for_its_roles_and_for_no_other(server, tokens, reader, role):
    one = reader(token=tokens[role])
    wrong = []
    for pattern, roles in routes():
        path = address(pattern, server.known)
        answer = one.context.request.get(path, max_redirects=0, timeout=60_000)
        if admits(roles, role):
            good = answer.status in (200, 204) or pattern in MOVED
        else:
            at_the_door = "/sign-in" in answer.headers.get("location", "")
            good = at_the_door if role == "nobody" else answer.status == 403
        if not good:
            wrong.append((path, answer.status))
    assert wrong == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_no_page_breaks_its_own_policy_or_reports_an_error(server, tokens, reader, role, lang):
    one = reader(token=tokens[role], lang=lang)
    for pattern, roles in routes():
        if is_page(pattern) and admits(roles, role):
            one.open(address(pattern, server.known))
            html = one.page.locator("html").get_attribute("lang")
            assert html == ("en" if lang == "en" else "zh-CN"), pattern
    assert one.wrong == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_axe_finds_nothing_in_light_or_dark(server, administrator, tokens, reader, axe, lang):
    one = reader(token=administrator, lang=lang)
    found = []
    for pattern in sorted({p for p, _ in routes() if is_page(p)}):
        one.open(address(pattern, server.known))
        for scheme in ("light", "dark"):
            one.page.emulate_media(color_scheme=scheme)
            one.shot(f"{lang}-{scheme}-{name_of(pattern)}")
            found += [f"{pattern} {scheme} {lang}: {said}" for said in found_by(axe, one.page)]
    assert found == [], "\n".join(found)


def test_no_page_is_wider_than_a_phone(server, administrator, tokens, reader):
    one = reader(token=administrator, viewport={"width": 390, "height": 844})
    wide = []
    for pattern in sorted({p for p, _ in routes() if is_page(p)}):
        one.open(address(pattern, server.known))
        one.shot(f"phone-{name_of(pattern)}")
        width = one.page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide.append((pattern, width))
    assert wide == []


def test_pages_of_whoever_comes_in_pass_axe_too(server, administrator, reader, axe):
    one = reader()
    found = []
    for path in ("/sign-in", "/ticket/none", "/nothing-here", "/open", "/open/ask"):
        one.open(path)
        for scheme in ("light", "dark"):
            one.page.emulate_media(color_scheme=scheme)
            one.shot(f"out-{scheme}-{name_of(path)}")
            found += [f"{path} {scheme}: {said}" for said in found_by(axe, one.page)]
    assert found == [], "\n".join(found)
