"""Statements are frozen with their hash; settlement evens out; service credits and FOCUS rows."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from qianhang.billing import books, charges, credits, focus, ledger, settlement, statements
from qianhang.billing.charges import Credit
from qianhang.billing.credits import Down, Rule, Step
from qianhang.billing.settlement import Transfer
from qianhang.core.errors import BillingError

from .shop import START, charge, hours, price, publish, usage

APRIL = datetime(2026, 4, 5, tzinfo=UTC)
MARCH = "2026-03"


@pytest.fixture
def sold(store):
    """o1 used p1 for 80.00 and p2 for 33.33 yuan, o2 used p1 for 160.00; p1 leaves 3%."""
    fee = Decimal("0.03")
    publish(store, price(fee=fee), price("4.16625", operator="p2"))
    charge(store, usage(), usage("b", operator="p2", pool="pool-b"),
           usage("c", org="o2", project="", scenario="", end=START + hours(2)), at=APRIL)  # fmt: skip
    return store


def issue(store, *parties, month=MARCH, at=APRIL):
    for party in parties:
        with store.write() as tx:
            found = statements.issue(tx, party, month, at=at)
    return found


def test_a_statement_sums_by_project_scenario_and_flavour(sold):
    found = statements.draft(sold, "org:o1", MARCH)
    assert (found.charges, found.due, found.sha256) == (11333, 11333, "")
    assert found.sums["project"] == {"heat": 11333}
    assert found.sums["flavour"] == {"ascend910b": 11333}
    assert statements.draft(sold, "org:o2", MARCH).sums["scenario"] == {"": 16000}
    own = statements.draft(sold, "operator:p1", MARCH)
    assert (own.charges, own.fee, own.due) == (24000, 720, 23280)


def test_an_issued_statement_stays_as_it_is(sold):
    first = issue(sold, "org:o1")
    charge(sold, usage("late"), at=APRIL)
    assert issue(sold, "org:o1") == first
    assert statements.statement(sold, "org:o1", MARCH) == first
    assert len(first.sha256) == 64
    assert statements.statement(sold, "org:o1", "2026-04").corrections == 8000
    assert [e.subject for e in sold.entries(kind="billing.statement")] == ["org:o1"]


def test_a_month_that_has_not_ended_in_china_is_not_issued(sold):
    end = datetime(2026, 3, 31, 16, tzinfo=UTC)
    with pytest.raises(BillingError, match=r"QH558.*2026-03-31T16:00"):
        issue(sold, "org:o1", at=end - timedelta(seconds=1))
    issue(sold, "org:o1", at=end)
    for party in ("o1", "org:", "city:o1"):
        with pytest.raises(BillingError, match="QH559"):
            statements.draft(sold, party, MARCH)
    with pytest.raises(BillingError, match="QH560"):
        statements.draft(sold, "org:o1", "2026-13")


def test_operators_settle_what_they_collected_against_what_they_served(sold):
    """p2 bills o1 (113.33) and served 33.33; p1 bills o2 (160.00) and earned 232.80; fees 7.20."""
    bills = {"o1": "p2", "o2": "p1"}
    with pytest.raises(BillingError, match=r"QH558.*org:o1"):
        settlement.positions(sold, MARCH, bills)
    issue(sold, *statements.parties(sold, MARCH))
    assert settlement.positions(sold, MARCH, bills) == {"p1": -7280, "p2": 8000, "platform": -720}
    for _ in range(2):
        with sold.write() as tx:
            paid = settlement.settle(tx, MARCH, bills, at=APRIL)
    assert paid == [Transfer("p2", "p1", 7280), Transfer("p2", "platform", 720)]
    held = ledger.balances(sold, "")
    assert held["operator:p1:settlement"] == -7280
    assert held["operator:p2:settlement"] == 8000
    assert {held[a] for a in held if a.endswith((":owed", ":payable"))} == {0}
    assert books.faults(sold) == []


def test_a_settled_month_takes_no_more_lines_not_even_of_newcomers(sold):
    issue(sold, *statements.parties(sold, MARCH))
    with sold.write() as tx:
        settlement.settle(tx, MARCH, {}, at=APRIL)
    publish(sold, price(operator="p3"))
    (line,) = charge(sold, usage("new", org="o3", operator="p3"), at=APRIL)
    assert (line.month, line.own_month) == ("2026-04", MARCH)
    with sold.write() as tx:
        assert settlement.settle(tx, MARCH, {}, at=APRIL)


def test_transfers_even_out_and_are_fewer_than_the_parties():
    net = {"a": 70, "b": 30, "c": -50, "d": -45, "e": -5}
    paid = settlement.transfers(net)
    assert len(paid) < len(net)
    for name, fen in net.items():
        assert sum(t.fen for t in paid if t.payer == name) - sum(
            t.fen for t in paid if t.payee == name
        ) == fen  # fmt: skip


RULE = Rule(
    "p1",
    Decimal("0.995"),
    (Step(Decimal("0.995"), Decimal("0.10")), Step(Decimal("0.95"), Decimal("0.5"))),
)


def test_availability_counts_each_lost_moment_once():
    """March has 744 h; 3 h, 2 h of them told twice, and 1 h before the month: 4 h - 1 h + 1 h."""
    first = datetime(2026, 2, 28, 16, tzinfo=UTC)
    down = [
        Down(first - hours(1), first + hours(1), "probe"), Down(START, START + hours(3), "probe"),
        Down(START + hours(1), START + hours(3), "ticket"),
    ]  # fmt: skip
    assert credits.availability(MARCH, down) == 1 - Fraction(4, 744)


def test_a_pool_below_its_promise_gives_back_a_share_once(sold):
    """8 h of 744 lost is 98.9%: a tenth of 80.00 and of 160.00 yuan on pool-a."""
    down = [Down(START, START + hours(8), "probe")]
    with pytest.raises(BillingError, match="QH558"), sold.write() as tx:
        credits.grant(tx, MARCH, "pool-a", rule=RULE, down=down, at=START)
    for told in (down, [Down(START, START + hours(90), "probe")]):
        with sold.write() as tx:
            given = credits.grant(tx, MARCH, "pool-a", rule=RULE, down=told, at=APRIL)
        assert [(c.org, c.fen) for c in given] == [("o1", 800), ("o2", 1600)]
    assert statements.draft(sold, "org:o1", MARCH).credits == -800
    assert statements.draft(sold, "operator:p1", MARCH).due == 23280 - 2400
    assert ledger.balance(sold, "operator:p1:payable") == -(23280 - 2400)
    assert books.faults(sold) == []


def test_a_pool_that_kept_its_promise_gives_nothing_then_or_later(sold):
    for down in ([], [Down(START, START + hours(90), "told too late")]):
        with sold.write() as tx:
            assert credits.grant(tx, MARCH, "pool-a", rule=RULE, down=down, at=APRIL) == []


def test_deeper_steps_give_more():
    assert [RULE.share(Fraction(n, 1000)) for n in (995, 994, 950, 949)] == [
        0, Fraction(1, 10), Fraction(1, 10), Fraction(1, 2)
    ]  # fmt: skip


def test_rules_are_data(tmp_path):
    file = tmp_path / "sla.toml"
    text = '[[rule]]\noperator = "p1"\npromised = "0.995"\nsteps = [{below = "0.995", share = "0.1"}]\n'
    file.write_text(text)
    (rule,) = credits.read_rules(file)
    assert (rule.operator, rule.steps) == ("p1", (Step(Decimal("0.995"), Decimal("0.1")),))
    for wrong in (
        text.replace('"0.1"', "0.1"),
        text.replace('0.995"\n', '0.9"\n'),
        "x",
        "[[rule]]\nx=1",
    ):
        file.write_text(wrong)
        with pytest.raises(BillingError, match="QH562"):
            credits.read_rules(file)


def test_focus_rows_carry_the_columns_and_their_sum_is_the_bill(sold):
    with sold.write() as tx:
        given = Credit(org="o1", operator="p1", payer="programme:zz:claims", fen=3000, month=MARCH,
                       source="voucher:7")  # fmt: skip
        charges.credit(tx, given, at=APRIL, key="capture:7")
    names = focus.Names(
        "河南算力网", {"o1": "郑州热力"}, {"p1": "甲公司"}, {"pool-a": ("4101", "郑州")}
    )
    sheet = io.StringIO()
    assert focus.write(sheet, focus.rows(sold, MARCH, org="o1", names=names)) == 3
    found = list(csv.DictReader(io.StringIO(sheet.getvalue())))
    assert tuple(found[0]) == focus.COLUMNS
    assert sum(Decimal(r["BilledCost"]) for r in found) == Decimal("83.33")
    credit = next(r for r in found if r["ChargeCategory"] == "Credit")
    assert (credit["BilledCost"], credit["ConsumedQuantity"], credit["SkuPriceId"]) == (
        "-30.00",
        "",
        "",
    )
    row = next(r for r in found if r["PublisherName"] == "甲公司" and r is not credit)
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == ("28800.0", "Card-Seconds")
    assert Decimal(row["PricingQuantity"]) * Decimal(row["ContractedUnitPrice"]) == Decimal(
        row["ContractedCost"]
    )
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == (
        "2026-02-28T16:00:00Z", "2026-03-31T16:00:00Z"
    )  # fmt: skip
    assert (row["ChargePeriodStart"], row["RegionName"]) == ("2026-03-02T02:00:00Z", "郑州")
    assert json.loads(row["Tags"])["scenario"] == "energy.load"
    assert {r["BillingCurrency"] for r in found} == {"CNY"}


def test_a_correction_of_an_issued_month_is_marked(sold):
    issue(sold, "org:o1")
    fixed = usage(sequence=1, cards=4, corrects="a1/0/0", why="four")
    charge(sold, fixed, at=APRIL)
    rows = list(focus.rows(sold, "2026-04", org="o1"))
    assert [(r["ChargeClass"], r["BilledCost"]) for r in rows] == [
        ("Correction", "-80.00"),
        ("Correction", "40.00"),
    ]
