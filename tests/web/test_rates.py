"""Limits that processes share: borrowed a few at a time, never more together than the limit."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from qianhang.access import schema
from qianhang.core.errors import StoreError
from qianhang.store import Settings, Store
from qianhang.web.rates import Rates, Shared

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Clock:
    """A time that a test moves."""

    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at


@pytest.fixture
def settings(tmp_path, empty_home):
    return Settings(home=shutil.copytree(empty_home, tmp_path / "home"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def workers(shared, clock):
    """workers(per minute) -> two processes' views of one limit."""
    stores = [Store.open(shared, parts=(schema.PART,)) for _ in range(2)]
    yield lambda limit: [Shared(s, limit, name="api", clock=clock) for s in stores]
    for one in stores:
        one.close()


def passed(limits, times, who="a"):
    return sum(not limits[n % len(limits)].take(who).refused for n in range(times))


def test_two_workers_let_exactly_a_small_limit_through(workers, clock):
    """10 of 40 requests; the eleventh waits 6 s, after which one of either worker passes."""
    limits = workers(10)
    assert passed(limits, 40) == 10
    refused = limits[0].take("a")
    assert (refused.wait_s, refused.remaining, refused.headers["Retry-After"]) == (6, 0, "6")
    assert passed(limits, 4, who="b") == 4
    clock.at += timedelta(seconds=6)
    assert passed(limits, 4) == 1


def test_a_large_limit_is_asked_for_in_the_store_once_for_fifty(workers, monkeypatch):
    """500 a minute are lent ten at a time: 50 loans for all of it, by two workers together."""
    from qianhang.web import rates

    asked = []
    borrow = rates.buckets.borrow
    monkeypatch.setattr(
        rates.buckets, "borrow", lambda *a, **k: asked.append(k["most"]) or borrow(*a, **k)
    )
    limits = workers(500)
    assert passed(limits, 500) == 500
    assert asked == [10] * 50
    assert passed(limits, 10) == 0
    assert len(asked) == 52  # each worker once; a refusal is remembered until its wait is over


def test_what_one_worker_holds_the_other_cannot_have_and_it_is_two_in_a_hundred(workers):
    """One request on the first of two: it holds nine more, the second gets the other 490."""
    first, second = workers(500)
    assert first.take("a").remaining == 499
    assert passed([second], 600) == 490
    assert passed([first], 600) == 9


def test_a_store_that_cannot_be_written_leaves_each_worker_its_own_count(workers, monkeypatch):
    from qianhang.web import rates

    def full(*_, **__):
        raise StoreError("QH703", "no space")

    monkeypatch.setattr(rates.buckets, "borrow", full)
    first, second = workers(4)
    assert (passed([first], 9), passed([second], 9)) == (4, 4)


def test_a_limit_of_one_process_stays_in_its_memory():
    assert passed([Rates(3, clock=lambda: 0.0)], 9) == 3
