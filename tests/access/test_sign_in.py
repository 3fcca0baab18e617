"""Signing in: what strangers are not told, and how often they may ask."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from qianhang.access import accounts, keys, passwords, schema, sessions, signing, tickets
from qianhang.access.attempts import ADDRESS_FAILURES, WINDOW, begin, give_back
from qianhang.core.errors import AccessRefused, QianhangError, UsageError


def refused(store, login="li.na", *, password="wrong", code="QH901", **more):
    with pytest.raises(AccessRefused) as caught:
        signing.sign_in(store, login, password=password, **more)
    assert caught.value.code == code
    return str(caught.value)


def test_a_person_signs_in_however_the_login_is_written(store, member, password, now):
    li = member("Li.Na", ("root", "developer"))
    signed = signing.sign_in(store, " LI.NA ", password=password, now=now)
    assert signed.person.account == li
    assert sessions.of(store, signed.token, now=now) == signed.person


def test_all_refusals_read_alike(store, member, password, now):
    member("li.na")
    member("gone")
    with store.write() as tx:
        accounts.disable(tx, "gone", by="t", at=now)
        accounts.create(tx, "invited", name="王", by="t", at=now)
    texts = {
        refused(store, "nobody", now=now),
        refused(store, "li.na", now=now),
        refused(store, "gone", password=password, now=now),
        refused(store, "invited", password="", now=now),
        refused(store, "", password="", now=now),
        refused(store, "li.na\x00' OR 1=1 --", now=now),
    }
    for _ in range(4):
        refused(store, "li.na", now=now)
    texts.add(refused(store, "li.na", password=password, now=now))
    assert len(texts) == 1


@pytest.mark.parametrize("login", ["li.na", "nobody", "locked"])
def test_as_much_work_is_done_whether_or_not_there_is_an_account(
    store, member, now, login, monkeypatch
):
    """One verification of argon2 and two transactions, for each of them."""
    member("li.na")
    member("locked")
    with store.write() as tx:
        accounts.lock(tx, "locked", until=now + timedelta(hours=1), by="t", at=now)
    verified, written = [], []
    write = store.write
    monkeypatch.setattr(
        signing,
        "verify_password",
        lambda k, p: verified.append(1) or passwords.verify_password(k, p),
    )
    monkeypatch.setattr(store, "write", lambda: written.append(1) or write())
    refused(store, login, now=now)
    assert (len(verified), len(written)) == (1, 2)


def test_the_lock_grows_from_five_minutes_to_an_hour(store, member, password, now):
    """Failures 1 to 4 lock nothing; 5 locks for 5 minutes, then 10, 20, 40, 60, 60."""
    member()
    at, waits = now, []
    for _ in range(4):
        refused(store, now=at)
    for _ in range(6):
        refused(store, now=at)
        until = accounts.find(store, "li.na").locked_until
        wait = next(m for m in range(1, 100) if _stamp(at, m) == until)
        refused(store, password=password, now=at + timedelta(minutes=wait, seconds=-1))
        waits.append(wait)
        at += timedelta(minutes=wait)
    assert waits == [5, 10, 20, 40, 60, 60]
    assert signing.sign_in(store, "li.na", password=password, now=at)
    for _ in range(4):
        refused(store, now=at)
    assert signing.sign_in(store, "li.na", password=password, now=at)


def _stamp(at, minutes):
    return (at + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_attempt_under_the_lock_makes_it_no_longer(store, member, password, now):
    member()
    for _ in range(5):
        refused(store, now=now)
    for _ in range(20):
        refused(store, now=now + timedelta(minutes=4))
    assert signing.sign_in(store, "li.na", password=password, now=now + timedelta(minutes=5))


def test_an_administrator_unlocks_at_once(store, member, password, now):
    member()
    for _ in range(9):
        refused(store, now=now)
    with store.write() as tx:
        accounts.unlock(tx, "li.na", by="t", at=now)
    assert signing.sign_in(store, "li.na", password=password, now=now)


def test_of_many_guesses_at_once_only_five_are_looked_at(opened, make_account, now, monkeypatch):
    """Sixteen threads on two stores: five passwords are compared, the others meet the lock."""
    stores = [opened(), opened()]
    make_account(stores[0], "li.na")
    compared = []

    def verify(kept, password):
        compared.append(bool(kept))
        return False

    monkeypatch.setattr(signing, "verify_password", verify)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: refused(stores[n % 2], now=now), range(16)))
    assert (sum(compared), len(compared)) == (5, 16)


def test_failures_counted_by_two_processes_lock_the_account(opened, race, make_account, now):
    store = opened()
    make_account(store, "li.na")

    def work(own, number):
        for _ in range(3):
            refused(own, now=now)
        return 0

    assert race(work, 2) == [0, 0]
    with store.read() as connection:
        assert connection.execute(sa.select(schema.account.c.failures)).scalar() == 5
    assert accounts.find(store, "li.na").locked_until == "2026-03-01T08:05:00Z"


def test_an_address_that_fails_too_often_waits_for_the_window_to_end(store, member, password, now):
    member()
    with store.write() as tx:
        row = {"address": "203.0.113.7", "since": _stamp(now, 0), "failures": ADDRESS_FAILURES - 1}
        tx.execute(sa.insert(schema.address).values(row))
    refused(store, "nobody", now=now, address="203.0.113.7")
    refused(store, "li.na", password=password, now=now, address="203.0.113.7", code="QH903")
    assert signing.sign_in(store, "li.na", password=password, now=now, address="203.0.113.8")
    later = now + WINDOW + timedelta(seconds=1)
    assert signing.sign_in(store, "li.na", password=password, now=later, address="203.0.113.7")


def test_who_is_throttled_does_not_lock_anybodys_account(store, member, password, now):
    member()
    with store.write() as tx:
        row = {"address": "203.0.113.7", "since": _stamp(now, 0), "failures": ADDRESS_FAILURES}
        tx.execute(sa.insert(schema.address).values(row))
    for _ in range(6):
        refused(store, now=now, address="203.0.113.7", code="QH903")
    assert len(store.entries(kind="access.throttled")) == 1
    assert signing.sign_in(store, "li.na", password=password, now=now)


def test_addresses_of_one_ipv6_network_and_mapped_ones_count_together(store, now):
    for address in ("2001:db8::1", "2001:db8::2:3", "::ffff:192.0.2.1", "192.0.2.1"):
        refused(store, "nobody", now=now, address=address)
    with store.read() as connection:
        found = connection.execute(sa.select(schema.address.c["address", "failures"])).all()
    assert sorted(found) == [("192.0.2.1", 2), ("2001:db8::/64", 2)]


def test_who_signs_in_does_not_use_up_the_address_of_the_office(store, member, password, now):
    member()
    for _ in range(3):
        signing.sign_in(store, "li.na", password=password, now=now, address="192.0.2.1")
    with store.read() as connection:
        assert connection.execute(sa.select(schema.address.c.failures)).scalar() == 0


def test_a_hash_of_other_parameters_is_made_anew_at_sign_in(store, member, password, now):
    from argon2 import PasswordHasher

    li = member()
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(password)
    with store.write() as tx:
        tx.execute(sa.update(schema.account).values(password=old))
    assert passwords.needs_new_hash(old)
    signing.sign_in(store, "li.na", password=password, now=now)
    with store.read() as connection:
        new = accounts.row_of(connection, li.id)["password"]
    assert new.startswith("$argon2id$")
    assert not passwords.needs_new_hash(new)
    assert signing.sign_in(store, "li.na", password=password, now=now)


@pytest.mark.parametrize(
    "password",
    ["ninechars", "1234567890", "Password123", "aaaaaaaaaaaa", "li.na@example", "elpmaxe@an.il",
     "x" * 257, "Ｐａｓｓｗｏｒｄ１２３"],
)  # fmt: skip
def test_a_weak_password_is_not_taken(store, now, password):
    with pytest.raises(UsageError) as caught, store.write() as tx:
        accounts.create(tx, "Li.Na@example", name="李", password=password, by="t", at=now)
    assert caught.value.code == "QH861"
    assert password not in str(caught.value)


def test_a_sentence_in_chinese_is_a_password_however_it_is_composed(store, now):
    with store.write() as tx:
        accounts.create(tx, "li", name="李", password="窗前明月光疑是地上霜é", by="t", at=now)
    assert signing.sign_in(store, "li", password="窗前明月光疑是地上霜e\u0301", now=now)


def test_changing_the_password_ends_the_other_sessions_and_gives_this_one_a_new_token(
    store, member, password, now
):
    member()
    here, there = (signing.sign_in(store, "li.na", password=password, now=now) for _ in range(2))
    new = "another quiet sentence"
    token = signing.change_password(store, here.person, old=password, new=new, now=now)
    assert sessions.of(store, here.token, now=now) is None
    assert sessions.of(store, there.token, now=now) is None
    assert sessions.of(store, token, now=now).session == here.person.session
    refused(store, password=password, now=now)
    assert signing.sign_in(store, "li.na", password=new, now=now)


def test_who_holds_a_session_cannot_guess_the_password_by_changing_it(store, member, password, now):
    member()
    person = signing.sign_in(store, "li.na", password=password, now=now).person
    new = "another quiet sentence"
    for _ in range(5):
        with pytest.raises(AccessRefused):
            signing.change_password(store, person, old="guess", new=new, now=now)
    with pytest.raises(AccessRefused):
        signing.change_password(store, person, old=password, new=new, now=now)


def test_guessing_a_password_to_confirm_something_locks_too(store, member, password, now):
    member()
    person = signing.sign_in(store, "li.na", password=password, now=now).person
    for _ in range(8):
        signing.confirm_password(store, person, password=password, now=now)
    for _ in range(5):
        with pytest.raises(AccessRefused):
            signing.confirm_password(store, person, password="guess", now=now)
    with pytest.raises(AccessRefused):
        signing.confirm_password(store, person, password=password, now=now)


def test_processes_that_sign_in_fail_and_administer_at_once_do_not_wait_for_each_other_for_ever(
    opened, race, make_account, password, now
):
    """Rows and the log are taken in one order everywhere: PostgreSQL reports no deadlock."""
    store = opened()
    for login in ("li", "wang"):
        make_account(store, login)

    def work(own, number):
        for n in range(8):
            login = ("li", "wang")[(n + number) % 2]
            said = password if n % 3 else "wrong"
            with contextlib.suppress(AccessRefused):
                signing.sign_in(own, login, password=said, now=now, address="192.0.2.1")
            with own.write() as tx:
                accounts.unlock(tx, login, by="t", at=now)
                sessions.revoke_all(tx, accounts.row_of(tx.connection, login)["id"], by="t", at=now)
        return 0

    assert race(work) == [0] * 4
    assert store.verify().ok


def test_a_lock_that_an_administrator_sets_meanwhile_stays(store, member, password, now):
    li = member()
    until = now + timedelta(days=1)
    with store.write() as tx:
        attempt = begin(tx, "li.na", address="", now=now)
        accounts.lock(tx, li.id, until=until, by="t", at=now)
        give_back(tx, attempt)
    refused(store, password=password, now=now + timedelta(hours=23))


def test_a_password_with_more_behind_it_is_another(store, member, now):
    with store.write() as tx:
        longest = "ab窗cd" * 51 + "x"
        accounts.create(tx, "li", name="李", password=longest, by="t", at=now)
    assert len(longest) == 256
    refused(store, "li", password=longest + "y", now=now)
    assert signing.sign_in(store, "li", password=longest, now=now)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x00", "a" * 9000, "王\u202eab"])
def test_no_text_that_a_stranger_sends_breaks_a_database(opened, now, text):
    store = opened()
    refused(store, text, password=text, now=now, address=text, agent=text)
    assert keys.key_of(store, f"qh_{text}_x", now=now) is None
    assert sessions.of(store, text, now=now) is None
    for code, act in (
        ("QH862", lambda: accounts.find(store, text)),
        ("QH904", lambda: tickets.look(store, text, now=now)),
    ):
        with pytest.raises(QianhangError) as caught:
            act()
        assert caught.value.code == code
    for act in (sessions.revoke, keys.revoke_key):
        with pytest.raises(UsageError), store.write() as tx:
            act(tx, text, account="x", by="t", at=now)


def test_a_name_is_kept_without_what_hides_in_it(store, now):
    with store.write() as tx:
        made = accounts.create(tx, "li", name=" 李\x00\u202e  娜\n", by="t", at=now)
    assert made.name == "李 娜"


def test_two_accounts_cannot_have_one_login(opened, race, now):
    def work(store, number):
        try:
            with store.write() as tx:
                accounts.create(tx, "Li" if number else "lI", name="李", by="t", at=now)
        except UsageError:
            return 3
        return 0

    opened()
    assert race(work, 2) == [0, 3]


@pytest.mark.parametrize("login", ["", "x", "a b", "a/b", "<script>", "a" * 65, "a\nb"])
def test_an_ill_formed_login_is_refused(store, now, login):
    with pytest.raises(UsageError) as caught, store.write() as tx:
        accounts.create(tx, login, name="李", by="t", at=now)
    assert caught.value.code == "QH864"


def test_the_last_administrator_stays(store, member, now):
    member("li", ("root", "administrator"))
    acts = [
        lambda tx: accounts.disable(tx, "li", by="t", at=now),
        lambda tx: accounts.revoke_grant(
            tx, "li", org="root", role="administrator", by="t", at=now
        ),
    ]
    for act in acts:
        with pytest.raises(UsageError, match="without an administrator"), store.write() as tx:
            act(tx)
    member("wang", ("root", "administrator"))
    with store.write() as tx:
        acts[0](tx)
    assert accounts.find(store, "li").state == "disabled"


def test_somebody_else_is_disabled_though_there_is_no_administrator(store, member, now):
    member("li")
    with store.write() as tx:
        accounts.disable(tx, "li", by="t", at=now)
        accounts.enable(tx, "li", by="t", at=now)
    assert accounts.find(store, "li").state == "active"
