"""Entries sum to zero, are written once, and never let two processes spend the same money."""

import pytest
import sqlalchemy as sa

from qianhang.billing import ledger, schema
from qianhang.billing.ledger import Posting
from qianhang.core.errors import BillingError, BudgetError
from qianhang.store import Store

WALLET, OPERATOR, BANK = "org:o1:wallet", "operator:p:payable", "bank"


def put(tx, key, fen, *, at, to=WALLET, by=BANK, **more):
    lines = [Posting(to, fen), Posting(by, -fen)]
    return ledger.post(tx, "top_up", subject="o1", postings=lines, at=at, key=key, **more)


@pytest.fixture
def post(store, now):
    """post(key, fen, ...) in a transaction of its own."""

    def one(key, fen, **more):
        with store.write() as tx:
            return put(tx, key, fen, at=now, **more)

    return one


def test_balances_are_the_sums_of_postings_and_the_books_sum_to_zero(store, post):
    assert [post("a", 500), post("b", 250), post("c", 90, to=OPERATOR, by=WALLET)] == [1, 2, 3]
    assert ledger.balance(store, WALLET) == 660
    assert ledger.balances(store, "") == {BANK: -750, OPERATOR: 90, WALLET: 660}
    assert ledger.balances(store, "org:") == {WALLET: 660}
    assert ledger.balance(store, "nobody") == 0
    assert ledger.check(store) == []


def test_the_same_deed_told_twice_is_one_entry_and_another_deed_is_refused(store, post, now):
    assert post("a", 500) == 1
    with store.write() as tx:
        lines = [Posting(BANK, -500), Posting(WALLET, 500)]
        later = now.replace(hour=9)
        args = {"subject": "o1", "at": later, "key": "a"}
        assert ledger.post(tx, "top_up", postings=lines, **args) == 1
    with pytest.raises(BillingError, match="QH551 key 'a' names entry 1"):
        post("a", 501)
    assert ledger.balance(store, WALLET) == 500
    assert len(store.entries()) == 1


@pytest.mark.parametrize("fen", [0, 1.0, True, 10**16, None])
def test_an_amount_that_is_no_whole_fen_is_refused(fen):
    with pytest.raises(ValueError, match="no amount in whole fen"):
        Posting(WALLET, fen)


@pytest.mark.parametrize("name", ["", "org:", "org::wallet", "a b", "a/b", "x" * 161])
def test_an_account_is_a_path_of_names(name):
    with pytest.raises(ValueError, match="expected a path"):
        Posting(name, 1)


def test_postings_that_do_not_sum_to_zero_are_refused(store, now):
    for lines in ([Posting(WALLET, 5), Posting(BANK, -4)], [Posting(WALLET, 5)], []):
        with pytest.raises(ValueError, match="sum to"), store.write() as tx:
            ledger.post(tx, "x", subject="s", postings=lines, at=now, key="k")
    assert store.entries() == []


def test_an_entry_is_taken_back_once_line_by_line(store, post, now):
    post("a", 500)
    with store.write() as tx:
        assert ledger.reverse(tx, 1, at=now, key="a:back", why="typed twice") == 2
    with store.write() as tx:
        assert ledger.reverse(tx, 1, at=now, key="a:back", why="typed twice") == 2
    assert ledger.balances(store, "") == {BANK: 0, WALLET: 0}
    back = ledger.entry(store, 2)
    assert (back.reverses, back.why) == (1, "typed twice")
    assert back.postings == (Posting(WALLET, -500), Posting(BANK, 500))
    for number, said in ((1, "was taken back by entry 2"), (2, "itself"), (9, "none")):
        with pytest.raises(BillingError, match=said), store.write() as tx:
            ledger.reverse(tx, number, at=now, key="again", why="x")
    assert ledger.check(store) == []


def test_a_guarded_account_never_falls_below_zero(store, post):
    post("a", 100)
    spend = {"to": OPERATOR, "by": WALLET, "not_below_zero": [WALLET]}
    post("b", 60, **spend)
    with pytest.raises(BudgetError, match=r"QH550 account org:o1:wallet holds 0.40 yuan, 0.41"):
        post("c", 41, **spend)
    post("d", 40, **spend)
    assert post("b", 60, **spend) == 2, "what was paid is found again, whatever is left"
    assert ledger.balance(store, WALLET) == 0


