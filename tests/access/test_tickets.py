"""One-time links: used once, by one process, before they end."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from qianhang.access import accounts, schema, sessions, signing, tickets, totp
from qianhang.core.errors import AccessRefused, UsageError

NEW = "another quiet sentence"


def void(act):
    with pytest.raises(AccessRefused) as caught:
        act()
    return caught.value.code == "QH904"


def first(store, secret, login, password, now):
    return tickets.set_up(store, secret, login=login, name="李娜", password=password, now=now)


def test_the_first_administrator_sets_up_and_nobody_after(store, password, now):
    secret, other = tickets.setup_ticket(store, now=now), tickets.setup_ticket(store, now=now)
    assert tickets.look(store, secret, now=now).kind == "setup"
    li = first(store, secret, "li.na", password, now)
    assert [(g.org, g.role) for g in accounts.find(store, li.id).grants] == [
        ("root", "administrator")
    ]
    assert signing.sign_in(store, "li.na", password=password, now=now)
    for used in (secret, other):
        assert void(lambda used=used: first(store, used, "wang", password, now))
        assert void(lambda used=used: tickets.look(store, used, now=now))
    assert tickets.setup_ticket(store, now=now) is None


@pytest.mark.parametrize("links", [1, 2])
def test_of_several_processes_one_sets_up(opened, race, password, now, links):
    """By one link, and by two that were both printed before there was an account."""
    store = opened()
    secrets = [tickets.setup_ticket(store, now=now) for _ in range(links)]

    def work(own, number):
        try:
            first(own, secrets[number % links], f"person{number}", password, now)
        except AccessRefused:
            return 3
        return 0

    assert race(work) == [0, 3, 3, 3]
    assert len(accounts.accounts(store)) == 1


def test_a_password_that_is_not_taken_leaves_the_link_as_it_was(store, password, now):
    secret = tickets.setup_ticket(store, now=now)
    with pytest.raises(UsageError):
        first(store, secret, "li.na", "short", now)
    with pytest.raises(UsageError):
        first(store, secret, "no login", password, now)
    assert first(store, secret, "li.na", password, now)


@pytest.fixture
def invited(store, now):
    with store.write() as tx:
        accounts.create(tx, "wang", name="王", by="t", at=now)
        return tickets.issue(tx, "wang", by="t", at=now)


def test_an_invitation_gives_a_password_once(store, invited, now):
    assert tickets.look(store, invited, now=now).kind == "invite"
    tickets.accept(store, invited, password=NEW, now=now)
    assert signing.sign_in(store, "wang", password=NEW, now=now)
    assert void(lambda: tickets.accept(store, invited, password=NEW, now=now))


def test_of_several_processes_one_uses_the_link(opened, race, now):
    store = opened()
    with store.write() as tx:
        accounts.create(tx, "wang", name="王", by="t", at=now)
        secret = tickets.issue(tx, "wang", by="t", at=now)

    def work(own, number):
        try:
            tickets.accept(own, secret, password=f"{NEW} {number}", now=now)
        except AccessRefused:
            return 3
        return 0

    assert race(work) == [0, 3, 3, 3]


def test_a_link_ends(store, invited, now):
    late = now + timedelta(days=7)
    assert void(lambda: tickets.accept(store, invited, password=NEW, now=late))
    assert void(lambda: tickets.look(store, "x", now=now))


def test_a_new_link_makes_the_older_one_void(store, invited, now):
    with store.write() as tx:
        newer = tickets.issue(tx, "wang", by="t", at=now)
    assert void(lambda: tickets.look(store, invited, now=now))
    assert tickets.look(store, newer, now=now).kind == "invite"


def test_a_reset_unlocks_ends_sessions_and_leaves_the_second_factor(store, member, password, now):
    li = member("li.na")
    signed = signing.sign_in(store, "li.na", password=password, now=now)
    with store.write() as tx:
        accounts.lock(tx, li.id, until=now + timedelta(days=1), by="t", at=now)
        tx.execute(sa.update(schema.account).values(totp="JBSWY3DPEHPK3PXP", totp_on=True))
        secret = tickets.issue(tx, li.id, by="t", at=now)
    assert tickets.look(store, secret, now=now).kind == "reset"
    tickets.accept(store, secret, password=NEW, now=now)
    assert sessions.of(store, signed.token, now=now) is None
    with pytest.raises(AccessRefused) as caught:
        signing.sign_in(store, "li.na", password=NEW, now=now)
    assert caught.value.code == "QH902"
    with store.write() as tx:
        fresh = tickets.issue_with_fresh_factor(tx, li.id, by="t", at=now)
    tickets.accept(store, fresh, password=NEW, now=now)
    assert signing.sign_in(store, "li.na", password=NEW, now=now)


def test_a_link_does_not_bring_a_disabled_account_back(store, invited, now):
    with store.write() as tx:
        accounts.disable(tx, "wang", by="t", at=now)
    assert void(lambda: tickets.accept(store, invited, password=NEW, now=now))
    assert accounts.find(store, "wang").state == "disabled"


def test_a_link_for_one_thing_does_not_do_another(store, invited, password, now):
    assert void(lambda: first(store, invited, "li.na", password, now))


def test_only_the_hash_of_a_link_is_kept(store, invited):
    with store.read() as connection:
        rows = connection.execute(sa.select(schema.ticket)).mappings().all()
    assert invited not in str([dict(r) for r in rows])


def test_removing_a_factor_that_is_not_there_is_no_error(store, member, now):
    member("li.na")
    with store.write() as tx:
        totp.remove(tx, "li.na", by="t", at=now)
    assert not accounts.find(store, "li.na").totp
