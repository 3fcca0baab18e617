"""The audit trail holds every change and nothing secret; neither do the rows nor any repr."""

from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from qianhang.access import (
    accounts,
    identities,
    keys,
    organisations,
    schema,
    sessions,
    signing,
    tickets,
    totp,
    trail,
)
from qianhang.core.errors import AccessRefused, UsageError

FIRST, SECOND = "a first quiet sentence", "a second quiet sentence"


@pytest.fixture
def lived(store, now):
    """(what was done in a store, everything secret that came up meanwhile)."""
    secrets = [FIRST, SECOND]
    setup = tickets.setup_ticket(store, now=now)
    li = tickets.set_up(store, setup, login="li.na", name="李娜", password=FIRST, now=now)
    signed = signing.sign_in(store, "li.na", password=FIRST, now=now)
    with pytest.raises(AccessRefused):
        signing.sign_in(store, "typed-password-as-login", password=SECOND, now=now)
    renewed = signing.change_password(store, signed.person, old=FIRST, new=SECOND, now=now)
    values = {"name": "n", "scopes": ["read"], "expires": now + timedelta(days=1)}
    with store.write() as tx:
        _, key = keys.create_key(tx, li.id, by="t", at=now, **values)
        factor = totp.enrol(tx, li.id, by="t", at=now)
        code = pyotp.TOTP(factor.secret).at(now)
        totp.confirm(tx, li.id, code=code, by="t", at=now)
        made = organisations.add_organisation(tx, "city", kind="city", by="t", at=now)
        accounts.create(tx, "wang", name="王", org=made.id, by="t", at=now)
        link = tickets.issue(tx, "wang", by="t", at=now)
    again = signing.sign_in(store, "li.na", password=SECOND, code=factor.codes[0], now=now)
    secrets += [setup, signed.token, renewed, key, key.split("_", 2)[2], factor.secret, code, link]
    secrets += [*factor.codes, again.token, "typed-password-as-login"]
    return (li, signed, renewed, factor, again), secrets


def test_the_log_holds_nothing_secret(store, lived):
    _, secrets = lived
    log = "".join(f"{e.subject} {dict(e.payload)}" for e in store.entries())
    assert [s for s in secrets if s in log] == []
    assert store.verify().ok


def test_the_rows_hold_no_secret_but_that_of_the_second_factor(store, lived):
    (*_, factor, _), secrets = lived
    rows = ""
    with store.read() as connection:
        for name, table in _tables().items():
            rows += f"{name} {connection.execute(sa.select(table)).all()}"
    assert [s for s in secrets if s in rows] == [factor.secret]


def _tables():
    return {t.name: t for t in vars(schema).values() if isinstance(t, sa.Table)}


def test_no_value_shows_a_secret_in_its_repr(store, lived):
    values, secrets = lived
    said = f"{values[0]!r} {values[1]!r} {values[3]!r} {values[4]!r}"
    assert [s for s in secrets if s in said] == []


def test_every_change_stands_in_the_trail_with_who_made_it(store, lived):
    kinds = {e.kind for e in store.entries()}
    assert kinds == {
        "access.account", "access.grant", "access.key", "access.organisation", "access.password",
        "access.refused", "access.signed_in", "access.ticket", "access.totp",
    }  # fmt: skip
    assert [e for e in store.entries() if "by" not in e.payload] == []


def test_the_trail_is_read_from_its_end_in_pages(store, lived, now):
    with store.write() as tx:
        tx.append("run", "r1", payload={}, at=now)
    newest = trail.trail(store, limit=3)
    assert [e.seq for e in newest] == sorted((e.seq for e in newest), reverse=True)
    assert newest[0].kind == "access.signed_in"
    more = trail.trail(store, before=newest[-1].seq, limit=100)
    assert len(newest) + len(more) == len(store.entries()) - 1
    li = lived[0][0]
    assert {e.subject for e in trail.trail(store, subject=li.id)} == {li.id}


def test_a_change_that_is_undone_leaves_no_record(store, member, now):
    li = member("li.na")
    before = len(store.entries())

    def undone():
        with store.write() as tx:
            accounts.change(tx, li.id, name="李大", by="t", at=now)
            accounts.change(tx, li.id, lang="fr", by="t", at=now)

    with pytest.raises(UsageError):
        undone()
    assert len(store.entries()) == before
    assert accounts.find(store, li.id).name == "李娜"


def test_nobody_changes_anything_without_saying_who(store, member, now):
    member("li.na")
    with pytest.raises(UsageError), store.write() as tx:
        accounts.disable(tx, "li.na", by=" ", at=now)


ISSUER = "https://id.example.org"


def test_an_identity_gets_an_account_of_its_own_without_roles(store, member, now):
    member("li.na", ("root", "administrator"))
    told = {"subject": "s1", "name": "李娜", "org": "root", "at": now}
    with pytest.raises(UsageError, match="already"), store.write() as tx:
        identities.account_for_identity(tx, ISSUER, login="li.na", **told)
    with store.write() as tx:
        made = identities.account_for_identity(tx, ISSUER, login="li.na@org", **told)
        again = identities.account_for_identity(tx, ISSUER, subject="s1", at=now)
    assert again == made
    assert (made.grants, made.state, made.issuer) == ((), "active", ISSUER)
    for password in ("", "x" * 12):
        with pytest.raises(AccessRefused):
            signing.sign_in(store, made.login, password=password, now=now)


def test_an_unknown_or_disabled_identity_is_refused(store, member, now):
    def enter(subject):
        with store.write() as tx:
            return identities.account_for_identity(tx, ISSUER, subject=subject, at=now)

    with pytest.raises(AccessRefused) as caught:
        enter("s1")
    assert caught.value.code == "QH905"
    li = member("li.na", ("root", "developer"))
    with store.write() as tx:
        identities.link_identity(tx, li.id, issuer=ISSUER, subject="s1", by="t", at=now)
    assert enter("s1").grants == li.grants
    with store.write() as tx:
        session, token = sessions.open(tx, li.id, now=now)
    assert sessions.of(store, token, now=now).session == session.id
    with store.write() as tx:
        accounts.disable(tx, li.id, by="t", at=now)
    with pytest.raises(AccessRefused):
        enter("s1")


def test_an_identity_opens_one_account(store, member, now):
    one, two = member("li.na"), member("wang")
    with store.write() as tx:
        identities.link_identity(tx, one.id, issuer=ISSUER, subject="s1", by="t", at=now)
    with pytest.raises(UsageError), store.write() as tx:
        identities.link_identity(tx, two.id, issuer=ISSUER, subject="s1", by="t", at=now)
