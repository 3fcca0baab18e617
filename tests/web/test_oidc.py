"""Signing in by an OpenID provider: a real one on this machine, and tokens spoilt on purpose."""

import base64
import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("jwt")
pytest.importorskip("fastapi")

import jwt
import pyotp
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from qianhang.access import accounts, keys, openid, sessions, totp
from qianhang.access.openid import Flow, Provider
from qianhang.access.trail import trail
from qianhang.core.errors import AccessRefused, UsageError

# The provider's own libraries warn about each other.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib.*")
ISSUER, CLIENT = "http://localhost:1/idp", "qianhang"
BACK = "https://ai.example.org/sign-in/openid/back"


@pytest.fixture(scope="module")
def provider():
    mock = pytest.importorskip("oidc_provider_mock")
    claims = {"preferred_username": "Wang.Fang", "name": "王芳", "email": "wang@example.org"}
    users = [
        mock.User(sub="7", claims=claims),
        mock.User(sub="admin", claims={"preferred_username": "admin"}),
        mock.User(sub="mfa", claims={"amr": ["pwd", "mfa"]}),
        mock.User(sub="pwd", claims={"amr": ["pwd"]}),
        mock.User(sub="high", claims={"acr": "urn:high"}),
        mock.User(sub="asked", claims={"auth_time": int(time.time()) + 30}),
        mock.User(sub="stale", claims={"auth_time": int(time.time()) - 3600}),
        mock.User(sub="vague", claims={"auth_time": "yes"}),
    ]
    with mock.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def configured(monkeypatch, provider):
    """The environment of a server with this provider; new accounts belong to root."""
    monkeypatch.setenv("QIANHANG_OIDC_ISSUER", provider)
    monkeypatch.setenv("QIANHANG_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("QIANHANG_OIDC_CLIENT_SECRET", "s3cret-of-the-client")
    monkeypatch.setenv("QIANHANG_OIDC_ORG", "root")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")


def leave(client, to="/account"):
    """The address at the provider to which the browser is sent."""
    sent = client.get(f"/sign-in/openid?next={to}", follow_redirects=False)
    assert sent.status_code == 303
    return sent.headers["location"]


def vouch(address, subject="7"):
    """The path with which the provider sends the browser back."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def test_a_person_of_the_provider_signs_in_and_gets_an_account_without_any_role(site, configured):
    browser = site.another()
    answer = browser.get(vouch(leave(browser)), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert browser.get("/account").status_code == 200
    made = accounts.find(site.store, "wang.fang")
    assert (made.name, made.org, made.grants, made.issuer != "") == ("王芳", "root", (), True)
    assert trail(site.store, subject=made.id)[0].kind == "access.signed_in"


def test_the_same_person_comes_back_to_the_same_account(site, configured):
    for _ in range(2):
        browser = site.another()
        browser.get(vouch(leave(browser)))
    assert [a.login for a in accounts.accounts(site.store)] == ["wang.fang"]


def test_an_existing_account_of_that_login_is_not_taken_over(site, configured, provider):
    with site.store.write() as tx:
        accounts.create(
            tx, "admin", name="管理员", by="t", at=site.app.state.site.clock(),
            password="a long and quiet sentence",
        )  # fmt: skip
    browser = site.another()
    answer = browser.get(vouch(leave(browser), "admin"))
    assert answer.status_code == 403
    assert "QH905" in answer.text
    assert "qh" not in browser.cookies


def test_without_an_organisation_nobody_new_comes_in(site, configured, monkeypatch):
    monkeypatch.setenv("QIANHANG_OIDC_ORG", "")
    browser = site.another()
    answer = browser.get(vouch(leave(browser)))
    assert "QH905" in answer.text
    assert accounts.accounts(site.store) == ()


def test_the_button_is_there_only_where_a_provider_is_named(site, configured, monkeypatch):
    assert "/sign-in/openid?" in site.another().get("/sign-in").text
    monkeypatch.delenv("QIANHANG_OIDC_ISSUER")
    assert "/sign-in/openid" not in site.another().get("/sign-in").text


def test_the_browser_is_sent_with_a_challenge_a_state_and_a_nonce_of_its_own(site, configured):
    first, second = (parse_qs(urlsplit(leave(site.another())).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) == 43
        assert first[name] != second[name]


def test_the_cookie_of_a_sign_in_is_closed_to_scripts_and_gone_after_it(site, configured):
    browser = site.another()
    sent = browser.get("/sign-in/openid", follow_redirects=False)
    said = sent.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    browser.get(vouch(sent.headers["location"]), follow_redirects=False)
    assert "qh-openid" not in browser.cookies


def test_an_answer_in_a_browser_that_began_nothing_is_refused(site, configured):
    path = vouch(leave(site.another()))
    answer = site.another().get(path)
    assert (answer.status_code, "QH909" in answer.text) == (403, True)


def test_an_answer_to_another_browsers_sign_in_is_refused(site, configured):
    mine, theirs = site.another(), site.another()
    leave(mine)
    answer = mine.get(vouch(leave(theirs)))
    assert (answer.status_code, "state" in answer.text) == (403, True)
    assert "qh" not in mine.cookies


def test_a_tampered_cookie_or_state_is_refused(site, configured):
    browser = site.another()
    path = vouch(leave(browser))
    assert browser.get(path.replace("state=", "state=x")).status_code == 403
    secret, began, _, fresh = browser.cookies["qh-openid"].split(".")
    to = base64.urlsafe_b64encode(b"/admin").decode().rstrip("=")
    browser.cookies.clear()
    browser.cookies.set("qh-openid", f"{secret}.{began}.{to}.{fresh}")
    assert browser.get(path).status_code == 403


def test_a_code_opens_once(site, configured):
    browser = site.another()
    path = vouch(leave(browser))
    flow = browser.cookies["qh-openid"]
    assert browser.get(path, follow_redirects=False).status_code == 303
    again = site.another()
    again.cookies.set("qh-openid", flow)
    assert again.get(path).status_code == 502


def test_a_sign_in_that_took_too_long_is_refused(site, configured):
    browser = site.another()
    path = vouch(leave(browser))
    late = site.app.state.site
    site.app.state.site = replace(late, clock=lambda: late.clock() + timedelta(minutes=11))
    assert "too long" in browser.get(path).text


def test_nobody_is_sent_to_another_site_after_signing_in(site, configured):
    browser = site.another()
    answer = browser.get(vouch(leave(browser, "//evil.example/")), follow_redirects=False)
    assert answer.headers["location"] == "/"


# Instead of a password that is not there


FORM = {"name": "k", "scopes": "read"}


def come_back(browser, subject, *, fresh=True):
    """What the browser is answered when the provider, asked afresh or not, has sent it back."""
    sent = browser.get(
        f"/sign-in/openid?next=/account{'&fresh=1' if fresh else ''}", follow_redirects=False
    )
    return browser.get(vouch(sent.headers["location"], subject), follow_redirects=False)


def later(site, **span):
    """The console's clock goes on."""
    was = site.app.state.site
    site.app.state.site = replace(was, clock=lambda: was.clock() + timedelta(**span))


def test_a_fresh_sign_in_asks_the_provider_to_ask_the_person_again(site, configured):
    sent = site.another().get("/sign-in/openid?fresh=1", follow_redirects=False)
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert "prompt" not in parse_qs(urlsplit(leave(site.another())).query)


def test_a_fresh_sign_in_stands_for_the_password_for_five_minutes(site, configured):
    browser = site.another()
    assert come_back(browser, "stale", fresh=False).status_code == 303
    assert "/sign-in/openid?fresh=1" in browser.get("/account").text
    assert browser.post("/account/keys", data=FORM).status_code == 403
    browser = site.another()
    assert come_back(browser, "asked").status_code == 303
    text = browser.get("/account").text
    assert "/sign-in/openid?fresh=1" not in text
    assert 'type="password"' not in text
    assert browser.post("/account/keys", data=FORM).status_code == 200
    assert browser.post("/account/factor").status_code == 200
    later(site, minutes=6)
    answer = browser.post("/account/keys", data=FORM)
    assert (answer.status_code, "QH911" in answer.text) == (403, True)
    assert browser.post("/account/factor").status_code == 403
    made = {a.login: len(keys.keys(site.store, a.id)) for a in accounts.accounts(site.store)}
    assert made == {"asked": 1, "stale": 0}


@pytest.mark.parametrize("subject", ["stale", "vague"])
def test_a_provider_that_does_not_say_that_it_asked_again_is_not_believed(
    site, configured, subject
):
    """The browser could have left out `prompt`; what the provider signed cannot be altered."""
    browser = site.another()
    come_back(browser, subject, fresh=False)
    before = browser.cookies["qh"]
    answer = come_back(browser, subject)
    assert (answer.status_code, "QH909" in answer.text) == (403, True)
    assert browser.cookies["qh"] == before
    assert browser.post("/account/keys", data=FORM).status_code == 403


def test_whoever_calls_an_ordinary_sign_in_a_fresh_one_is_refused(site, configured):
    browser = site.another()
    path = vouch(leave(browser), "asked")
    head, _, _ = browser.cookies["qh-openid"].rpartition(".")
    browser.cookies.clear()
    browser.cookies.set("qh-openid", f"{head}.1")
    assert browser.get(path).status_code == 403


def test_the_session_before_a_fresh_sign_in_ends_and_that_of_another_person_does_not(
    site, configured
):
    browser = site.another()
    come_back(browser, "asked")
    first = browser.cookies["qh"]
    come_back(browser, "asked")
    mine = browser.cookies["qh"]
    come_back(browser, "7")
    at = site.app.state.site.clock()
    assert sessions.of(site.store, first, now=at) is None
    assert sessions.of(site.store, mine, now=at).account.login == "asked"


def test_a_fresh_sign_in_of_who_has_a_second_factor_counts_after_the_code(site, guarded):
    _, app = guarded("asked")
    browser = site.another()
    to = come_back(browser, "asked").headers["location"]
    assert to.startswith("/sign-in/openid/code")
    send = {"code": app.at(site.app.state.site.clock()), "next": "/account"}
    assert browser.post("/sign-in/openid/code", data=send).status_code == 200
    assert browser.post("/account/keys", data=FORM).status_code == 200
    later(site, minutes=6)
    assert browser.post("/account/factor/remove").status_code == 403


# The second factor


@pytest.fixture
def guarded(site, configured, provider):
    """guarded(subject) -> (account, app): an account of that identity with a second factor on, and
    the app that shows its codes."""

    def make(subject="7"):
        at = site.app.state.site.clock()
        with site.store.write() as tx:
            made = accounts.create(
                tx, f"guarded{subject}", name="王", by="t", at=at, org="root",
                identity=(provider, subject),
            )  # fmt: skip
            enrolled = totp.enrol(tx, made.id, by="t", at=at)
            app = pyotp.parse_uri(enrolled.uri)
            early = at - timedelta(seconds=60)
            totp.confirm(tx, made.id, code=app.at(early), by="t", at=early)
        return made, app

    return make


def at_the_code(site, subject="7", to="/account"):
    """A browser for which the provider has vouched, and where it was sent."""
    browser = site.another()
    answer = browser.get(vouch(leave(browser, to), subject), follow_redirects=False)
    return browser, answer.headers["location"]


def test_who_has_a_second_factor_gives_its_code_after_the_provider_has_vouched(site, guarded):
    made, app = guarded()
    browser, to = at_the_code(site)
    assert to == "/sign-in/openid/code?next=%2Faccount"
    assert "qh" not in browser.cookies
    assert (
        browser.get("/account", follow_redirects=False).headers["location"].startswith("/sign-in")
    )
    assert "one-time-code" in browser.get(to).text
    send = {"code": "000000", "next": "/account"}
    wrong = browser.post("/sign-in/openid/code", data=send)
    assert (wrong.status_code, "QH901" in wrong.text) == (401, True)
    send["code"] = app.at(site.app.state.site.clock())
    right = browser.post("/sign-in/openid/code", data=send, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, "/account")
    assert browser.get("/account").status_code == 200
    assert "qh-code" not in browser.cookies
    assert trail(site.store, subject=made.id)[0].payload["code"] is True


def test_a_sign_in_that_waits_for_its_code_opens_nothing_else(site, guarded):
    guarded()
    browser, _ = at_the_code(site)
    ticket = browser.cookies["qh-code"]
    for path in (f"/ticket/{ticket}", "/account", "/api/v1/me"):
        answer = site.another({"Cookie": f"qh={ticket}"}).get(path, follow_redirects=False)
        assert answer.status_code in (303, 401, 410), path
    chosen = {"password": "a long and quiet sentence", "again": "a long and quiet sentence"}
    assert site.another().post(f"/ticket/{ticket}", data=chosen).status_code == 410
    nobody = site.another().post("/sign-in/openid/code", data={"code": "000000"})
    assert (nobody.status_code, "QH904" in nobody.text) == (410, True)


def test_a_ticket_for_a_code_is_used_once_and_not_for_long(site, guarded):
    _, app = guarded()
    browser, _ = at_the_code(site)
    ticket = browser.cookies["qh-code"]
    send = {"code": app.at(site.app.state.site.clock())}
    assert (
        browser.post("/sign-in/openid/code", data=send, follow_redirects=False).status_code == 303
    )
    again = site.another()
    again.cookies.set("qh-code", ticket)
    assert again.post("/sign-in/openid/code", data=send).status_code == 410
    slow, _ = at_the_code(site)
    late = site.app.state.site
    site.app.state.site = replace(late, clock=lambda: late.clock() + timedelta(minutes=6))
    assert slow.post("/sign-in/openid/code", data=send).status_code == 410


def test_codes_cannot_be_guessed_however_often_the_provider_vouches(site, guarded):
    """Five wrong codes over three sign-ins lock the account; the right one opens nothing then."""
    _, app = guarded()
    for tries in (2, 2, 1):
        browser, _ = at_the_code(site)
        for _ in range(tries):
            wrong = browser.post("/sign-in/openid/code", data={"code": "000000"})
            assert wrong.status_code == 401
    send = {"code": app.at(site.app.state.site.clock())}
    assert browser.post("/sign-in/openid/code", data=send).status_code == 401
    assert "qh" not in browser.cookies


@pytest.mark.parametrize(
    ("subject", "factor", "acr", "asked"),
    [
        ("mfa", "own", "", True),
        ("mfa", "provider", "", False),
        ("pwd", "provider", "", True),
        ("7", "provider", "", True),
        ("high", "provider", "urn:high", False),
        ("high", "provider", "urn:other", True),
    ],
)
def test_the_providers_second_factor_stands_for_ours_only_by_the_setting_and_its_word(
    site, guarded, monkeypatch, subject, factor, acr, asked
):
    guarded(subject)
    monkeypatch.setenv("QIANHANG_OIDC_SECOND_FACTOR", factor)
    monkeypatch.setenv("QIANHANG_OIDC_ACR", acr)
    browser, to = at_the_code(site, subject)
    assert to.startswith("/sign-in/openid/code") is asked
    assert ("qh" in browser.cookies) is not asked


def test_an_unknown_rule_of_second_factors_lets_nobody_leave_for_the_provider(
    site, configured, monkeypatch
):
    monkeypatch.setenv("QIANHANG_OIDC_SECOND_FACTOR", "none")
    assert "QH870" in site.another().get("/sign-in/openid").text
    assert site.another().get("/sign-in").status_code == 200


@pytest.fixture
def forged(monkeypatch):
    """forged(**claims, alg=..., key=...) -> what comes of a token with these claims."""
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key()))
    asked = []

    def answers(method, address, **more):
        asked.append((address, more))
        if address.endswith("/openid-configuration"):
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return {"issuer": ISSUER, **{name: f"{ISSUER}/{name}" for name in names}}
        if address.endswith("/jwks_uri"):
            return {"keys": [public | {"kid": "1", "use": "sig"}]}
        return {"id_token": token[0]}

    token = [""]
    monkeypatch.setattr(openid, "_json", answers)

    def come_back(alg="RS256", key=None, kid="1", **claims):
        now = time.time()
        flow = Flow("s" * 43, int(now), "/")
        said = {
            "iss": ISSUER, "aud": CLIENT, "sub": "7", "iat": int(now), "exp": int(now) + 300,
            "nonce": flow.part("nonce"),
        } | claims  # fmt: skip
        said = {k: v for k, v in said.items() if v is not None}
        token[0] = jwt.encode(said, own if key is None else key, alg, headers={"kid": kid})
        answer = {"code": "c", "state": flow.part("state")}
        at = datetime.fromtimestamp(now, UTC)
        found = Provider(ISSUER, CLIENT, "s").identity(flow, answer, back=BACK, now=at)
        return found, flow, asked

    return come_back


