"""Sessions: known by a hash, ended by time, by their owner, by an administrator, by new rights."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from qianhang.access import accounts, schema, sessions, signing
from qianhang.access.tokens import digest
from qianhang.core.errors import UsageError
from qianhang.store import Store


@pytest.fixture
def signed(store, member, password, now):
    member("li.na", ("root", "developer"))
    return signing.sign_in(
        store, "li.na", password=password, now=now, address="192.0.2.1", agent="Firefox"
    )


def seen(store):
    with store.read() as connection:
        return connection.execute(sa.select(schema.session.c.seen)).scalar()


def test_only_the_hash_of_a_token_is_kept(store, signed):
    with store.read() as connection:
        row = connection.execute(sa.select(schema.session)).mappings().one()
    assert row["token"] == digest(signed.token)
    assert signed.token not in str(dict(row))
    assert len(signed.token) >= 43


@pytest.mark.parametrize("token", ["", "x", "' OR '1'='1", "\ud800", "0" * 64])
def test_an_unknown_token_opens_nothing(store, signed, now, token):
    assert sessions.of(store, token, now=now) is None
    assert sessions.of(store, digest(signed.token), now=now) is None


def test_each_sign_in_gives_another_token(store, signed, password, now):
    again = signing.sign_in(store, "li.na", password=password, now=now)
    assert again.token != signed.token
    assert again.person.session != signed.person.session


def test_a_session_ends_after_eight_idle_hours(store, signed, now):
    assert sessions.of(store, signed.token, now=now + timedelta(hours=7, minutes=59))
    assert sessions.of(store, signed.token, now=now + timedelta(hours=15, minutes=58))
    assert sessions.of(store, signed.token, now=now + timedelta(hours=23, minutes=58)) is None


def test_a_session_ends_after_seven_days_however_much_it_is_used(store, signed, now):
    for hours in range(7, 168, 7):
        assert sessions.of(store, signed.token, now=now + timedelta(hours=hours))
    assert sessions.of(store, signed.token, now=now + timedelta(days=7)) is None


def test_reading_pages_within_a_minute_writes_nothing(store, signed, now, monkeypatch):
    monkeypatch.setattr(store, "write", lambda: pytest.fail("wrote"))
    for seconds in (1, 30, 60):
        assert sessions.of(store, signed.token, now=now + timedelta(seconds=seconds))
    monkeypatch.undo()
    assert sessions.of(store, signed.token, now=now + timedelta(seconds=61))
    assert seen(store) == "2026-03-01T08:01:01Z"


def test_one_query_answers_who_asks(store, signed, now):
    sessions.of(store, signed.token, now=now)
    said = []
    with store.read() as connection:  # the only one, which comes again
        connection.connection.driver_connection.set_trace_callback(said.append)
    assert sessions.of(store, signed.token, now=now)
    assert [one.split()[0] for one in said if one not in ("BEGIN", "ROLLBACK")] == ["SELECT"]


def test_a_store_that_cannot_be_written_still_knows_who_asks(settings, store, signed, now):
    with Store.open(settings, parts=(schema.PART,), read_only=True) as reader:
        assert sessions.of(reader, signed.token, now=now + timedelta(hours=1))


def test_a_session_ended_in_one_process_is_ended_in_all(opened, make_account, password, now):
    here, there = opened(), opened()
    li = make_account(here, "li.na")
    signed = signing.sign_in(here, "li.na", password=password, now=now)
    assert sessions.of(there, signed.token, now=now)
    with here.write() as tx:
        sessions.revoke(tx, signed.person.session, account=li.id, by="t", at=now)
    assert sessions.of(there, signed.token, now=now) is None


def test_nobody_ends_anothers_session_by_its_id(store, signed, member, now):
    other = member("wang")
    with pytest.raises(UsageError) as caught, store.write() as tx:
        sessions.revoke(tx, signed.person.session, account=other.id, by="t", at=now)
    assert caught.value.code == "QH862"
    assert sessions.of(store, signed.token, now=now)


def test_all_but_this_session_end(store, signed, password, now):
    later = now + timedelta(minutes=5)
    for _ in range(3):
        signing.sign_in(store, "li.na", password=password, now=later)
    account = signed.person.account.id
    assert len(sessions.sessions(store, account, now=later)) == 4
    with store.write() as tx:
        ended = sessions.revoke_all(tx, account, by="t", at=later, keep=signed.person.session)
    assert ended == 3
    (left,) = sessions.sessions(store, account, now=later)
    assert (left.id, left.address, left.agent) == (signed.person.session, "192.0.2.1", "Firefox")


@pytest.mark.parametrize("act", ["grant", "revoke", "disable", "password", "lock"])
def test_whatever_changes_an_accounts_rights_ends_its_sessions(store, signed, now, act):
    end = now + timedelta(hours=1)
    acts = {
        "grant": lambda tx: accounts.grant(
            tx, "li.na", org="root", role="data_steward", by="t", at=now
        ),
        "revoke": lambda tx: accounts.revoke_grant(
            tx, "li.na", org="root", role="developer", by="t", at=now
        ),
        "disable": lambda tx: accounts.disable(tx, "li.na", by="t", at=now),
        "password": lambda tx: accounts.set_password(
            tx, "li.na", password="another quiet sentence", by="t", at=now
        ),
        "lock": lambda tx: accounts.lock(tx, "li.na", until=end, by="t", at=now),
    }
    with store.write() as tx:
        acts[act](tx)
    assert sessions.of(store, signed.token, now=now) is None


def test_a_disabled_account_has_no_session_even_where_a_row_is_left(store, signed, now):
    with store.write() as tx:
        tx.execute(sa.update(schema.account).values(state="disabled"))
    assert sessions.of(store, signed.token, now=now) is None


def test_a_renewed_session_has_another_token_and_the_old_one_opens_nothing(store, signed, now):
    with store.write() as tx:
        token = sessions.renew(tx, signed.person.session, now=now)
    assert sessions.of(store, signed.token, now=now) is None
    assert sessions.of(store, token, now=now).session == signed.person.session


def test_dead_sessions_are_swept_away_when_somebody_signs_in(store, signed, password, now):
    signing.sign_in(store, "li.na", password=password, now=now + timedelta(days=1))
    assert len(sessions.sessions(store, signed.person.account.id)) == 1


def test_a_long_name_of_a_browser_is_cut(store, member, password, now):
    li = member("li.na")
    signing.sign_in(store, "li.na", password=password, now=now, agent="x" * 9000, address="y" * 99)
    (one,) = sessions.sessions(store, li.id)
    assert (len(one.agent), len(one.address)) == (200, 64)
