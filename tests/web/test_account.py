"""One's own account: the password before the second factor or a key changes, then a new cookie."""

import re
from datetime import UTC, datetime

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("pyotp")

import pyotp

from qianhang.access import accounts, keys, sessions
from qianhang.web import words

PASSWORD = "a long and quiet sentence"


@pytest.fixture
def client(site):
    with site.store.write() as tx:
        made = accounts.create(
            tx, "li.na", name="李娜", password=PASSWORD, by="t", at=datetime.now(UTC)
        )
    client = site.another()
    client.post("/sign-in", data={"login": "li.na", "password": PASSWORD})
    client.account = made.id
    return client


def enrol(client):
    """The page of a new second factor -> its secret."""
    text = client.post("/account/factor", data={"password": PASSWORD}).text
    return text.partition("<code>")[2].partition("</code>")[0]


@pytest.mark.parametrize("path", ["factor", "keys"])
def test_the_password_comes_before_a_second_factor_and_a_key(site, client, path):
    form = {"name": "k", "scopes": "read"}
    for wrong in ({}, {"password": "wrong"}):
        answer = client.post(f"/account/{path}", data=form | wrong)
        assert (answer.status_code, "QH901" in answer.text) == (401, True)
    assert keys.keys(site.store, client.account) == ()
    assert client.post(f"/account/{path}", data=form | {"password": PASSWORD}).status_code == 200


def test_a_second_factor_is_turned_on_and_off_and_the_old_cookie_opens_nothing(site, client):
    before = client.cookies["qh"]
    code = pyotp.TOTP(enrol(client)).now()
    assert client.post("/account/factor/confirm", data={"code": code}).status_code == 200
    assert accounts.find(site.store, "li.na").totp
    stolen = site.another()
    stolen.cookies.set("qh", before)
    assert stolen.get("/account", follow_redirects=False).status_code == 303
    assert client.post("/account/factor/remove", data={"password": "wrong"}).status_code == 401
    client.post("/account/factor/remove", data={"password": PASSWORD})
    assert not accounts.find(site.store, "li.na").totp
    assert client.get("/account").status_code == 200


def test_a_new_key_is_shown_once_and_renews_the_session(site, client):
    before = client.cookies["qh"]
    form = {"name": "k", "scopes": "read", "password": PASSWORD}
    text = client.post("/account/keys", data=form).text
    made = keys.keys(site.store, client.account)[0]
    assert f"qh_{made.id}_" in text
    assert f"qh_{made.id}_" not in client.get("/account").text
    assert client.cookies["qh"] != before


@pytest.mark.parametrize("path", ["/account/factor", "/account/keys", "/admin/backup"])
def test_who_has_no_password_does_nothing_of_weight_before_the_provider_has_asked(
    site, signed, path
):
    client = signed("administrator")
    assert 'type="password"' not in client.get("/account").text
    answer = client.post(path, data={"name": "k", "scopes": "read"})
    assert (answer.status_code, "QH911" in answer.text) == (403, True)
    assert keys.keys(site.store, client.account) == ()
    assert not accounts.find(site.store, client.account).totp


def test_the_minutes_that_are_told_are_those_that_count():
    for lang in ("zh", "en"):
        told = re.findall(r"\d+", words.say("account.proved", lang=lang))
        assert told == [str(int(sessions.FRESH.total_seconds() / 60))]
