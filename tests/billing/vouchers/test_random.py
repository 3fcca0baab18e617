"""Any order of deeds keeps every invariant: a state machine against sums of its own."""

from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from qianhang.billing import ledger
from qianhang.billing.vouchers import Act, batches, claims, funds, grants, holds, invariants
from qianhang.core.errors import BudgetError, UsageError
from qianhang.store import Settings, Store

from .conftest import NOW, PARTS, PLAIN, bill, case

PEOPLE = st.sampled_from(["wang", "sun", "zhao"])
REFUSED = (BudgetError, UsageError)


class Machine(RuleBasedStateMachine):
    """One programme with 2,000 yuan a year, 1,000 for each applicant, 30% of what is used."""

    granted, held, gathered = Bundle("granted"), Bundle("held"), Bundle("gathered")
    store: Store

    def __init__(self):
        super().__init__()
        self.number = 0
        self.quota, self.open = defaultdict(int), {}
        self.left, self.used, self.roles = {}, defaultdict(int), defaultdict(set)

    @initialize()
    def start(self):
        self.tx = self.store.write()
        tx = self.tx.__enter__()
        self.at = tx
        # What earlier examples left is another run's: the transaction is undone at the end.
        funds.install(tx, PLAIN, act=self.act())
        funds.appropriate(tx, "plain", year=2026, fen=200_000, act=self.act())

    def teardown(self):
        if hasattr(self, "tx"):
            assert list(invariants.faults(self.at.connection)) == []
            with suppress(RuntimeError):
                self.tx.__exit__(RuntimeError, RuntimeError("undo"), None)

    def act(self, by="clerk"):
        self.number += 1
        return Act(by, NOW, f"k{self.number}")

    @rule(target=granted, entity=st.sampled_from(["e1", "e2", "e3"]), fen=st.integers(1, 60_000),
          related=st.booleans())  # fmt: skip
    def grant(self, entity, fen, related):
        facts = case(f"c-{entity}", entity=entity, related=("s1",) if related else ())
        fits = self.quota[entity] + fen <= 100_000 and sum(self.quota.values()) + fen <= 200_000
        try:
            number = grants.grant(self.at, "plain", facts=facts, fen=fen, act=self.act())
        except REFUSED:
            assert related or not fits
            return multiple()
        assert fits
        assert not related
        self.quota[entity] += fen
        self.left[number] = fen
        return (number, entity)

    @rule(target=held, of=granted, cost=st.integers(1, 200_000))
    def hold(self, of, cost):
        grant, entity = of
        expected = min(cost * 30 // 100, self.left[grant])
        try:
            facts = case(f"c-{entity}", entity=entity)
            number = holds.hold(self.at, grant, facts=facts, bill=bill(cost), act=self.act())
        except BudgetError:
            assert expected == 0
            return multiple()
        self.left[grant] -= expected
        self.open[number] = expected
        return (number, grant, entity)

    @rule(of=held, cost=st.integers(1, 200_000), last=st.booleans(), again=st.booleans())
    def capture(self, of, cost, last, again):
        number, grant, entity = of
        if number not in self.open:
            return
        act, fen = self.act(), min(cost * 30 // 100, self.open[number])
        for _ in range(1 + again):
            said = holds.capture(self.at, number, bill=bill(cost), act=act, last=last)
            assert said == fen
        self.used[entity] += fen
        self.open[number] -= fen
        if last:
            self.left[grant] += self.open[number]
        if last or not self.open[number]:
            del self.open[number]

    @rule(of=held, fen=st.integers(1, 60_000))
    def release(self, of, fen):
        number, grant, _ = of
        if number not in self.open:
            return
        try:
            holds.release(self.at, number, fen=fen, act=self.act())
        except BudgetError:
            assert fen > self.open[number]
            return
        self.left[grant] += fen
        self.open[number] -= fen
        if not self.open[number]:
            del self.open[number]

    @rule(entity=st.sampled_from(["e1", "e2", "e3"]))
    def claim(self, entity):
        facts = case(f"c-{entity}", entity=entity)
        try:
            claims.claim(self.at, "plain", facts=facts, act=self.act("filer"))
        except BudgetError:
            assert self.used[entity] == 0
        else:
            assert self.used.pop(entity) > 0

    @rule(target=gathered)
    def gather(self):
        filed = [c for c in claims.claims(self.at, state="filed") if c["batch"] is None]
        try:
            return batches.gather(self.at, "plain", act=self.act())
        except BudgetError:
            assert not filed
            return multiple()

    @rule(batch=gathered, who=PEOPLE, step=st.sampled_from(["review", "pay", "audit"]))
    def settle(self, batch, who, step):
        state = batches.batches(self.at)[batch - 1]["state"]
        order = {"open": "review", "reviewed": "pay", "paid": "audit"}
        fits = order.get(state) == step and who not in self.roles[batch]
        try:
            getattr(batches, step)(self.at, batch, act=self.act(who))
        except UsageError:
            assert not fits
        else:
            assert fits
            self.roles[batch].add(who)

    @invariant()
    def agrees(self):
        if not hasattr(self, "at"):
            return
        free = ledger.balance(self.at, funds.fund_account("plain", 2026))
        assert free == 200_000 - sum(self.quota.values()) >= 0
        for number, fen in self.left.items():
            assert ledger.balance(self.at, grants.grant_account(number)) == fen
        assert sum(ledger.balances(self.at, "voucher:").values()) == 0


def test_any_order_of_deeds_keeps_caps_sums_and_roles(tmp_path):
    Machine.store = Store.open(Settings(home=Path(tmp_path)), parts=PARTS)
    checks = settings(
        max_examples=12, stateful_step_count=40, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        run_state_machine_as_test(Machine, settings=checks)
    finally:
        Machine.store.close()
