"""Buckets in the store: several processes draw from one, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.access import buckets, schema
from qianhang.store import Settings, Store

_START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def store_once(tmp_path_factory):
    """A store for all examples of a test, and names that none of them had before."""
    home = tmp_path_factory.mktemp("buckets")
    with Store.open(Settings(home=home), parts=(schema.PART,)) as store:
        yield store, (f"n{n}" for n in count())


def test_what_two_processes_borrow_is_never_more_than_the_bucket_holds(opened, now):
    """Ten at once, asked for three at a time by turns: 3, 3, 3, 1, then nothing for 6 s."""
    first, second = opened(), opened()
    lent = [
        buckets.borrow(store, "a", limit=10, most=3, now=now)
        for store in (first, second, first, second, first)
    ]
    assert [(one.tokens, one.left) for one in lent] == [(3, 7), (3, 4), (3, 1), (1, 0), (0, 0)]
    assert [one.wait_ms for one in lent] == [0, 0, 0, 0, 6000]
    later = buckets.borrow(second, "a", limit=10, most=3, now=now + timedelta(seconds=6))
    assert (later.tokens, later.left) == (1, 0)
    assert buckets.borrow(second, "b", limit=10, most=3, now=now).tokens == 3


def test_many_threads_at_once_get_the_limit_and_no_more(opened, now):
    stores = [opened(), opened()]

    def borrow(n):
        return buckets.borrow(stores[n % 2], "a", limit=20, most=1, now=now).tokens

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(borrow, range(40))) == 20


def test_a_clock_that_runs_behind_gives_nothing_twice(opened, now):
    store = opened()
    buckets.borrow(store, "a", limit=60, most=60, now=now)
    behind = now - timedelta(minutes=5)
    assert buckets.borrow(store, "a", limit=60, most=9, now=behind).tokens == 0
    assert buckets.borrow(store, "a", limit=60, most=9, now=now + timedelta(seconds=2)).tokens == 2


def test_buckets_that_are_long_full_are_dropped(opened, now):
    store = opened()
    for name, late in (("old", 0), ("new", 60)):
        at = now + timedelta(minutes=late)
        buckets.borrow(store, name, limit=5, most=5, now=at)
    assert buckets.forget(store, before=now + timedelta(minutes=30)) == 1
    at = now + timedelta(minutes=60)
    assert buckets.borrow(store, "new", limit=5, most=1, now=at).tokens == 0
    assert buckets.borrow(store, "old", limit=5, most=5, now=at).tokens == 5


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 9)), min_size=1, max_size=12)
)
def test_within_any_stretch_no_more_is_lent_than_was_there_and_came_in(store_once, steps):
    """Lent in t ms after a full bucket of 10: at most 10 + 10 t / 60,000."""
    store, fresh = store_once
    name, at, given_out = next(fresh), _START, 0
    for later, most in steps:
        at += timedelta(milliseconds=later)
        given_out += buckets.borrow(store, name, limit=10, most=most, now=at).tokens
        assert given_out <= 10 + 10 * (at - _START).total_seconds() / 60
