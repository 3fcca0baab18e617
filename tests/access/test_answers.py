"""Idempotency keys: a request sent twice is carried out once."""

from datetime import timedelta

import pytest

from qianhang.access import answers
from qianhang.core.errors import UsageError

BODY, OTHER = "a" * 64, "b" * 64


def claim(store, now, *, account="li", key="k1", route="POST /runs", body=BODY):
    return answers.claim(store, account, key=key, route=route, body=body, now=now)


def code(act):
    with pytest.raises(UsageError) as caught:
        act()
    return caught.value.code


def test_the_second_request_gets_the_first_answer(store, now):
    held = claim(store, now)
    assert held.answer is None
    answers.finish(store, held, status=201, media="application/json", response='{"id":"A1"}')
    again = claim(store, now + timedelta(hours=23)).answer
    assert (again.status, again.media, again.response) == (201, "application/json", '{"id":"A1"}')
    found = answers.lookup(store, "li", key="k1", route="POST /runs", now=now)
    assert found == again


def test_a_key_with_another_body_is_refused(store, now):
    answers.finish(store, claim(store, now), status=201, media="", response="")
    assert code(lambda: claim(store, now, body=OTHER)) == "QH867"


def test_a_key_is_one_accounts_own_and_one_routes(store, now):
    claim(store, now)
    assert claim(store, now, account="wang").answer is None
    assert claim(store, now, route="POST /plans").answer is None


def test_while_the_first_is_carried_out_the_second_waits(store, now):
    held = claim(store, now)
    assert code(lambda: claim(store, now)) == "QH868"
    assert answers.lookup(store, "li", key="k1", route="POST /runs", now=now) is None
    answers.release(store, held)
    assert claim(store, now).answer is None


def test_who_died_with_a_request_does_not_hold_it_for_ever_nor_answer_late(store, now):
    dead = claim(store, now)
    later = now + timedelta(minutes=10)
    new = claim(store, later)
    assert new.answer is None
    answers.finish(store, dead, status=500, media="", response="late")
    answers.finish(store, new, status=201, media="", response="right")
    assert claim(store, later).answer.response == "right"


def test_answers_are_forgotten_after_a_day(store, now):
    answers.finish(store, claim(store, now), status=201, media="", response="")
    assert claim(store, now + timedelta(hours=24), body=OTHER).answer is None


def test_of_several_processes_one_carries_the_request_out(opened, race, now):
    opened()

    def work(store, number):
        try:
            return 0 if claim(store, now).answer is None else 4
        except UsageError as cause:
            return 3 if cause.code == "QH868" else 99

    assert race(work) == [0, 3, 3, 3]


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "键", "a\n"])
def test_an_ill_formed_key_is_refused(store, now, key):
    assert code(lambda: claim(store, now, key=key)) == "QH867"
