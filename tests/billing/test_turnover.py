"""Months of parties say what their statements say, and wallets what was paid; amounts by hand."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from qianhang.billing import charges, schema, settlement, statements, wallet
from qianhang.billing.charges import Credit
from qianhang.billing.turnover import turnover
from qianhang.core.errors import BillingError, BudgetError
from qianhang.store import Store

from .shop import START, charge, hours, price, publish, usage

APRIL = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def books(store):
    """Two organisations in March, 80 yuan and 160 yuan; a credit of 10 that the operator bears and
    one of 5 that a programme bears; a charge of February that came late, 80 yuan more."""
    publish(store, price(fee=Decimal("0.1")))
    charge(store, usage("a1"))
    charge(store, usage("a2", org="o2", cards=16))
    with store.write() as tx:
        statements.issue(tx, "org:o1", "2026-02", at=START)
    charge(store, usage("a3", start=START.replace(month=2)), at=START + hours(9))
    for source, payer, fen in (
        ("sla:pool-a:2026-03", "operator:p1:payable", 1000),
        ("voucher:x:1", "voucher:x", 500),
    ):
        given = Credit(
            org="o1", operator="p1", payer=payer, fen=fen, month="2026-03", source=source
        )
        with store.write() as tx:
            charges.credit(tx, given, at=START + hours(10), key=source)
    return store


def test_a_month_says_what_its_statement_says(books):
    names = ("charges", "corrections", "credits", "fee", "due")
    for kind in ("org", "operator"):
        found = turnover(books, kind)
        assert found
        for one in found:
            told = statements.statement(books, one.party, one.month)
            assert [getattr(one, n) for n in names] == [getattr(told, n) for n in names]
            assert one.issued is bool(told.sha256)
    march = {o.party: o.due for o in turnover(books, "org", month="2026-03")}
    assert march == {"org:o1": 8000 + 8000 - 1000 - 500, "org:o2": 16000}
    # 320 yuan of charges less a tenth for the platform, less the credit that it bears itself.
    assert [o.due for o in turnover(books, "operator", month="2026-03")] == [28_800 - 1000]


def test_only_the_parties_that_are_named(books):
    assert {o.party for o in turnover(books, "org", names=["o2"])} == {"org:o2"}
    assert turnover(books, "org", names=[]) == []


def test_a_wallet_pays_an_issued_bill_once(books):
    with books.write() as tx, pytest.raises(BillingError, match="is not issued"):
        wallet.pay(tx, "o1", "2026-03", at=APRIL)
    for party in statements.parties(books, "2026-03"):
        with books.write() as tx:
            statements.issue(tx, party, "2026-03", at=APRIL)
    with books.write() as tx, pytest.raises(BudgetError, match="QH550"):
        wallet.pay(tx, "o1", "2026-03", at=APRIL)
    for _ in range(2):
        with books.write() as tx:
            assert wallet.top_up(tx, "o1", fen=20_000, reference="GH1", at=APRIL) == 20_000
    for _ in range(2):
        with books.write() as tx:
            assert wallet.pay(tx, "o1", "2026-03", at=APRIL) == 14_500
    found = wallet.wallet(books, "o1")
    assert (found.fen, found.billed, found.paid, found.open) == (5500, 14_500, 14_500, 0)
    assert found.months == {"2026-03"}


def test_what_is_open_does_not_change_when_the_month_is_settled(books):
    for party in statements.parties(books, "2026-03"):
        with books.write() as tx:
            statements.issue(tx, party, "2026-03", at=APRIL)
    assert wallet.wallet(books, "o2").open == 16_000
    with books.write() as tx:
        settlement.settle(tx, "2026-03", {}, at=APRIL)
    assert wallet.wallet(books, "o2").open == 16_000


@pytest.mark.parametrize(("fen", "reference"), [(0, "a"), (-5, "a"), (5, " "), (5, "x" * 81)])
def test_what_no_bank_would_send_is_refused(store, fen, reference):
    with store.write() as tx, pytest.raises(BillingError, match="QH563"):
        wallet.top_up(tx, "o1", fen=fen, reference=reference, at=APRIL)


def test_another_amount_under_the_same_slip_is_refused(store):
    with store.write() as tx:
        wallet.top_up(tx, "o1", fen=5, reference="a", at=APRIL)
    with store.write() as tx, pytest.raises(BillingError, match="QH551"):
        wallet.top_up(tx, "o1", fen=6, reference="a", at=APRIL)


def test_months_are_those_of_the_store_whoever_wrote_the_last_line(books, settings):
    """An hour of 8 cards for 0.0001 yuan is 0 fen, of which the ledger tells nothing: its month is
    there all the same; so is what another process charged."""
    assert "2026-05" not in {one.month for one in turnover(books, "org")}
    publish(books, price("0.0001", number=2, flavour="cheap"))
    charge(books, usage("a4", flavour="cheap", start=START.replace(month=5)))
    assert [o.due for o in turnover(books, "org", month="2026-05")] == [0]
    with Store.open(settings, parts=(schema.PART,)) as other:
        charge(other, usage("a5", start=START.replace(month=5)))
    assert [o.due for o in turnover(books, "org", month="2026-05")] == [8000]
