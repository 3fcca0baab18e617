"""A value kept in memory is never another than the store's, whoever wrote."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from qianhang.store import Store
from qianhang.store.kept import Kept
from qianhang.store.schema import log

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def counted():
    """How many records of kind `a.` there are, and how often that was counted."""
    calls = []

    def count(connection):
        calls.append(1)
        return connection.execute(sa.select(sa.func.count()).where(log.c.kind.like("a.%"))).scalar()

    return Kept(count, "a."), calls


def _write(store, kind):
    with store.write() as tx:
        tx.append(kind, "x", payload={}, at=AT)


def test_it_is_worked_out_again_only_after_news_of_its_kind(store, counted):
    kept, calls = counted
    assert [kept.of(store), kept.of(store)] == [0, 0]
    _write(store, "b.x")
    assert kept.of(store) == 0
    assert len(calls) == 1
    _write(store, "a.x")
    assert [kept.of(store), kept.of(store)] == [1, 1]
    assert len(calls) == 2


def test_what_another_process_wrote_is_seen_at_once(store, settings, counted):
    kept, _ = counted
    assert kept.of(store) == 0
    with Store.open(settings) as other:
        _write(other, "b.x")
        _write(other, "a.x")
    assert kept.of(store) == 1


def test_what_is_undone_was_never_there(store, counted):
    kept, _ = counted
    with suppress(KeyError), store.write() as tx:
        tx.append("a.x", "x", payload={}, at=AT)
        raise KeyError
    assert kept.of(store) == 0


def test_each_store_has_its_own(store, tmp_path, counted):
    from qianhang.store import Settings

    kept, _ = counted
    _write(store, "a.x")
    with Store.open(Settings(home=tmp_path / "other")) as other:
        assert (kept.of(other), kept.of(store)) == (0, 1)
