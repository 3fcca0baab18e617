"""What a security reviewer tries: headers, other sites, other people's things, hostile input."""

import asyncio
import io
import logging
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from qianhang.access import accounts, sessions
from qianhang.access.person import Grant
from qianhang.core.day import day_of
from qianhang.store import Settings
from qianhang.web.app import create_app
from qianhang.web.log_lines import Lines
from qianhang.web.shell import CSP, Limits
from qianhang.web.site import now

SAFE = ("GET", "HEAD")
PASSWORD = "correct-horse-9"
HOSTILE = (
    "<script>alert(1)</script>", "'; DROP TABLE account; --", "{{ 7 * 1919191 }}", "{% for x in y %}",
    "${7*1919191}", "\x00", "\u202e", "x" * 5000, "' OR 1=1 --", '"><img src=x onerror=alert(1)>',
)  # fmt: skip


def routes(app):
    """(method, path, roles) of every route, pages and API."""
    todo = list(app.routes)
    while todo:
        one = todo.pop(0)
        todo += getattr(getattr(one, "original_router", one), "routes", None) or []
        if getattr(one, "openapi_extra", None) and "x-roles" in one.openapi_extra:
            yield next(iter(one.methods)), one.path, frozenset(one.openapi_extra["x-roles"])


def filled(path, **places):
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: str(places.get(m[1], "1")), path)


def signs_in(site, client, login="person", password=PASSWORD, **form):
    return client.post(
        "/sign-in", data={"login": login, "password": password, **form}, follow_redirects=False
    )


@pytest.fixture
def person(site):
    """An account with a password."""
    from qianhang.access.passwords import hash_password

    with site.store.write() as tx:
        return accounts.create(
            tx, "person", name="Person", org="root", hashed=hash_password(PASSWORD), by="t",
            at=now(), grants=[Grant("root", "developer")],
        )  # fmt: skip


# Headers


def test_every_answer_carries_the_policy_and_its_id(site, signed):
    everybody = signed("administrator", "programme_office", "developer", "safety_officer")
    for client in (site.client, everybody):
        for _, path, _ in routes(site.app):
            answer = client.get(filled(path), follow_redirects=False)
            assert answer.headers["content-security-policy"] == CSP, path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["x-frame-options"] == "DENY", path
            assert answer.headers["referrer-policy"] == "same-origin", path
            assert answer.headers["x-request-id"], path


def test_the_policy_lets_nothing_in_line_and_nothing_from_elsewhere():
    assert "unsafe" not in CSP
    assert "http" not in CSP
    assert "*" not in CSP
    assert CSP.startswith("default-src 'self'")


def test_static_files_and_refusals_carry_the_policy_too(site):
    for path in ("/static/console.css", "/static/none.css", "/nothing", "/api/v1/nothing"):
        assert site.client.get(path).headers["content-security-policy"] == CSP, path
    crossing = site.client.post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"})
    assert (crossing.status_code, crossing.headers["content-security-policy"]) == (403, CSP)


@pytest.mark.parametrize("path", ["/open", "/api/v1/me"])
def test_a_fault_of_ours_is_answered_with_the_policy_and_no_word_of_its_cause(
    site, monkeypatch, caplog, path
):
    def fails(*_, **__):
        raise RuntimeError("the secret is 4711")

    monkeypatch.setattr("qianhang.web.asked.identified", fails)
    answer = site.client.get(path)
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CSP
    assert "4711" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "4711" in caplog.text


# Requests from elsewhere


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8080"},
        {},
    ],
)
def test_no_unsafe_route_takes_a_request_that_another_site_may_have_sent(site, signed, headers):
    client = TestClient(site.app, headers=headers)
    client.cookies = signed("administrator", "programme_office", "developer").cookies
    before = state(site)
    for method, path, _ in routes(site.app):
        if method not in SAFE:
            answer = client.request(method, filled(path), follow_redirects=False)
            assert answer.status_code == 403, (method, path)
    assert state(site) == before


def test_a_form_of_our_own_page_is_taken_with_an_origin_alone(site):
    own = TestClient(site.app, headers={"Origin": "http://testserver"})
    assert signs_in(site, own).status_code == 401


# Sessions


def test_a_session_begins_with_a_token_of_its_own(site, person):
    client = site.another()
    client.cookies.set("qh", "planted-by-somebody-else-0123456789abcdefghijk")
    token = signs_in(site, client).cookies["qh"]
    assert "planted" not in token
    assert client.get("/account").status_code == 200
    planted = site.another()
    planted.cookies.set("qh", "planted-by-somebody-else-0123456789abcdefghijk")
    assert planted.get("/account", follow_redirects=False).status_code == 303


