"""API keys: shown once, limited by scopes and time and by the roles of their account."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from qianhang.access import accounts, keys, schema
from qianhang.core.errors import UsageError


@pytest.fixture
def make_key(store, member, now):
    li = member("li.na", ("root", "developer"))

    def make(**more):
        values = {"name": "nightly", "scopes": ("run", "read"), "expires": now + timedelta(days=9)}
        with store.write() as tx:
            return keys.create_key(tx, li.id, by="t", at=now, **(values | more))

    return make


def test_a_key_opens_with_its_scopes_and_its_accounts_roles(store, make_key, now):
    key, secret = make_key()
    person = keys.key_of(store, secret, now=now)
    assert secret.startswith(f"qh_{key.id}_")
    assert (person.key, person.session) == (key.id, "")
    assert person.scopes == {"read", "run"}
    assert person.may("developer", "root")


def test_only_the_hash_of_a_key_is_kept(store, make_key):
    _, secret = make_key()
    with store.read() as connection:
        row = connection.execute(sa.select(schema.key)).mappings().one()
    assert secret.split("_", 2)[2] not in str(dict(row))


def test_what_is_not_the_whole_key_opens_nothing(store, make_key, now):
    key, secret = make_key()
    for wrong in ("", "qh", f"qh_{key.id}", f"qh_{key.id}_", secret[:-1], secret + "x",
                  secret.replace("qh_", "QH_"), f"qh__{secret}", "qh_x_\ud800"):  # fmt: skip
        assert keys.key_of(store, wrong, now=now) is None


def test_a_key_ends_on_its_day_when_revoked_and_with_its_account(store, make_key, now):
    key, secret = make_key()
    assert keys.key_of(store, secret, now=now + timedelta(days=9)) is None
    with store.write() as tx:
        accounts.disable(tx, "li.na", by="t", at=now)
    assert keys.key_of(store, secret, now=now) is None
    with store.write() as tx:
        accounts.enable(tx, "li.na", by="t", at=now)
    assert keys.key_of(store, secret, now=now)
    with store.write() as tx:
        keys.revoke_key(tx, key.id, account=key.account, by="t", at=now)
    assert keys.key_of(store, secret, now=now) is None


def test_nobody_revokes_anothers_key_by_its_id(store, make_key, member, now):
    key, secret = make_key()
    other = member("wang")
    with pytest.raises(UsageError) as caught, store.write() as tx:
        keys.revoke_key(tx, key.id, account=other.id, by="t", at=now)
    assert caught.value.code == "QH862"
    assert keys.key_of(store, secret, now=now)


def test_use_is_noted_at_most_once_a_minute(store, make_key, now, monkeypatch):
    key, secret = make_key()
    keys.key_of(store, secret, now=now)
    monkeypatch.setattr(store, "write", lambda: pytest.fail("wrote"))
    keys.key_of(store, secret, now=now + timedelta(seconds=60))
    monkeypatch.undo()
    (one,) = keys.keys(store, key.account)
    assert one.used == "2026-03-01T08:00:00Z"


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": ()}, {"scopes": ("read", "everything")}, {"name": " "},
     {"expires": "now"}],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused(make_key, now, wrong):
    if "expires" in wrong:
        wrong = {"expires": now}
    with pytest.raises(UsageError) as caught:
        make_key(**wrong)
    assert caught.value.code == "QH865"


def test_a_role_taken_back_is_taken_from_the_key_at_once(store, make_key, now):
    _, secret = make_key()
    with store.write() as tx:
        accounts.revoke_grant(tx, "li.na", org="root", role="developer", by="t", at=now)
    assert not keys.key_of(store, secret, now=now).may("viewer")
