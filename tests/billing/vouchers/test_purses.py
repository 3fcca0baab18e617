"""What grants can still pay on a pool, without holding anything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from qianhang.billing.vouchers import grants, holds, tables
from qianhang.billing.vouchers.cases import case_of
from qianhang.billing.vouchers.purses import Spot, best, purses
from qianhang.core.errors import UsageError

from .conftest import NOW, bill, case

HERE = Spot("s1", "p1")


def granted(store, act, fen=100_000, **facts):
    with store.write() as tx:
        return grants.grant(tx, "plain", facts=case(**facts), fen=fen, act=act())


def test_the_facts_of_a_grant_stay_with_it(plain, act):
    number = granted(plain, act)
    assert case_of(plain, number) == case()
    assert case_of(plain, 99) is None


def test_a_purse_bears_its_share_where_the_supplier_supplies_and_nothing_elsewhere(plain, act):
    """30% of 1,000 yuan; of 9,000 yuan no more than the 1,000 of the grant."""
    granted(plain, act)
    (purse,) = purses(plain, NOW, entities=["e1"])
    assert (purse.percent(HERE), purse.worth(HERE, 100_000)) == (30, 30_000)
    assert purse.worth(HERE, 900_000) == 100_000
    assert purse.worth(Spot("s2", "p2"), 100_000) == 0
    assert [no.code for no in purse.refusals(Spot("s2", "p2"))] == ["other_contract"]
    assert best((purse,), "e1", HERE, 100_000) == (purse, 30_000)
    assert best((purse,), "e2", HERE, 100_000) == (None, 0)


def test_a_purse_tells_what_a_hold_would_set_aside(plain, act):
    number = granted(plain, act)
    for fen in (50_000, 200_000, 900_000):
        (purse,) = purses(plain, NOW, entities=["e1"])
        told = purse.worth(HERE, fen)
        with plain.write() as tx:
            holds.hold(tx, number, facts=purse.facts_at(HERE), bill=bill(fen), act=act())
        assert holds.holds(plain)[-1]["fen"] == told
    (purse,) = purses(plain, NOW, entities=["e1"])
    assert (purse.left_fen, purse.held_fen) == (0, 100_000)


def test_a_grant_whose_time_is_over_is_no_purse(plain, act):
    granted(plain, act)
    assert purses(plain, NOW + timedelta(days=100), entities=["e1"]) == ()


def test_a_grant_older_than_kept_facts_is_held_by_jobs_once_a_person_held_it(plain, act):
    """As a store from before that table holds it after its upgrade; facts are learnt once."""
    number = granted(plain, act)
    with plain.write() as tx:
        tx.execute(sa.delete(tables.case))
    assert purses(plain, NOW, entities=["e1"]) == ()
    with plain.write() as tx:
        holds.hold(tx, number, facts=case(), bill=bill(100_000), act=act())
    (purse,) = purses(plain, NOW, entities=["e1"])
    assert (purse.grant, purse.facts, purse.held_fen) == (number, case(), 30_000)
    with plain.write() as tx:
        holds.hold(tx, number, facts=case(chips="domestic"), bill=bill(1000), act=act())
    assert case_of(plain, number) == case()


def test_facts_of_another_contract_are_not_learnt(plain, act):
    number = granted(plain, act)
    other = replace(case(), contract=replace(case().contract, id="another"))
    with plain.write() as tx:
        tx.execute(sa.delete(tables.case))
    with plain.write() as tx, suppress(UsageError):
        holds.hold(tx, number, facts=other, bill=bill(1000), act=act())
    assert case_of(plain, number) is None