def test_signing_in_again_gives_another_token_and_signing_out_ends_it(site, person):
    client = site.another()
    first, second = signs_in(site, client).cookies["qh"], signs_in(site, client).cookies["qh"]
    assert first != second
    client.post("/sign-out")
    stale = site.another()
    stale.cookies.set("qh", second)
    assert stale.get("/account", follow_redirects=False).status_code == 303


def test_the_cookie_is_closed_to_scripts_and_other_sites(site, person):
    told = signs_in(site, site.another()).headers["set-cookie"].lower()
    assert told.startswith("qh=")
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "domain=" not in told


def test_over_https_the_cookie_is_bound_to_host_and_encryption(site, person):
    app = create_app(
        Settings(home=site.home), public_url="https://ai.example.gov.cn", slots=0, rate=10**6
    )
    with TestClient(app, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        answer = signs_in(site, client)
        told = answer.headers["set-cookie"].lower()
        assert told.startswith("__host-qh=")
        for flag in ("httponly", "secure", "path=/", "samesite=lax"):
            assert flag in told
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        # A cookie that a page without encryption could have planted is not looked at.
        token = answer.cookies["__Host-qh"]
        plain = TestClient(app, cookies={"qh": token})
        assert plain.get("/account", follow_redirects=False).status_code == 303


def test_guessing_a_password_locks_the_account_in_the_same_words(site, person):
    client = site.another()
    said = {signs_in(site, client, password=f"wrong-{n}-guess").status_code for n in range(12)}
    assert said <= {401, 429}
    right = signs_in(site, client)
    assert right.status_code in (401, 429)
    assert "qh" not in right.cookies


def test_an_unknown_login_reads_as_a_wrong_password(site, person):
    wrong = signs_in(site, site.another(), password="wrong-wrong-1")
    unknown = signs_in(site, site.another(), login="persom", password="wrong-wrong-1")
    assert wrong.status_code == unknown.status_code
    assert without_id(wrong.text.replace("person", "x")) == without_id(
        unknown.text.replace("persom", "x")
    )


def without_id(text):
    return re.sub(r"[0-9a-f]{16}", "", text)


# Ways out


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x=1",
        "///evil.example", " //evil.example", "/\x00/evil.example", "evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_to_another_site(site, person, to):
    for answer in (
        site.another().get("/language", params={"to": "en", "next": to}, follow_redirects=False),
        signs_in(site, site.another(), next=to),
    ):
        place = answer.headers["location"]
        assert re.match(r"/(?![/\\\t\n])", place), place
        assert "\n" not in place
        assert "x" not in answer.cookies


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/vendor/../../app.py",
        "/static//etc/passwd", "/static/%00", "/static/..\\app.py", "/static/....//app.py",
        "/runs/..%2f..%2fetc/report", "/scenarios/..%2f..%2fpyproject", "/data/..%2f..%2fetc%2fpasswd",
        "/scenarios/%2e%2e", "/runs/%00", "/scenarios/a%00b", "/models/..%2f..%2f/1",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_its_folder(signed, path):
    answer = signed("viewer").get(path)
    assert answer.status_code in (400, 404), answer.text[:300]
    assert "import" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "name", ["../x", "..%2fx.csv", "%2e%2e.csv", "x.html", "%00.csv", "a" * 3000]
)
def test_no_figure_is_found_by_a_path(site, signed, name):
    run = site.run()
    answer = signed("viewer").get(f"/runs/{run.id}/figures/{name}")
    assert answer.status_code in (400, 404)


# Things that are sent


def sent(client, *files, org=""):
    parts = [("files", (name, body, "text/csv")) for name, body in files]
    return client.post("/api/v1/uploads", files=parts, data={"org": org})


@pytest.mark.parametrize(
    "name",
    ["x.html", "x.svg", "x.js", "x.zip", "x.csv.html", "x", ".csv.", "x.php", "x.csv\x00.html", "x.xhtml"],
)  # fmt: skip
def test_a_file_that_a_browser_would_carry_out_is_not_kept(site, signed, name):
    answer = sent(signed("developer"), (name, b"<script>alert(1)</script>"))
    assert answer.status_code in (400, 422), answer.text
    assert not list((site.home / "uploads").rglob("*.*"))