def test_a_good_token_is_taken_and_the_code_is_proved_to_be_ours(forged):
    found, flow, asked = forged(preferred_username="li.na", name="李娜")
    assert (found.subject, found.login, found.name) == ("7", "li.na", "李娜")
    form = next(more["data"] for address, more in asked if address.endswith("token_endpoint"))
    challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
    address = Provider(ISSUER, CLIENT, "s").address(flow, back=BACK)
    sent = parse_qs(urlsplit(address).query)["code_challenge"][0]
    assert base64.urlsafe_b64encode(challenge).decode().rstrip("=") == sent


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "exp"),
        ({"iat": int(time.time()) + 3600}, "future"),
        ({"aud": "another-client"}, "Audience"),
        ({"aud": [CLIENT, "another"]}, "another client"),
        ({"azp": "another"}, "another client"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"sub": None}, "sub"),
        ({"kid": "2"}, "does not publish"),
        ({"alg": "HS256", "key": "k" * 64}, "signed by"),
        ({"alg": "none", "key": ""}, "signed by"),
    ],
    ids=lambda x: "-".join(map(str, x)) if isinstance(x, dict) else "",
)
def test_a_token_that_does_not_hold_is_refused(forged, claims, said):
    with pytest.raises(AccessRefused, match=said) as caught:
        forged(**claims)
    assert caught.value.code == "QH909"


def test_a_token_signed_by_another_key_is_refused(forged):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(AccessRefused, match="does not hold"):
        forged(key=other)


@pytest.mark.parametrize("issuer", ["http://idp.example.org", "ftp://localhost", "idp", "https://"])
def test_an_issuer_whose_answers_could_be_read_on_the_way_is_not_asked(issuer):
    with pytest.raises(UsageError) as caught:
        Provider(issuer, CLIENT).address(Flow("s" * 43), back=BACK)
    assert caught.value.code == "QH870"


def test_the_clients_secret_is_shown_nowhere(site, configured, signed):
    page = signed("administrator").get("/admin/settings").text
    assert "QIANHANG_OIDC_CLIENT_SECRET" in page
    assert "s3cret-of-the-client" not in page
    assert "s3cret" not in repr(openid.configured())


def test_a_provider_that_is_down_is_named_and_the_password_stays(site, configured, monkeypatch):
    monkeypatch.setenv("QIANHANG_OIDC_ISSUER", "http://localhost:9")
    answer = site.another().get("/sign-in/openid")
    assert (answer.status_code, "QH910" in answer.text) == (502, True)
