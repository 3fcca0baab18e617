"""The second factor. Codes come from an implementation of RFC 6238 written here."""

import base64
import hashlib
import hmac
import struct
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from qianhang.access import accounts, sessions, signing, totp
from qianhang.core.errors import AccessRefused, UsageError

STEP = timedelta(seconds=30)


def rfc6238(secret, at):
    """RFC 6238 with SHA-1, six digits, steps of 30 s."""
    counter = struct.pack(">Q", int(at.timestamp()) // 30)
    mac = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture
def enrolled(store, member, now):
    member("li.na")
    return enrol(store, now)


def enrol(store, now):
    with store.write() as tx:
        made = totp.enrol(tx, "li.na", by="t", at=now)
        totp.confirm(tx, "li.na", code=rfc6238(made.secret, now), by="t", at=now)
    return made


def enters(store, password, code, now):
    try:
        return bool(signing.sign_in(store, "li.na", password=password, code=code, now=now))
    except AccessRefused as cause:
        return cause.code


def test_the_uri_holds_what_the_app_needs(enrolled):
    parts = urlsplit(enrolled.uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    told = parse_qs(parts.query)
    assert told["secret"] == [enrolled.secret]
    assert len(base64.b32decode(enrolled.secret)) >= 20


def test_a_code_is_asked_for_only_after_one_has_been_shown(store, member, password, now):
    member("li.na")
    with store.write() as tx:
        made = totp.enrol(tx, "li.na", by="t", at=now)
    assert enters(store, password, "", now) is True
    with pytest.raises(UsageError), store.write() as tx:
        totp.confirm(tx, "li.na", code="000000", by="t", at=now - timedelta(days=9))
    with store.write() as tx:
        totp.confirm(tx, "li.na", code=rfc6238(made.secret, now), by="t", at=now)
    assert accounts.find(store, "li.na").totp
    assert enters(store, password, "", now) == "QH902"


def test_only_this_step_and_its_neighbours_open(store, enrolled, password, now):
    at = now + timedelta(hours=1)
    codes = {n: rfc6238(enrolled.secret, at + n * STEP) for n in (-2, -1, 0, 1, 2)}
    assert enters(store, password, codes[-2], at) == "QH901"
    assert enters(store, password, codes[2], at) == "QH901"
    assert [enters(store, password, codes[n], at) for n in (-1, 0, 1)] == [True] * 3


def test_a_code_opens_once_and_an_older_one_not_after_it(store, enrolled, password, now):
    at = now + timedelta(hours=1)
    this, before = rfc6238(enrolled.secret, at), rfc6238(enrolled.secret, at - STEP)
    assert enters(store, password, this, at) is True
    assert enters(store, password, this, at) == "QH901"
    assert enters(store, password, this, at + STEP) == "QH901"
    assert enters(store, password, before, at) == "QH901"


def test_the_code_that_confirmed_does_not_sign_in(store, enrolled, password, now):
    assert enters(store, password, rfc6238(enrolled.secret, now), now) == "QH901"


def test_of_several_processes_with_one_code_one_gets_in(opened, race, make_account, password, now):
    store = opened()
    make_account(store, "li.na")
    made, at = enrol(store, now), now + timedelta(hours=1)

    def work(own, number):
        return 0 if enters(own, password, rfc6238(made.secret, at), at) is True else 3

    assert race(work) == [0, 3, 3, 3]


def test_a_recovery_code_opens_once_however_it_is_typed(store, enrolled, password, now):
    assert len(set(enrolled.codes)) == 10
    typed = f" {enrolled.codes[0].upper().replace('-', ' ')} "
    assert enters(store, password, typed, now) is True
    assert enters(store, password, enrolled.codes[0], now) == "QH901"
    with store.read() as connection:
        account = accounts.row_of(connection, "li.na")["id"]
        assert totp.recovery_codes_left(connection, account) == 9


def test_one_persons_recovery_code_is_nothing_for_another(store, enrolled, member, password, now):
    member("wang")
    with store.write() as tx:
        other = totp.enrol(tx, "wang", by="t", at=now)
        totp.confirm(tx, "wang", code=rfc6238(other.secret, now), by="t", at=now)
    assert enters(store, password, other.codes[0], now) == "QH901"


def test_wrong_codes_lock_and_asking_for_the_code_does_not(store, enrolled, password, now):
    for _ in range(12):
        assert enters(store, password, "", now) == "QH902"
    for _ in range(5):
        assert enters(store, password, "000000", now) == "QH901"
    assert enters(store, password, "", now) == "QH901"
    assert enters(store, password, enrolled.codes[0], now) == "QH901"
    assert enters(store, password, enrolled.codes[0], now + timedelta(minutes=5)) is True


def test_asking_for_the_code_between_guesses_forgives_none_of_them(store, enrolled, password, now):
    for n in range(4):
        assert enters(store, password, f"00000{n}", now) == "QH901"
        assert enters(store, password, "", now) == "QH902"
    assert enters(store, password, "000009", now) == "QH901"
    assert enters(store, password, "", now) == "QH901"


def test_confirming_and_removing_end_the_other_sessions(store, member, password, now):
    member("li.na")
    here, there = (signing.sign_in(store, "li.na", password=password, now=now) for _ in range(2))
    keep = here.person.session
    with store.write() as tx:
        made = totp.enrol(tx, "li.na", by="t", at=now)
        code = rfc6238(made.secret, now)
        totp.confirm(tx, "li.na", code=code, by="t", at=now, keep=keep)
    assert sessions.of(store, here.token, now=now).account.totp
    assert sessions.of(store, there.token, now=now) is None
    with store.write() as tx:
        totp.remove(tx, "li.na", by="t", at=now)
    assert sessions.of(store, here.token, now=now) is None
    assert enters(store, password, "", now) is True


def test_who_has_a_second_factor_cannot_be_given_another_unasked(store, enrolled, now):
    with pytest.raises(UsageError, match="remove it first"), store.write() as tx:
        totp.enrol(tx, "li.na", by="t", at=now)


@pytest.mark.parametrize("code", ["١٢٣٤٥٦", "1e5", "-12345", "12345\x00", "9" * 4000])
def test_what_is_no_code_is_refused_and_breaks_nothing(store, enrolled, password, now, code):
    assert enters(store, password, code, now) == "QH901"