@pytest.mark.parametrize(
    "name",
    [
        "../../../x.csv", "..\\..\\x.csv", "/etc/x.csv", "C:\\x.csv", "x" * 4000 + ".csv", "..csv", "\u202ecsv.csv",
        "CON.csv", "-rf.csv", "a\nb.csv", "\uff0e\uff0e\uff0fx.csv", "~.csv", "数据.csv", "$(id).csv",
    ],
)  # fmt: skip
def test_a_file_lies_below_its_organisations_folder_whatever_it_is_called(site, signed, name):
    answer = sent(signed("developer"), (name, b"a,b\n1,2\n"))
    if answer.status_code == 201:
        kept = [p for p in site.home.rglob("*.csv") if p.is_file()]
        assert len(kept) == 1
        assert kept[0].resolve().is_relative_to((site.home / "uploads" / "root").resolve())
        assert re.fullmatch(r"[\w.\-]{1,90}", kept[0].name)
    else:
        assert answer.status_code in (400, 422)


def test_two_files_of_one_name_are_refused_and_nothing_is_kept(site, signed):
    answer = sent(signed("developer"), ("a.csv", b"1"), ("x/a.csv", b"2"))
    assert (answer.status_code, answer.json()["code"]) == (422, "QH883")
    assert not list((site.home / "uploads").rglob("*.csv"))


def test_more_files_than_a_run_reads_are_refused(site, signed):
    answer = sent(signed("developer"), *((f"{n}.csv", b"1") for n in range(41)))
    assert answer.status_code == 422


