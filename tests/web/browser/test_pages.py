"""Every page, for every role, in both languages: it opens, says nothing wrong, all can read it."""

import re

import pytest

pytest.importorskip("fastapi")

from qianhang.access import ROLES
from qianhang.web import pages

# Addresses that are not HTML: to be fetched, not opened.
FILES = re.compile(
    r"\.(json|xlsx|csv|css)$|/(healthz|readyz|metrics|events|report|download|source)$|\{kind\}"
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
    "/docs/errors": "?q=QH10",  # every code is told alike
}
QUERIES |= dict.fromkeys(("/prices/hours.csv", "/prices/hours.xlsx"), "?flavour=ascend-910b")
QUERIES["/plans/compare.xlsx"] = QUERIES["/plans/compare"]
QUERIES["/plans/{ref}/source"] = "?at={code}"
FINDS = """told => axe.run(document, told).then(found => found.violations.flatMap(
  one => one.nodes.slice(0, 3).map(
    node => `${one.id} at ${node.target.join(" ")}: ${node.failureSummary.slice(0, 200)}`)))"""
# One element of text for each look: the colours and classes on its way up to the body.
LOOKS = """() => {
  const seen = new Map(), ways = new Map([[document.body, ""]]);
  const way = (one) => {
    if (!ways.has(one)) {
      const own = `${one.tagName}.${one.getAttribute("class")} ${getComputedStyle(one).backgroundColor}`;
      ways.set(one, `${way(one.parentElement)} ${own}`);
    }
    return ways.get(one);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || ["SCRIPT", "STYLE"].includes(one.tagName)) continue;
    const look = way(one) + getComputedStyle(one).color;
    if (!seen.has(look)) seen.set(look, one);
  }
  return [...seen.values()];
}"""
COLOURS = f"""told => axe.run({{include: ({LOOKS})()}}, told).then(found => found.violations.flatMap(
  one => one.nodes.map(
    node => `${{one.id}} at ${{node.target.join(" ")}}: ${{node.failureSummary.slice(0, 200)}}`)))"""
LANGS = {"zh": "zh-CN", "en": "en"}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# A page of numbers, one of a form and figures, one of a plan.
LOOKED_INTO = ("/", "/scenarios/{scenario}", "/plans/{ref}/targets/{code}")
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
    elif pattern.startswith("/bills/"):
        more |= {"kind": "org", "name": "root"}
    elif pattern.startswith("/vouchers/"):
        more["name"] = "plain"
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
    """The text of axe, which a page is given to read itself."""
    from axe_playwright_python.sync_playwright import Axe

    return Axe().axe_script


def found_by(axe, page, scheme, *, colours="all"):
    """What axe finds against WCAG 2, levels A and AA: rule and place.

    The page is read whole in light; in dark nothing but its colours is another, and of those each
    look is read once.
    colours : those of "all" elements in light, each of "looks" once, or none
    """
    page.emulate_media(color_scheme=scheme)
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    given = {"resultTypes": ["violations"], "preload": False, "iframes": False}
    found = []
    if scheme == "light":
        rules = {"color-contrast": {"enabled": colours == "all"}}
        told = {"runOnly": {"type": "tag", "values": WCAG}, "rules": rules}
        found += page.evaluate(FINDS, given | told)
    if scheme == "dark" or colours == "looks":
        found += page.evaluate(COLOURS, given | {"runOnly": ["color-contrast"]})
    return [f"{scheme}: {said}" for said in found]


def test_colours_that_cannot_be_read_are_found_on_one_of_many_cells(
    server, administrator, reader, axe
):
    one = reader(token=administrator, lang="en")
    one.open("/data")
    cells = one.page.locator("main td")
    assert cells.count() > 50
    assert found_by(axe, one.page, "light", colours="looks") == []
    cells.nth(41).evaluate("cell => { cell.style.color = '#ccc'; cell.textContent = 'pale'; }")
    (said,) = found_by(axe, one.page, "light", colours="looks")
    assert "color-contrast" in said


def walk():
    """Every page there is, as a pattern of addresses."""
    return sorted({pattern for pattern, _ in routes() if is_page(pattern)})


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_each_page_opens_for_its_roles_and_for_no_other(server, tokens, role):
    httpx = pytest.importorskip("httpx")
    wrong = []
    with httpx.Client(base_url=server.url, cookies={"qh": tokens[role]}, timeout=60) as client:
        for pattern, roles in routes():
            path = address(pattern, server.known)
            # A stream of events is answered by its head; what it tells is not waited for.
            with client.stream("GET", path) as answer:
                status, led = answer.status_code, answer.headers.get("location", "")
            if admits(roles, role):
                good = status in (200, 204) or pattern in MOVED
            else:
                good = "/sign-in" in led if role == "nobody" else status == 403
            if not good:
                wrong.append((path, status))
    assert wrong == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_keeps_its_policy_and_can_be_read_by_all(
    server, administrator, tokens, reader, axe, lang
):
    one = reader(token=administrator, lang=lang)
    found = []
    for pattern in walk():
        status = one.open(address(pattern, server.known))
        html = one.page.locator("html").get_attribute("lang")
        if status != 200 or html != LANGS[lang]:
            found.append(f"{pattern}: {status} {html}")
        # Colours do not hang on the language: in English they are looked at on pages of three
        # kinds, each look of theirs once.
        colours = "all" if lang == "zh" else "looks" if pattern in LOOKED_INTO else ""
        for scheme in ("light", "dark") if lang == "zh" else ("light",):
            said = found_by(axe, one.page, scheme, colours=colours)
            found += [f"{pattern} {what}" for what in said]
            name = f"{lang}-{scheme}-{name_of(pattern)}"
            one.shot(name, whole=(lang, scheme) == ("zh", "light"))
        one.page.emulate_media(color_scheme="light")
    assert found == [], "\n".join(found)
    assert one.wrong == []


def test_no_page_is_wider_than_a_phone(server, administrator, tokens, reader):
    one = reader(token=administrator, lang="en", viewport={"width": 390, "height": 844})
    wide = []
    for pattern in walk():
        one.open(address(pattern, server.known))
        one.shot(f"phone-{name_of(pattern)}")
        width = one.page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide.append((pattern, width))
    assert wide == []
    assert one.wrong == []


def test_pages_of_whoever_comes_in_can_be_read_by_all(server, administrator, reader, axe):
    one = reader()
    found = []
    for path in ("/sign-in", "/ticket/none", "/nothing-here", "/open", "/open/ask"):
        one.open(path)
        for scheme in ("light", "dark"):
            found += [f"{path} {said}" for said in found_by(axe, one.page, scheme)]
            one.shot(f"out-{scheme}-{name_of(path)}")
        one.page.emulate_media(color_scheme="light")
    assert found == [], "\n".join(found)
    assert one.wrong == []
