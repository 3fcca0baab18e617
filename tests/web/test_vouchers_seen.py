"""Grants in memory have the states that the clock gives them now."""

from types import SimpleNamespace

import pytest

from qianhang.web.views import vouchers

from .conftest import now


@pytest.fixture
def ask(monkeypatch):
    """Two grants, one of which ends at noon; the office asks."""
    rows = [
        {"id": 2, "state": "open", "expires": "2026-03-02T12:00:00.000000Z", "left": 5, "fen": 9, "returned": 2, "entity": "a"},
        {"id": 1, "state": "open", "expires": "", "left": 0, "fen": 3, "returned": 0, "entity": "b"},
    ]  # fmt: skip
    kept = tuple(rows)
    monkeypatch.setattr(vouchers.grants, "newest", lambda _: kept)
    monkeypatch.setattr(vouchers.payers, "office", lambda _: True)
    store = type("S", (), {})()
    return lambda hour: SimpleNamespace(store=store, now=now().replace(2026, 3, 2, hour, 0, 0, 0))


def test_a_grant_lapses_at_its_moment_without_a_write(ask):
    states = [tuple(vouchers.seen_grants(ask(hour)).states) for hour in (10, 11, 12, 13, 11)]
    assert states == [("open", "used")] * 2 + [("lapsed", "used")] * 2 + [("open", "used")]


def test_sums_are_of_those_that_are_seen(ask):
    seen = vouchers.seen_grants(ask(10))
    assert (seen.given, seen.left, len(seen)) == (10, 5, 2)
    only = seen.only(lambda grant, _: grant["entity"] == "b")
    assert (only.given, only.left, [g["id"] for g in only]) == (3, 0, [1])