def bomb(name, megabytes=300):
    """A small workbook or document, one part of which is large once unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open(name, "w", force_zip64=True) as part:
            for _ in range(megabytes):
                part.write(bytes(2**20))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "part"), [("p.xlsx", "xl/workbook.xml"), ("p.docx", "word/document.xml")]
)
def test_a_plan_that_unpacks_to_hundreds_of_megabytes_is_refused_in_words(signed, name, part):
    office = signed("programme_office")
    answer = office.post(
        "/plans/import", files=[("files", (name, bomb(part), "application/zip"))],
        data={"org": "root"},
    )  # fmt: skip
    assert answer.status_code < 500
    assert re.search(r"QH\d{3}", answer.text)
    assert "/plans/P1" not in answer.text


# Hostile text


def test_no_text_is_carried_out_in_a_page_or_a_query(site, signed):
    one = signed("administrator", "programme_office", "developer", "safety_officer", "data_steward")
    plan, run = site.plan(), site.run()
    places = {"ref": plan.ref, "run_id": run.id, "code": "T1", "account": one.account}
    names = (
        "q",
        "next",
        "state",
        "scenario",
        "before",
        "kind",
        "province",
        "page",
        "text",
        "a",
        "lang",
    )
    for text in HOSTILE:
        for method, path, _ in routes(site.app):
            if method == "GET" and "/sign-in/openid" not in path and not path.endswith("/stream"):
                answer = one.get(filled(path, **places), params=dict.fromkeys(names, text))
                assert answer.status_code < 500, (path, text, answer.text[:300])
                harmless(answer, text, path)


def harmless(answer, text, path):
    if "html" in answer.headers.get("content-type", ""):
        assert "<script>alert(1)" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert "13434337" not in answer.text or "13434337" in text, path


FORMS = (
    ("/sign-in", ("login", "password", "code", "next")),
    ("/account/name", ("name",)),
    ("/account/keys", ("name",)),
    ("/open/complaint", ("kind", "about", "text", "contact")),
    ("/scenarios/ecology.carbon_inventory/runs", ("case", "seed", "org", "p.draws")),
    ("/plans/import", ("region", "parent", "org")),
    ("/plans/{ref}/owners", ("item", "unit", "contact")),
    ("/plans/{ref}/meetings", ("title", "day", "text")),
    ("/plans/{ref}/decisions", ("text", "unit", "due", "meeting")),
    ("/plans/{ref}/bulletins", ("day", "period", "title", "issuer", "number", "to", "note")),
    ("/plans/{ref}/heading", ("title", "region")),
    ("/plans/{ref}/review", ("kind",)),
    ("/plans/{ref}/items/T1", ("act", "name", "value", "unit", "revision", "version")),
    ("/admin/organisations", ("name", "kind", "parent")),
    ("/admin/people", ("login", "name", "org", "role", "lang")),
)


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_no_form_carries_out_what_is_typed_into_it(site, signed, path, fields):
    one = signed("administrator", "programme_office", "developer", "safety_officer")
    plan = site.plan() if "{ref}" in path else None
    address = path.replace("{ref}", plan.ref if plan else "")
    for text in HOSTILE:
        for field in fields:
            form = dict.fromkeys(fields, "1") | {field: text}
            answer = one.post(address, data=form)
            assert answer.status_code < 500, (path, field, text, answer.text[:500])
            harmless(answer, text, path)
    assert one.get("/account").status_code == 200


@pytest.mark.parametrize("text", ["²", "١٢", "-1", "1e9", "9" * 40, "", "0x10", "1.5"])
def test_an_odd_number_is_never_a_fault(site, signed, text):
    viewer = signed("viewer")
    for path in ("/open/scenarios", "/scenarios", "/runs", "/models", "/admin/log"):
        for name in ("page", "before", "at", "version"):
            assert viewer.get(path, params={name: text}).status_code < 500
    header = {"Last-Event-ID": text.encode("utf8")}
    assert viewer.get("/runs/asks/none/events", headers=header).status_code == 404


# Other people's things


def state(site):
    """Every row of the store, but for when a session was last seen."""
    found = {}
    with site.store.read() as connection:
        tables = connection.exec_driver_sql(
            "select name from sqlite_master where type = 'table'"
        ).scalars()
        for table in tables.all():
            rows = connection.exec_driver_sql(f'select * from "{table}"').mappings().all()
            found[table] = sorted(str({k: v for k, v in r.items() if k != "seen"}) for r in rows)
    return found


OWNED = {"run_id", "other_id", "ask_id", "ref", "plan", "session", "key", "account", "org"}
FORM = {
    "act": "reject", "revision": "1", "version": "1", "kind": "", "day": "2026-01-01", "number": "1",
    "period": "Q1", "issuer": "x", "title": "x", "text": "x", "name": "x", "org": "root", "role": "viewer",
    "seq": "1", "value": "1", "unit": "x", "item": "T1", "due": "2026-02-01", "system": "M201", "every": "30",
}  # fmt: skip


@pytest.fixture
def theirs(site, signed):
    """Everything that a company has, by the name of its place in an address."""
    from qianhang.runs import Request, asks

    org = site.org("theirs", kind="company")
    owner = signed("administrator", "programme_office", "developer", org=org)
    folder = site.home / "uploads" / org / "0123456789abcdef"
    folder.mkdir(parents=True)
    data = folder / "june.csv"
    data.write_text("year,region,sector,item,amount,unit\n2020,a,b,原煤,1,t\n")
    plan, run = site.plan(org=org), site.run(org=org, own="june.csv")
    asked = Request("ecology.carbon_inventory", "own", data)
    ask = asks.put(site.store, asked, org=org, by=owner.account, now=now(), home=site.home)
    issued = owner.post(
        f"/plans/{plan.ref}/bulletins",
        data={"day": day_of(now()).isoformat(), "period": "Q1", "issuer": "x"},
    )
    assert issued.status_code == 200
    with site.store.write() as tx:
        from qianhang.access import keys

        key, _ = keys.create_key(
            tx,
            owner.account,
            name="k",
            scopes=["read"],
            by="t",
            at=now(),
            expires=now() + timedelta(1),
        )
    session = sessions.sessions(site.store, owner.account)[0].id
    return {
        "org": org, "account": owner.account, "run_id": run.id, "other_id": run.id,
        "ask_id": ask.id, "ref": plan.ref, "plan": plan.ref, "code": "T1", "number": "1",
        "kind": "txt", "session": session, "key": key.id, "seq": "1", "name": "kpi.csv",
        "table": "plan", "role": "viewer", "data": "0123456789abcdef/june.csv",
    }  # fmt: skip


@pytest.fixture
def stranger(site, signed):
    """Somebody with every role, at a company of their own."""
    from qianhang.access import ROLES

    return signed(*ROLES, org=site.org("ours", kind="company"))


def test_nothing_of_another_company_is_seen_or_changed_by_any_address(site, theirs, stranger):
    before = state(site)
    walked = 0
    for method, path, roles in routes(site.app):
        places = set(re.findall(r"\{(\w+)", path))
        if not places & OWNED or "public" in roles or path.startswith("/safety"):
            continue
        walked += 1
        more = {} if method in SAFE else {"data": FORM}
        if path.startswith("/api/") and method not in SAFE:
            more = {"json": FORM, "headers": {"Idempotency-Key": f"k{walked:031}"}}
        answer = stranger.request(method, filled(path, **theirs), follow_redirects=False, **more)
        assert answer.status_code in (403, 404, 422), (method, path, answer.status_code)
        for secret in ("june.csv", "reader", "Q1"):
            assert secret not in answer.text or secret in str(more), (method, path)
    assert walked > 60
    assert state(site) == before


def test_nothing_of_another_company_is_named_in_a_form_or_a_query(site, theirs, stranger):
    ours = site.plan(org="ours").ref
    before = state(site)
    tries = (
        ("GET", f"/runs/compare?a={theirs['run_id']}&b={theirs['run_id']}", {}),
        ("GET", f"/plans/compare?plan={theirs['ref']}&plan={ours}", {}),
        ("GET", f"/plans/compare.xlsx?plan={theirs['ref']}&plan={ours}", {}),
        ("POST", "/scenarios/ecology.carbon_inventory/runs", {"data": {"case": "own", "org": theirs["org"]}}),
        ("POST", "/admin/people", {"data": {"login": "mine", "name": "x", "org": theirs["org"]}}),
        ("POST", "/admin/organisations", {"data": {"name": "x", "kind": "school", "parent": theirs["org"]}}),
        ("POST", f"/admin/people/{stranger.account}/grants", {"data": {"org": theirs["org"], "role": "viewer"}}),
        ("POST", "/api/v1/uploads", {"files": {"files": ("a.csv", b"1")}, "data": {"org": theirs["org"]}}),
        ("POST", "/api/v1/asks", {"json": {"scenario": "ecology.carbon_inventory", "case": "own", "org": theirs["org"]}}),
        ("POST", "/api/v1/asks", {"json": {"scenario": "ecology.carbon_inventory", "case": "own", "data": theirs["data"]}}),
        ("POST", "/api/v1/asks", {"json": {"scenario": "ecology.carbon_inventory", "case": "own", "data": "../theirs/" + theirs["data"]}}),
    )  # fmt: skip
    for method, path, more in tries:
        answer = stranger.request(method, path, follow_redirects=False, **more)
        assert answer.status_code in (400, 403, 404, 422), (method, path, answer.text[:400])
        assert "june" not in answer.text.replace(theirs["data"], "")
    assert state(site) == before
    assert not list((site.home / "uploads" / theirs["org"]).rglob("a.csv"))


def test_lists_hold_nothing_of_another_company(site, theirs, stranger):
    for path in ("/", "/runs", "/plans", "/models", "/admin/people", "/admin/organisations", "/portal",
                 "/api/v1/runs", "/api/v1/asks", "/api/v1/plans", "/api/v1/accounts", "/api/v1/organisations"):  # fmt: skip
        text = stranger.get(path).text
        for name in ("run_id", "ask_id", "account"):
            assert theirs[name] not in text, (path, name)
        assert f"/plans/{theirs['ref']}" not in text, path
        assert "theirs" not in text, path


# Requests that are too much


@pytest.fixture
def small(tmp_path, empty_home):
    """A console that takes bodies of 1,000 bytes, coming without pauses of a second."""
    import shutil

    home = shutil.copytree(empty_home, tmp_path / "small")
    limits = Limits(body=1000, idle_s=1.0)
    app = create_app(Settings(home=home), slots=0, limits=limits)
    with TestClient(app, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        client.app = app
        yield client


def test_a_body_that_says_it_is_too_large_is_refused(small):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert small.post("/sign-in", content=b"x" * 1001, headers=form).status_code == 413
    assert small.post("/sign-in", data={"login": "x"}).status_code == 401


def test_a_body_that_does_not_say_its_size_is_refused_once_it_is_too_large(small):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = small.post("/sign-in", content=iter([b"login=" + b"x" * 600] * 2), headers=form)
    assert answer.status_code == 413
    assert answer.headers["content-security-policy"] == CSP


@pytest.mark.parametrize(("lang", "said"), [("zh", "请求体太大"), ("en", "too large")])
def test_a_person_reads_what_was_refused_on_a_page_in_their_language(small, lang, said):
    small.cookies.set("qh-lang", lang)
    large = small.post("/sign-in", data={"login": "x" * 1001})
    foreign = small.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    for answer, status, code in ((large, 413, "QH886"), (foreign, 403, "QH887")):
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert f'href="/docs/errors#{code}"' in answer.text
        assert answer.headers["x-request-id"] in answer.text
    assert said in large.text


def spoken(app, messages, headers=(), *, pause_s=0.0):
    """The status that the application answers to messages given one by one, each after a pause."""

    async def talk():
        told, waiting = [], list(messages)

        async def receive():
            if not waiting:
                await asyncio.Event().wait()
            await asyncio.sleep(pause_s)
            return waiting.pop(0)

        async def send(message):
            told.append(message)

        given = [(b"host", b"testserver"), (b"sec-fetch-site", b"same-origin"), *headers]
        scope = {
            "type": "http", "method": "POST", "path": "/sign-in", "raw_path": b"/sign-in", "query_string": b"",
            "headers": given, "client": ("10.0.0.1", 1), "server": ("testserver", 80), "scheme": "http",
            "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 30)
        return told[0]["status"]

    # In a thread of its own: a browser's tests leave a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, talk()).result()


FORM_TYPE = (b"content-type", b"application/x-www-form-urlencoded")


def test_a_body_that_stops_coming_is_given_up(small):
    begun = {"type": "http.request", "body": b"login=", "more_body": True}
    assert spoken(small.app, [begun], [FORM_TYPE]) == 408


def test_a_body_that_trickles_is_given_up(small):
    """Each byte comes before the last wait is over; all of them take too long."""
    byte = {"type": "http.request", "body": b"x", "more_body": True}
    assert spoken(small.app, [byte] * 60, [FORM_TYPE], pause_s=0.05) == 408


@pytest.mark.parametrize("told", [b"-1", b"1e3", b"\xb2", b"99999999999999999999", b"x"])
def test_an_odd_length_is_refused(small, told):
    whole = {"type": "http.request", "body": b"login=x", "more_body": False}
    assert spoken(small.app, [whole], [FORM_TYPE, (b"content-length", told)]) == 413


# What is written down


def test_no_secret_reaches_the_log(site, person, caplog):
    from qianhang.access import tickets

    with site.store.write() as tx:
        secret = tickets.issue(tx, person.id, by="t", at=now())
    caplog.set_level(logging.DEBUG)
    client = site.another()
    token = signs_in(site, client).cookies["qh"]
    signs_in(site, client, password="a-wrong-password-1", code="123456")
    client.get(f"/ticket/{secret}")
    client.post(f"/ticket/{secret}", data={"password": "another-horse-8", "again": "x"})
    client.get("/account?password=in-a-query-7")
    key = "qh_0123456789ab_" + "k" * 43
    client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("qianhang")]
    assert lines
    written = "\n".join(lines)
    for one in (secret, token, PASSWORD, "a-wrong-password-1", "another-horse-8", "in-a-query-7", key, "123456"):  # fmt: skip
        assert one not in written


def test_an_id_that_a_client_gives_cannot_write_a_line_of_its_own(site, caplog):
    caplog.set_level(logging.INFO)
    for given in ("x\ninjected", "<script>", "a" * 65, "short", "aaaaaaaa\u2028b"):
        answer = site.client.get("/healthz", headers={"X-Request-ID": given.encode("utf8")})
        assert answer.headers["x-request-id"] != given
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
    kept = site.client.get("/healthz", headers={"X-Request-ID": "trace-0123456789"})
    assert kept.headers["x-request-id"] == "trace-0123456789"
    for record in caplog.records:
        if record.name == "qianhang.web.access":
            assert "\n" not in Lines().format(record)


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "<script>", "xx", "zh\r\nSet-Cookie: a=b", "{{7*7}}"]
)
def test_a_language_that_is_none_is_not_taken(site, text):
    answer = site.client.get("/language", params={"to": text}, follow_redirects=False)
    assert "set-cookie" not in answer.headers
    other = site.another()
    shown = other.get("/sign-in", headers={"Cookie": f"qh-lang={text.splitlines()[0]}"})
    assert shown.status_code == 200
    assert 'lang="zh-CN"' in shown.text
    assert text not in shown.text


def test_links_for_others_name_the_public_address_whatever_the_request_says(site, signed):
    one = signed("administrator")
    app = create_app(
        Settings(home=site.home), public_url="https://ai.example.gov.cn", slots=0, rate=10**6
    )
    with TestClient(
        app, headers={"Sec-Fetch-Site": "same-origin", "Host": "evil.example"}
    ) as client:
        client.cookies.set("__Host-qh", one.cookies["qh"])
        answer = client.post("/admin/people", data={"login": "new", "name": "x", "org": "root"})
    assert answer.status_code == 200
    assert "https://ai.example.gov.cn/ticket/" in answer.text
    assert "evil.example" not in answer.text
