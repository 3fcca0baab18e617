"""Statements handed straight to the driver do what SQLAlchemy does with them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from qianhang.core.errors import StoreError
from qianhang.store import Settings, Store
from qianhang.store.log import append
from qianhang.store.prepared import Prepared, among, fetch, spread, width
from qianhang.store.schema import log, log_head

BY_KIND = Prepared(
    sa.select(log.c.seq, log.c.subject).where(log.c.kind == sa.bindparam("kind")).order_by("seq")
)
MOVE = Prepared(sa.update(log_head).where(log_head.c.seq == 3).values(seq=sa.bindparam("to")))
HEAD = Prepared(sa.select(log_head.c.seq))
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with Store.open(Settings(home=tmp_path)) as found:
        with found.write() as tx:
            for kind, subject in (("a", "old"), ("b", "old"), ("a", "new")):
                append(tx.connection, kind, subject, payload={}, at=NOW)
        yield found


def test_rows_have_the_columns_names(store):
    with store.read() as connection:
        rows = fetch(connection, BY_KIND, {"kind": "a"})
    assert [(row.seq, row.subject) for row in rows] == [(1, "old"), (3, "new")]


def test_a_change_tells_how_many_rows_it_met_and_keeps_the_values_that_stand_in_it(store):
    with store.write() as tx:
        assert tx.change(MOVE, {"to": 4}) == 1
        assert tx.change(MOVE, {"to": 4}) == 0


def test_reads_of_one_connection_see_one_state(store):
    with store.read() as connection:
        assert len(fetch(connection, BY_KIND, {"kind": "a"})) == 2
        with store.write() as tx:
            append(tx.connection, "a", "later", payload={}, at=NOW)
        assert len(fetch(connection, BY_KIND, {"kind": "a"})) == 2
    with store.read() as connection:
        assert len(fetch(connection, BY_KIND, {"kind": "a"})) == 3


def test_what_is_undone_leaves_nothing(store):
    with suppress(RuntimeError), store.write() as tx:
        tx.change(MOVE, {"to": 4})
        raise RuntimeError
    with store.read() as connection:
        assert fetch(connection, HEAD) == [(3,)]


def test_a_broken_constraint_is_the_same_error_as_through_sqlalchemy(store):
    again = Prepared.new(log)
    row = {"seq": 1, "at": "", "kind": "a", "subject": "", "payload": "", "prev_hash": "",
           "hash": ""}  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), store.write() as tx:
        tx.change(again, row)


def test_a_store_that_is_read_only_says_so(store, tmp_path):
    with (
        Store.open(Settings(home=tmp_path), read_only=True) as found,
        pytest.raises(StoreError, match="QH702"),
        found.read() as connection,
    ):
        fetch(connection, Prepared(sa.text("DELETE FROM log")))


def test_a_list_of_values_cannot_be_made_ready(store):
    many = Prepared(sa.select(log.c.seq).where(log.c.kind.in_(["a", "b"])))
    with pytest.raises(ValueError, match="list of values"), store.read() as connection:
        fetch(connection, many)


@pytest.mark.parametrize("wanted", [(), (1,), (1, 3), (3, 1, 2), (1, 2, 3, 4, 5)])
def test_one_of_so_many_values_is_found_whatever_their_number(store, wanted):
    """Of records 1 to 3 those whose number is wanted; a statement serves each power of two."""
    query = Prepared(sa.select(log.c.seq).where(among(log.c.seq, "n", width(wanted))))
    with store.read() as connection:
        rows = fetch(connection, query, spread("n", wanted))
    assert {row.seq for row in rows} == {1, 2, 3} & set(wanted)
    assert width(wanted) in (0, 1, 2, 4, 8)


def test_a_truth_value_comes_back_as_one(store):
    query = Prepared(sa.select(sa.literal(1).label("n"), (log_head.c.seq > 2).label("so")))
    with store.read() as connection:
        (row,) = fetch(connection, query)
    assert row.so is True
    assert (row.n, type(row.n)) == (1, int)