def test_an_account_already_below_zero_may_be_filled_up(store, post):
    post("a", 100, to=OPERATOR, by=WALLET)
    post("b", 60, not_below_zero=[WALLET])
    assert ledger.balance(store, WALLET) == -40


def test_entries_are_found_by_account_and_subject(store, post):
    post("a", 1)
    post("b", 2, to=OPERATOR)
    post("c", 3)
    assert [e.key for e in ledger.entries(store, account=WALLET)] == ["a", "c"]
    assert [e.key for e in ledger.entries(store, subject="o1", after=1, limit=1)] == ["b"]
    assert ledger.entries(store, subject="o2") == []
    found = ledger.entries(store, account=OPERATOR)[0]
    assert found.postings == (Posting(OPERATOR, 2), Posting(BANK, -2))


def test_a_transaction_that_fails_leaves_nothing(store, now):
    def fail():
        with store.write() as tx:
            put(tx, "a", 5, at=now)
            assert ledger.balance(tx, WALLET) == 5
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert ledger.balances(store, "") == {}
    assert store.entries() == []


def _spoil(store, *statements):
    """As somebody with the file in hand would, past the triggers."""
    with store.write() as tx:
        for word in ("update", "delete"):
            for table in ("billing_entry", "billing_posting", "log"):
                tx.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_no_{word}"))
        tx.execute(sa.text("DROP TRIGGER IF EXISTS log_no_delete"))
        for statement in statements:
            tx.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("where", "statements"),
    [
        ("entry 1", ["UPDATE billing_posting SET fen = fen * 2 WHERE entry = 1",
                     "UPDATE billing_account SET fen = fen * 2"]),
        ("entry 1", ["UPDATE billing_posting SET fen = 6 WHERE entry = 1 AND line = 1"]),
        ("account bank", ["UPDATE billing_account SET fen = 1 WHERE account = 'bank'"]),
        ("entry 1", ["UPDATE billing_entry SET subject = 'o2'"]),
        ("log", ["DELETE FROM billing_posting", "DELETE FROM billing_account",
                 "DELETE FROM billing_entry"]),
        ("log", ["UPDATE log SET payload = '{}'"]),
    ],
)  # fmt: skip
def test_a_ledger_that_was_tampered_with_is_found_out(store, post, where, statements):
    post("a", 5)
    _spoil(store, *statements)
    assert where in {f.where for f in ledger.check(store)}


def test_entries_cannot_be_edited_by_mistake(store, post):
    post("a", 5)
    for table in (schema.entry, schema.posting):
        for act in (sa.delete(table), sa.update(table).values(at="x") if table is schema.entry
                    else sa.update(table).values(fen=1)):  # fmt: skip
            with pytest.raises(sa.exc.DatabaseError), store.write() as tx:
                tx.execute(act)


def test_two_processes_never_spend_the_same_money(shared, race, now):
    """100 fen in the wallet, two processes that take 3 fen as often as they can: 33 times in all."""
    with Store.open(shared, parts=(schema.PART,)) as store, store.write() as tx:
        put(tx, "fill", 100, at=now)

    def spend(store, number):
        done = 0
        try:
            while True:
                with store.write() as tx:
                    put(tx, f"{number}:{done}", 3, at=now, to=OPERATOR, by=WALLET,
                        not_below_zero=[WALLET])  # fmt: skip
                done += 1
        except BudgetError:
            return done

    assert sum(race(spend)) == 33
    with Store.open(shared, parts=(schema.PART,)) as store:
        assert ledger.balance(store, WALLET) == 1
        assert ledger.check(store) == []


def test_two_processes_that_do_the_same_deed_write_it_once(shared, race, now):
    def same(store, _):
        for n in range(10):
            with store.write() as tx:
                put(tx, f"deed {n}", 7, at=now)
        return 0

    assert race(same, 3) == [0, 0, 0]
    with Store.open(shared, parts=(schema.PART,)) as store:
        assert ledger.balance(store, WALLET) == 70
        assert ledger.check(store) == []
