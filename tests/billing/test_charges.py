"""A record becomes one entry and its lines, exactly once; corrections undo the first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from qianhang.billing import books, charges, ledger, metering, schema, statements
from qianhang.billing.charges import Credit
from qianhang.billing.ledger import Posting
from qianhang.billing.lines import Spent, lines, spending
from qianhang.core.errors import BillingError
from qianhang.store import Store

from .shop import START, charge, hours, keep, price, publish, usage

LATE = datetime(2026, 4, 20, tzinfo=UTC)


@pytest.fixture
def priced(store):
    publish(store, price(fee=Decimal("0.03")))
    return store


def test_the_organisation_owes_what_operator_and_platform_are_owed(priced):
    """8 card-hours x 10 yuan = 80.00; the platform keeps 3% = 2.40."""
    charge(priced, usage())
    assert ledger.balances(priced, "") == {
        "operator:p1:payable": -7760, "org:o1:owed": 8000, "platform:fee": -240,
    }  # fmt: skip
    assert books.faults(priced) == []


def test_a_record_is_charged_once(priced):
    first = charge(priced, usage())
    again = charge(priced, usage(), at=LATE)
    assert first == again
    assert len(lines(priced)) == 1
    assert ledger.balance(priced, "org:o1:owed") == 8000


def test_a_correction_takes_the_first_charge_back(priced):
    charge(priced, usage())
    half = usage(sequence=1, end=START + hours(0.5), corrects="a1/0/0", why="clock was wrong")
    charge(priced, half, at=LATE)
    assert ledger.balance(priced, "org:o1:owed") == 4000
    assert [(n.kind, n.fen) for n in lines(priced)] == [
        ("usage", 8000),
        ("back", -8000),
        ("usage", 4000),
    ]
    assert ledger.entry(priced, 2).reverses == 1
    nothing = usage(sequence=2, end=START, corrects="a1/0/1", why="never ran")
    charge(priced, nothing, at=LATE)
    assert set(ledger.balances(priced, "").values()) == {0}
    assert books.faults(priced) == []


def test_a_record_corrected_before_its_charge_is_never_charged(priced):
    """Charged, corrected, and the correction corrected before anybody charged it."""
    charge(priced, usage())
    second = usage(sequence=1, cards=4, corrects="a1/0/0", why="half of the cards")
    third = usage(sequence=2, cards=2, corrects="a1/0/1", why="a quarter of them")
    keep(priced, second, third, at=LATE)
    assert charges.pending(priced) == ["a1/0/2"]
    with pytest.raises(BillingError, match=r"QH554.*corrected"), priced.write() as tx:
        charges.charge(tx, "a1/0/1", at=LATE)
    assert charges.charge_pending(priced, at=LATE) == {}
    assert ledger.balance(priced, "org:o1:owed") == 2000
    assert books.faults(priced) == []


def test_what_cannot_be_charged_is_named_and_the_rest_is_charged(priced):
    keep(priced, usage(), usage("b", flavour="strange"), at=LATE)
    assert {u: e.code for u, e in charges.charge_pending(priced, at=LATE).items()} == {
        "b/0/0": "QH555"
    }
    assert charges.pending(priced) == ["b/0/0"]
    keep(priced, usage("c"), usage("d"), at=LATE)
    assert list(charges.charge_pending(priced, at=LATE, limit=1)) == ["b/0/0"]
    assert charges.pending(priced) == ["b/0/0", "d/0/0"]


def test_what_costs_nothing_has_no_entry(store):
    publish(store, price("0"))
    (line,) = charge(store, usage())
    assert (line.fen, line.quantity, ledger.balances(store, "")) == (0, 8, {})
    charge(store, usage(sequence=1, cards=9, corrects="a1/0/0", why="one more"), at=LATE)
    assert books.faults(store) == []


def test_late_usage_goes_to_the_next_open_month(priced):
    """March is issued for the organisation, April for the operator: May is open for both."""
    charge(priced, usage())
    june = datetime(2026, 6, 2, tzinfo=UTC)
    for party, month in (("org:o1", "2026-03"), ("operator:p1", "2026-04")):
        with priced.write() as tx:
            statements.issue(tx, party, month, at=june)
    late = charge(priced, usage("late"), at=june)
    fixed = usage(sequence=1, cards=4, corrects="a1/0/0", why="four")
    charge(priced, fixed, at=june)
    assert [(n.month, n.own_month) for n in late] == [("2026-05", "2026-03")]
    assert statements.statement(priced, "org:o1", "2026-03").due == 8000
    may = statements.statement(priced, "org:o1", "2026-05")
    assert (may.charges, may.corrections, may.due) == (0, 8000 - 8000 + 4000, 4000)


def test_a_credit_relieves_the_organisation_at_its_payers_cost(priced):
    charge(priced, usage())
    given = Credit(org="o1", operator="p1", payer="programme:zz:claims", fen=3000, month="2026-03",
                   source="voucher:7", usage="a1/0/0", scenario="energy.load")  # fmt: skip
    for _ in range(2):
        with priced.write() as tx:
            charges.credit(tx, given, at=LATE, key="capture:7")
    assert ledger.balance(priced, "org:o1:owed") == 5000
    assert ledger.balance(priced, "programme:zz:claims") == 3000
    found = statements.draft(priced, "org:o1", "2026-03")
    assert (found.charges, found.credits, found.due) == (8000, -3000, 5000)
    assert statements.draft(priced, "operator:p1", "2026-03").due == 7760, "the payer makes it good"
    assert books.faults(priced) == []


def test_spending_is_told_by_organisation_scenario_and_month(priced):
    charge(priced, usage(), usage("b", org="o2", scenario="", start=START + timedelta(days=31)))
    assert spending(priced) == [
        Spent("o1", "energy.load", "2026-03", 8000),
        Spent("o2", "", "2026-04", 8000),
    ]
    assert spending(priced, orgs=["o2"], since="2026-05") == []
    assert [s.org for s in spending(priced, until="2026-03")] == ["o1"]


def test_two_processes_that_charge_everything_charge_it_once(shared, race):
    with Store.open(shared, parts=(schema.PART,)) as store:
        publish(store, price())
        keep(store, *(usage(f"a{n}") for n in range(12)), at=LATE)

    def work(store, _):
        return len(charges.charge_pending(store, at=LATE))

    assert race(work, 2) == [0, 0]
    with Store.open(shared, parts=(schema.PART,)) as store:
        assert ledger.balance(store, "org:o1:owed") == 12 * 8000
        assert books.faults(store) == []


@pytest.mark.parametrize(
    ("where", "act"),
    [
        ("charge a1/0/0", "UPDATE billing_line SET fen = 9000"),
        ("account org:o1:owed", "DELETE FROM billing_line"),
        ("charge a1/0/0", "UPDATE billing_charge SET fen = 1"),
        ("statement org:o1 2026-03", "UPDATE billing_statement SET fen = 1"),
    ],
)  # fmt: skip
def test_lines_that_were_tampered_with_are_found_out(priced, where, act):
    charge(priced, usage())
    with priced.write() as tx:
        statements.issue(tx, "org:o1", "2026-03", at=LATE)
    with priced.write() as tx:
        for table in ("line", "charge", "statement"):
            for word in ("update", "delete"):
                tx.execute(sa.text(f"DROP TRIGGER billing_{table}_no_{word}"))
        tx.execute(sa.text(act))
    assert where in {f.where for f in books.faults(priced)}


def test_an_entry_taken_back_without_a_correction_is_found_out(priced):
    charge(priced, usage())
    with priced.write() as tx:
        ledger.reverse(tx, 1, at=LATE, key="oops", why="by hand")
    assert {f.where for f in books.faults(priced)} == {"charge a1/0/0", "account org:o1:owed"}


def test_paying_is_an_entry_of_its_own_that_bills_do_not_count(priced):
    charge(priced, usage())
    with priced.write() as tx:
        lines_ = [Posting("bank", 8000), Posting("org:o1:owed", -8000)]
        ledger.post(tx, "payment", subject="o1", postings=lines_, at=LATE, key="pay:1")
    assert ledger.balance(priced, "org:o1:owed") == 0
    assert books.faults(priced) == []
    assert metering.records(priced, org="o1", limit=1) == [usage()]
