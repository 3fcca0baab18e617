"""Each role signs in and follows its menu: what it sees, it may use; what it may not, it never sees."""

import re
from datetime import UTC, datetime

import pytest

pytest.importorskip("fastapi")

from qianhang.access import ROLES
from qianhang.core import words as product
from qianhang.web import pages, words

from .conftest import PASSWORD
from .test_pages import LANGS, address, admits, is_page, routes

MENU = ["/", "/scenarios", "/runs", "/plans", "/compute", "/prices", "/bills", "/vouchers"]
SETTLES = {"programme_office", "administrator", "pool_operator"}
# Beside what everybody has: addresses that pages offer to a role, and to no other.
OWN = {
    "viewer": set(),
    "scenario_owner": {"POST /scenarios/{scenario}/runs", "GET /compute/submit"},
    "developer": {"POST /compute/jobs", "POST /compute/applications"},
    "pool_operator": {"POST /compute/pools/{pool}/turn"},
    "data_steward": {"POST /data/{name}/check"},
    "safety_officer": {"GET /safety/complaints", "POST /safety/verify"},
    "programme_office": {"GET /plans/import", "GET /portal", "POST /plans/{ref}/ledger"},
    "administrator": {
        "GET /admin/people",
        "POST /admin/log/verify",
        "POST /safety/verify",
        "POST /compute/quotas",
    },
}
# Pages, each fetched by the browser with its session and put in place of the body that is shown,
# by which it is laid out as if it had been opened, for a fifth of the work: its status, language and
# text; the method and address of each link and form of ours; what names things, in one language
# (what a person typed stands elsewhere).
READ = """async paths => {
  const read = [];
  for (const path of paths) {
    const answer = await fetch(path);
    const told = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.replaceWith(document.adoptNode(told.body));
    const offered = new Set(), names = [];
    for (const one of document.querySelectorAll("a[href^='/'], form, [formaction]")) {
      const form = one.matches("form"), post = form ? one.method : one.form && one.form.method;
      const to = one.getAttribute("formaction") || one.getAttribute(form ? "action" : "href") || "";
      const page = new URL(to, new URL(path, location.href)).pathname;
      offered.add(`${one.matches("a") || post !== "post" ? "GET" : "POST"} ${page}`);
    }
    for (const one of document.querySelectorAll(
        "nav a, h2, thead th, label, legend, summary, dt, button, .tabs a, .tile > span")) {
      if (!one.checkVisibility() || one.closest(".me, .lang, .news, [lang]")) continue;
      const name = one.cloneNode(true);
      name.querySelectorAll("code, input, .hash").forEach(x => x.remove());
      names.push(name.textContent.trim());
    }
    const lang = told.documentElement.lang, text = document.body.innerText;
    read.push({status: answer.status, lang, text, offered: [...offered], names});
  }
  return read;
}"""
BOTH = {"SHA-256", "CSV", "XLSX", "A", "B", "Python"}


@pytest.fixture(scope="module")
def logins(server, administrator):
    """Role -> login of an account that holds this role alone, and comes in by its password."""
    from qianhang.access import accounts
    from qianhang.access.passwords import hash_password
    from qianhang.access.person import Grant
    from qianhang.runs import open_store
    from qianhang.store import Settings

    at, hashed = datetime.now(UTC), hash_password(PASSWORD)
    with open_store(Settings(home=server.home)) as store, store.write() as tx:
        for role in ROLES:
            grants = [Grant("root", role)]
            login = f"only.{role}"
            accounts.create(tx, login, name="李娜", by="t", at=at, hashed=hashed, grants=grants)
    return {role: f"only.{role}" for role in ROLES}


def route_of(offered):
    """The pattern and roles of the route that answers "METHOD /path"; None where none does."""
    method, path = offered.split(" ")
    for group in pages.ROUTES:
        for route in group.router.routes:
            if method in route.methods and route.path_regex.match(path):
                return f"{method} {route.path}", route.openapi_extra["x-roles"]
    return None


def said_wrong(told, lang):
    """Keys without their words, places left open in them, names in the other language."""
    keys = words.catalogue(lang).keys() | product.catalogue(lang).keys()
    wrong = keys & set(re.findall(r"[a-z_]+(?:\.[a-z0-9_]+)+", told["text"]))
    wrong |= set(re.findall(r"\{\w+\}|\bundefined\b|\bNone\b|\bNaN\b", told["text"]))
    for name in told["names"]:
        chinese = re.search(r"[\u4e00-\u9fff]", name)
        latin = re.search(r"[A-Za-z]{2}", name)
        if name not in BOTH and (chinese if lang == "en" else latin and not chinese):
            wrong.add(name)
    return wrong


def followed(one):
    """Every entry of the menu clicked -> where each leads."""
    page, menu = one.page, []
    for entry in [a.get_attribute("href") for a in one.page.locator("#menu a").all()]:
        with page.expect_response(lambda r: r.request.is_navigation_request()) as led:
            page.click(f'#menu a[href="{entry}"]')
        assert led.value.status < 400, entry
        menu.append(entry)
    return menu


def walked(one, lang, *, role, known):
    """Every page that is for the role, by its address.

    -> what the pages offer, what was wrong on them
    """
    walk = [where for where, roles in sorted(routes()) if is_page(where) and admits(roles, role)]
    offered, wrong = set(), []
    # What scripts draw afterwards is looked at by the tests of the pages.
    for where, told in zip(
        walk, one.page.evaluate(READ, [address(where, known) for where in walk]), strict=True
    ):
        found = said_wrong(told, lang)
        if told["status"] != 200 or told["lang"] != LANGS[lang] or found:
            wrong.append((where, told["status"], told["lang"], found))
        offered.update(told["offered"])
    return offered, wrong


@pytest.fixture(scope="module")
def one(reader):
    """One browser for all of them, which keeps scripts and styles, and nobody's session."""
    return reader()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("lang", LANGS)
def test_a_role_opens_every_page_and_is_offered_what_it_may_use(
    logins, one, tokens, server, role, lang
):
    """It comes in by its password and follows its menu first."""
    one.context.clear_cookies()
    one.speak(lang)
    one.open("/sign-in")
    one.page.fill("#login", logins[role])
    one.page.fill("#password", PASSWORD)
    one.page.locator("main form button").first.click()
    one.page.wait_for_url(f"{one.url}/")
    menu = [*MENU, *["/settlement"] * (role in SETTLES), "/whatif", "/data", "/models", "/safety"]
    assert followed(one) == menu + ["/admin"] * (role == "administrator")
    offered, wrong = walked(one, lang, role=role, known=server.known)
    one.open("/")
    one.shot(f"role-{role}-{lang}")
    assert wrong == []
    led = {what: route_of(what) for what in offered}
    assert [what for what, to in led.items() if not to or not admits(to[1], role)] == []
    assert OWN[role] - {to[0] for to in led.values()} == set()
    assert one.wrong == []
