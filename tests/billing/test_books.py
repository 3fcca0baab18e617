"""Whatever happens in whatever order, the books agree to the fen, and a crash changes nothing."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianhang.billing import (
    books,
    charges,
    credits,
    ledger,
    metering,
    prices,
    schema,
    settlement,
    statements,
)
from qianhang.billing.charges import Credit
from qianhang.billing.credits import Down, Rule, Step
from qianhang.billing.lines import lines
from qianhang.billing.month import span
from qianhang.billing.rating import rate
from qianhang.core.errors import BillingError
from qianhang.store import Settings, Store

from .shop import START, price, usage

END = span("2026-06")[0]
MONTHS = ("2026-03", "2026-04", "2026-05")
SECONDS = st.integers(1, 40 * 86400)
CARDS = st.decimals("0.1", "9", places=1)
RATES = st.decimals("0.00001", "99", places=5)


@st.composite
def stories(draw):
    """Steps, each a transaction: prices, usage, corrections, charges, statements."""
    steps = [("price", "1", draw(RATES), 0)]
    times = sorted(draw(st.lists(SECONDS, max_size=2, unique=True)))
    steps += [("price", str(n), draw(RATES), after) for n, after in enumerate(times, 2)]
    for n in range(draw(st.integers(1, 3))):
        record = usage(f"a{n}", START + timedelta(seconds=draw(SECONDS)), END, cards=draw(CARDS))
        length = timedelta(seconds=draw(SECONDS), microseconds=draw(st.integers(0, 999_999)))
        steps.append(("usage", _with(record, end=record.start + length)))
        if draw(st.booleans()):
            steps.append(("charge", record.id))
        if draw(st.booleans()):
            size = draw(st.sampled_from([0, 1, 2]))
            shorter = record.start + length * size / 3
            more = {"sequence": 1, "corrects": record.id, "why": "measured anew", "end": shorter}
            steps.append(("usage", _with(record, **more)))
        if draw(st.booleans()):
            steps.append(("issue", draw(st.sampled_from(["org:o1", "operator:p1"])), MONTHS[n]))
    return [*steps, ("all",)]


def _with(record, **facts):
    said = {name: getattr(record, name) for name in record.__slots__} | facts
    return type(record)(**said)


def take(store, step, *, crash=""):
    """One step in a transaction, which `crash` ends before or after its commit."""
    if step[0] == "all":
        assert charges.charge_pending(store, at=END) == {}
        return
    with store.write() as tx:
        _do(tx, step)
        if crash == "before":
            raise InterruptedError
    if crash == "after":
        raise InterruptedError


def _do(tx, step):
    what, *rest = step
    if what == "price":
        version, yuan, after = rest
        since = START + timedelta(seconds=after) if after else START
        every = [price(yuan, version=version, since=since, fee=Decimal("0.0333"))]
        prices.publish(tx, every, at=START)
    elif what == "usage":
        metering.record(tx, rest[0], at=END)
    elif what == "charge":
        # Told again after a correction there is nothing left to charge.
        if metering.newest(tx, rest[0]) == rest[0]:
            charges.charge(tx, rest[0], at=END)
    else:
        statements.issue(tx, *rest, at=END)


def told(store):
    """All that matters in the end."""
    found = [(n.id, n.month, n.fen, n.fee, n.quantity) for n in lines(store)]
    bills = [statements.statement(store, "org:o1", m).due for m in (*MONTHS, "2026-06", "2026-07")]
    return sorted(found), ledger.balances(store, ""), bills


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """fresh() -> an empty store; one template, copied."""
    import shutil

    template = tmp_path_factory.mktemp("books")
    Store.open(Settings(home=template), parts=(schema.PART,)).close()

    def make():
        home = shutil.copytree(template, tmp_path_factory.mktemp("one") / "home")
        return Store.open(Settings(home=home), parts=(schema.PART,))

    return make


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories(), data=st.data())
def test_books_agree_after_any_story_and_a_crash_anywhere_changes_nothing(fresh, story, data):
    with fresh() as store:
        for step in story:
            take(store, step)
        whole = told(store)
        _agree(store, story)
    at = data.draw(st.integers(0, len(story) - 2))
    when = data.draw(st.sampled_from(["before", "after"]))
    with fresh() as store:
        for step in story[:at]:
            take(store, step)
        with pytest.raises(InterruptedError):
            take(store, story[at], crash=when)
        # Whoever starts again knows only the story, and tells all of it anew.
        for step in story:
            take(store, step)
        assert told(store) == whole
        assert books.faults(store) == []


def _agree(store, story):
    assert books.faults(store) == []
    assert sum(ledger.balances(store, "").values()) == 0
    every = prices.prices(store)
    expected = {}
    for record in metering.records(store):
        expected[record.attempt] = record
        for one in metering.records(store, job=record.job):
            if one.corrects:
                expected[record.attempt] = one
    cost = sum(sum(p.fen for p in rate(r, every)) for r in expected.values())
    assert ledger.balance(store, "org:o1:owed") == cost, "each card's time is charged once"
    every_line = lines(store)
    assert sum(n.fen for n in every_line) == cost
    months = {n.month for n in every_line}
    bills = sum(statements.statement(store, "org:o1", m).due for m in months)
    assert bills == cost, "no line is on two bills or on none"
    operator = sum(statements.statement(store, "operator:p1", m).due for m in months)
    assert operator == -ledger.balance(store, "operator:p1:payable")


@settings(max_examples=100, deadline=None)
@given(seconds=SECONDS, cards=CARDS, rates=st.lists(RATES, min_size=1, max_size=5))
def test_lines_sum_to_the_record_rounded_once(seconds, cards, rates):
    """However often the price changes, the bill is within half a fen of the exact cost."""
    record = usage(cards=cards, end=START + timedelta(seconds=seconds))
    step = timedelta(seconds=seconds) / len(rates)
    every = [price(r, version=str(n), since=START + n * step) for n, r in enumerate(rates)]
    parts = rate(record, every)
    exact = sum((p.exact_fen for p in parts), Fraction(0))
    assert abs(sum(p.fen for p in parts) - exact) <= Fraction(1, 2)
    assert sum(p.quantity for p in parts) == record.quantity("card_hour")
    assert all(p.fen >= 0 for p in parts)


class Dying:
    """A store whose process dies after so many commits."""

    def __init__(self, store, commits):
        self.store, self.left = store, commits
        self.read, self.verify = store.read, store.verify

    @contextmanager
    def write(self):
        with self.store.write() as tx:
            yield tx
        self.left -= 1
        if not self.left:
            raise InterruptedError


DOWN = [Down(START, START + timedelta(hours=9), "probe")]
RULE = Rule("p1", Decimal("0.995"), (Step(Decimal("0.995"), Decimal("0.1")),))
VOUCHER = Credit(org="o1", operator="p1", payer="programme:zz:bears", fen=500, month="2026-03",
                 source="voucher:1")  # fmt: skip
FIXED = _with(usage(), sequence=1, cards=3, corrects="a1/0/0", why="three cards")


def month_end(store):
    """Everything that is done about a month, a transaction each; told anew it changes nothing."""
    acts = [
        lambda tx: prices.publish(tx, [price(fee=Decimal("0.03"))], at=START),
        *(lambda tx, n=n: metering.record(tx, usage(f"a{n}"), at=END) for n in (1, 2)),
        lambda tx: charges.charge(tx, "a2/0/0", at=END),
        lambda tx: metering.newest(tx, "a1/0/0") != "a1/0/0" or charges.charge(tx, "a1/0/0", at=END),
        lambda tx: metering.record(tx, FIXED, at=END),
        lambda tx: charges.credit(tx, VOUCHER, at=END, key="capture:1"),
        lambda tx: credits.grant(tx, "2026-03", "pool-a", rule=RULE, down=DOWN, at=END),
        "pending",
        *(lambda tx, p=p: statements.issue(tx, p, "2026-03", at=END) for p in ("org:o1", "operator:p1")),
        lambda tx: settlement.settle(tx, "2026-03", {"o1": "p1"}, at=END),
        lambda tx: metering.record(tx, usage("late"), at=END),
        "pending",
    ]  # fmt: skip
    for act in acts:
        if act == "pending":
            charges.charge_pending(store, at=END)
            continue
        with store.write() as tx:
            act(tx)


def test_a_restart_at_every_commit_changes_nothing(fresh):
    with fresh() as store:
        counting = Dying(store, 0)
        month_end(counting)
        commits, whole = -counting.left, told(store)
        assert books.faults(store) == []
        month_end(store)
        assert told(store) == whole
    assert commits == 14
    for after in range(1, commits + 1):
        with fresh() as store:
            with pytest.raises(InterruptedError):
                month_end(Dying(store, after))
            assert books.faults(store) == []
            month_end(store)
            assert told(store) == whole, f"dead after commit {after}"


def test_a_story_out_of_order_is_refused_and_leaves_nothing(fresh):
    with fresh() as store:
        with pytest.raises(BillingError, match="QH554"), store.write() as tx:
            charges.charge(tx, "a1/0/0", at=END)
        assert told(store)[:2] == ([], {})
