"""Random deeds on vouchers against a second count, and every invariant at the end.

python bench/vouchers.py [--deeds N] [--seed N] [--batch N]      (make vouchers: a million)

Real programmes, small funds, five programmes, 40 applicants, 12 suppliers; a quarter of the deeds
must be refused: related parties, a second programme on a contract, too much, wrong order, one
person in two roles. A twentieth repeats an earlier deed by its key and must change nothing. The
store is SQLite on disk, a commit every `--batch` deeds, everything in the hash-chained log. After
each deed every account that it touched is held against the second count; every 100,000 deeds, and
at the end, every row and every balance; at the end the whole ledger and its log too.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from qianhang.billing import ledger
from qianhang.billing import schema as billing
from qianhang.billing.vouchers import (
    Act,
    Applicant,
    Bill,
    Contract,
    Facts,
    Line,
    Supplier,
    funds,
    grants,
    holds,
    invariants,
    shelf,
    tables,
)
from qianhang.billing.vouchers import batches as settle
from qianhang.billing.vouchers import claims as asked
from qianhang.core.errors import BudgetError, UsageError
from qianhang.store import Settings, Store, Transaction
from qianhang.store.prepared import Prepared
from tally import RULES, Broken, Tally
from timing import table

START = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE = 100_000  # deeds between two looks at every row and every balance
PEOPLE = ("wang", "li", "zhao", "qian", "sun")
REGION = {"beijing-2023": "北京市", "langfang-2023": "廊坊市"}
PAPERS = ("contract", "invoice", "delivery", "payment")
# What the entries after one touched, and what those accounts hold now.
TOUCHED = Prepared(
    sa.text(
        "SELECT p.entry, p.account, p.fen AS moved, a.fen FROM billing_posting p "
        "JOIN billing_account a ON a.account = p.account WHERE p.entry > :after"
    )
)
# Weights of the deeds; opening a grant has to stay ahead of what uses it up.
DEEDS = {
    "grant": 18, "hold": 26, "capture": 27, "release": 6, "claim": 10, "batch": 1, "review": 1,
    "pay": 1, "audit": 1, "expire": 2, "recover": 1, "appropriate": 1, "repeat": 5,
}  # fmt: skip


class World:
    """The engine and its tally side by side, driven by one random source."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tally, self.count = Tally(), Counter()
        self.at, self.number, self.entry = START, 0, 0
        self.deals: dict[str, tuple] = {}
        self.open_grants: list[int] = []
        self.open_holds: list[int] = []
        self.batches: dict[int, list] = {}
        self.last: list = []
        self.held: dict[int, Facts] = {}
        self.facts: dict[int, tuple] = {}

    @property
    def deeds(self) -> int:
        """How many were asked of the engine; steps that found nothing to do are not."""
        return sum(n for what, n in self.count.items() if what != "idle")

    @property
    def year(self) -> int:
        """The budget year: China is eight hours ahead of UTC."""
        return (self.at + timedelta(hours=8)).year

    def act(self, by: str = "clerk") -> Act:
        self.number += 1
        return Act(by, self.at, f"deed-{self.number}")

    def begin(self, tx: Transaction) -> None:
        for name in RULES:
            text = (Path(shelf.__file__).parent / "programmes" / f"{name}.toml").read_text("utf8")
            funds.install(tx, text, act=self.act())
            self.appropriate(tx, name, 300_000_000)

    def appropriate(self, tx: Transaction, name: str, fen: int) -> None:
        funds.appropriate(tx, name, year=self.year, fen=fen, act=self.act())
        self.tally.fund[name, self.year] += fen
        self.tally.budget[name] += fen

    def step(self, tx: Transaction) -> None:
        """One deed: by both, or refused by both."""
        self.at += timedelta(seconds=self.random.randrange(1_500))
        what = self.random.choices(tuple(DEEDS), tuple(DEEDS.values()))[0]
        before, keys = self.count["refused"], self.number
        getattr(self, f"do_{what}")(tx)
        idle = keys == self.number and not (what == "repeat" and self.last)
        if self.count["refused"] == before:
            self.count["idle" if idle else what] += 1
        self.follow(tx)

    def follow(self, tx: Transaction) -> None:
        """Every account that the deed touched holds what the tally says, and the deed sums to 0."""
        lines = tx.fetch(TOUCHED, {"after": self.entry})
        if not lines:
            return
        self.entry = max(line.entry for line in lines)
        self.tally.expect(not sum(line.moved for line in lines), "made or lost money")
        for line in lines:
            if line.fen != self.tally.balance(line.account):
                raise Broken(f"{line.account} holds {line.fen}, not what the second count says")

    def refused(self, call: object, why: bool, what: str) -> None:
        """The engine has to refuse, and the tally has to know why."""
        try:
            call()
        except (UsageError, BudgetError):
            if not why:
                raise Broken(f"refused {what} that has to go through") from None
            self.count["refused"] += 1
            return
        raise Broken(f"let through {what}")

    def case(self, name: str, contract: str, entity: str, supplier: str, side: str) -> Facts:
        amount = self.deals[contract][2]
        return Facts(
            Applicant(entity, REGION.get(name, "杭州市"), "enterprise", "large",
                      (f"s{int(entity[1:]) % 12}",)),
            Supplier(supplier, "廊坊市", lists=(name,)),
            Contract(contract, date(2025, 12, 1), amount, paid_fen=amount, months=12),
            self.at.date(), use="training", chips="domestic", pool_region="庆阳市", side=side,
            evidence=PAPERS,
        )  # fmt: skip

    def deal(self) -> tuple:
        """A contract, new or known: (id, entity, supplier, side)."""
        if self.deals and self.random.random() < 0.3:
            contract = self.random.choice(self.recent())
        else:
            contract = f"c{len(self.deals) + 1}"
            who = f"e{int(40 * self.random.random() ** 2)}"
            # Most are small; a fifth is large enough for one grant to meet the applicant's cap.
            most = 3_000_000 if self.random.random() < 0.8 else 300_000_000
            amount = self.random.randrange(100_000, most)
            self.deals[contract] = (who, f"s{self.random.randrange(12)}", amount)
        return contract, *self.deals[contract][:2]

    def recent(self) -> list[str]:
        return [f"c{n}" for n in range(max(1, len(self.deals) - 60), len(self.deals) + 1)]

    def do_grant(self, tx: Transaction) -> None:
        name = self.random.choice(tuple(RULES))
        contract, entity, supplier = self.deal()
        facts = self.case(name, contract, entity, supplier, "demand")
        amount = self.deals[contract][2]
        most = self.tally.worth_of_grant(name, entity, self.year, (contract, amount))
        # A third asks for all that there is, and has to get exactly that.
        all_of_it = self.random.random() < 0.33
        asked_fen = max(1, most if all_of_it else amount * self.random.randrange(2, 50) // 100)
        words, act = None if all_of_it else asked_fen, self.act()

        def call() -> int:
            return grants.grant(tx, name, facts=facts, fen=words, act=act)

        related = supplier in facts.applicant.related
        again = RULES[name][5] and (name, contract) in self.tally.once
        small = name == "qingyang-2024" and asked_fen < 500_000
        why = related or again or small or asked_fen > most
        if why or self.tally.twice(name, contract, "demand"):
            self.refused(call, True, f"{name} {contract}")
            return
        number = call()
        got = ledger.balance(tx, grants.grant_account(number))
        self.tally.expect(got == asked_fen, "granted another amount")
        ends = name == "qingyang-2024"
        self.tally.grant(number, name, (entity, self.year, ends), asked_fen, (contract, amount))
        self.open_grants.append(number)
        self.last = [*self.last[-200:], (call, number)]

    def do_hold(self, tx: Transaction) -> None:
        if not self.open_grants:
            return
        index = self.random.randrange(max(0, len(self.open_grants) - 400), len(self.open_grants))
        grant = self.open_grants[index]
        name, entity, _, left, _, state, contract = self.tally.grants[grant]
        if state != "open" or left == 0:
            self.open_grants.pop(index)
            return
        supplier = self.deals[contract][1]
        if self.random.random() < 0.08:
            supplier = f"s{int(entity[1:]) % 12}"
        side = "supply" if name == "langfang-2023" and self.random.random() < 0.2 else "demand"
        facts = self.case(name, contract, entity, supplier, side)
        cost = self.random.randrange(1_000, 400_000)
        bill = Bill((Line("compute", cost), Line("network", self.random.randrange(9_000))))
        act = self.act()

        def call() -> int:
            return holds.hold(tx, grant, facts=facts, bill=bill, act=act)

        amount, percent = self.deals[contract][2], RULES[name][0]
        mine = self.tally.given[contract]
        room = amount * self.tally.ceiling(name, contract) // 100 - sum(mine.values())
        fen = min(left, cost * percent // 100, room)
        if RULES[name][3]:
            fen = min(fen, amount * percent // 100 - mine.get(name, 0))
        bad = supplier in facts.applicant.related or self.tally.twice(name, contract, side)
        if bad or fen <= 0 or self.lapsed(tx, grant):
            self.refused(call, True, f"hold on {grant}")
            return
        number = call()
        payee = supplier if RULES[name][4] else entity
        self.tally.hold(number, grant, fen, (contract, amount, side, cost, payee))
        self.open_holds.append(number)
        self.facts[number] = facts
        self.held[number] = cost
        self.last = [*self.last[-200:], (call, number)]

    def lapsed(self, tx: Transaction, grant: int) -> bool:
        """Whether a grant of twelve months was made more than twelve months ago."""
        return self.tally.grants[grant][4] and grant in self.over(tx)

    def over(self, tx: Transaction) -> set[int]:
        return set(grants.lapsed(tx, self.at))

    def pick(self) -> int | None:
        while self.open_holds:
            index = self.random.randrange(len(self.open_holds))
            number = self.open_holds[index]
            if number in self.tally.holds:
                return number
            self.open_holds[index] = self.open_holds[-1]
            self.open_holds.pop()
        return None

    def do_capture(self, tx: Transaction) -> None:
        number = self.pick()
        if number is None:
            return
        # The price moved meanwhile: a third to one and a half of what was expected.
        cost = max(1, self.held[number] * self.random.randrange(33, 150) // 100)
        last, act = self.random.random() < 0.4, self.act()
        bill = Bill((Line("compute", cost), Line("storage", 700)))

        def call() -> int:
            return holds.capture(tx, number, bill=bill, act=act, last=last)

        fen = call()
        # Langfang bears storage too, the others computing alone.
        name = self.tally.grants[self.tally.holds[number][0]][0]
        counted = cost + (700 if name == "langfang-2023" else 0)
        self.tally.capture(number, counted, fen, last=last)
        self.last = [*self.last[-200:], (call, fen)]

    def do_release(self, tx: Transaction) -> None:
        number = self.pick()
        if number is None:
            return
        left = self.tally.holds[number][2]
        fen = self.random.randrange(1, 2 * left + 1)
        act = self.act()

        def call() -> int:
            return holds.release(tx, number, fen=fen, act=act)

        if fen > left:
            self.refused(call, True, f"release of {fen} from {number}")
            return
        self.tally.release(number, call())
        self.last = [*self.last[-200:], (call, fen)]

    def latest_due(self) -> list[tuple]:
        return list(islice(reversed(self.tally.due), 60))

    def do_claim(self, tx: Transaction) -> None:
        if not self.tally.due:
            return
        name, contract, payee = of = self.random.choice(self.latest_due())
        entity, supplier, _ = self.deals[contract]
        supplier = payee if RULES[name][4] else supplier
        side = self.tally.side[contract]
        facts = self.case(name, contract, entity, supplier, side)
        act = self.act("filer")

        def call() -> int:
            return asked.claim(tx, name, facts=facts, act=act)

        fen = self.tally.due[of]
        if self.tally.twice(name, contract, side):
            self.refused(call, True, f"claim on {contract}")
            return
        number = call()
        self.tally.claim(number, of, fen)
        self.last = [*self.last[-200:], (call, number)]

    def do_batch(self, tx: Transaction) -> None:
        name = self.random.choice(tuple(RULES))
        taken = {n for b in self.batches.values() for n in b[2]}
        mine = [n for n, c in self.tally.claims.items() if c[0] == name and n not in taken]
        act = self.act()

        def call() -> int:
            return settle.gather(tx, name, act=act)

        if not mine:
            self.refused(call, True, "an empty batch")
            return
        self.batches[call()] = [name, "open", mine, {}, set()]

    def turn(self, state: str) -> tuple[int, list, str] | None:
        ready = [n for n, b in self.batches.items() if b[1] == state]
        if not ready:
            return None
        number = self.random.choice(ready)
        return number, self.batches[number], self.random.choice((*PEOPLE, "filer"))

    def role(self, batch: list, who: str, call: object) -> bool:
        """Whether this person may take the role; refused by the engine where not."""
        if who == "filer" or who in batch[4]:
            self.refused(call, True, f"{who} in two roles")
            return False
        batch[4].add(who)
        return True

    def do_review(self, tx: Transaction) -> None:
        found = self.turn("open")
        if found is None:
            return
        number, batch, who = found
        against = {n: "papers" for n in batch[2] if self.random.random() < 0.1}
        act = self.act(who)

        def call() -> int:
            return settle.review(tx, number, refused=against, act=act)

        if not self.role(batch, who, call):
            return
        call()
        for each in against:
            self.tally.refuse(each)
        batch[1], batch[2] = "reviewed", [n for n in batch[2] if n not in against]

    def do_pay(self, tx: Transaction) -> None:
        found = self.turn("reviewed")
        if found is None:
            return
        number, batch, who = found
        act = self.act(who)
        batch[3] = {n: self.tally.claims[n] for n in batch[2]}

        def call() -> int:
            return settle.pay(tx, number, act=act)

        if not self.role(batch, who, call):
            return
        paid = call()
        self.tally.expect(paid == sum(c[3] for c in batch[3].values()), "paid another amount")
        for each in batch[2]:
            self.tally.pay(each)
        batch[1], batch[2] = "paid", []

    def do_audit(self, tx: Transaction) -> None:
        found = self.turn("paid")
        if found is None:
            return
        number, batch, who = found
        take = {
            n: (self.random.randrange(1, c[3] + 1), "not used")
            for n, c in batch[3].items()
            if self.random.random() < 0.05
        }
        act = self.act(who)

        def call() -> int:
            return settle.audit(tx, number, clawed=take, act=act)

        if not self.role(batch, who, call):
            return
        call()
        for each, (fen, _) in take.items():
            self.tally.claw(batch[0], batch[3][each][2], fen)
        del self.batches[number]

    def do_expire(self, tx: Transaction) -> None:
        over = [n for n in self.over(tx) if self.tally.grants[n][5] == "open"]
        if over:
            for number in over[:5]:
                self.tally.expire(number, grants.expire(tx, number, act=self.act()))
        elif self.open_grants:
            number = self.random.choice(self.open_grants)
            act = self.act()
            self.refused(lambda: grants.expire(tx, number, act=act), True, "early expiry")

    def do_recover(self, tx: Transaction) -> None:
        owing = [k for k, fen in self.tally.owed.items() if fen]
        if not owing:
            return
        name, payee = self.random.choice(owing)
        fen = self.random.randrange(1, self.tally.owed[name, payee] + 1)
        asked.recover(tx, name, payee=payee, fen=fen, act=self.act())
        self.tally.owed[name, payee] -= fen
        self.tally.budget[name] -= fen

    def do_appropriate(self, tx: Transaction) -> None:
        name = self.random.choice(tuple(RULES))
        try:
            self.appropriate(tx, name, 50_000_000)
        except BudgetError:
            self.count["refused"] += 1

    def do_repeat(self, _: Transaction) -> None:
        """An earlier deed once more, by its key: the same answer, and nothing moves."""
        if self.last:
            call, said = self.random.choice(self.last)
            self.tally.expect(call() == said, "a repeated deed gave another answer")

    def compare(self, tx: Transaction) -> None:
        held = {k: v for k, v in ledger.balances(tx, "voucher:").items() if v}
        if held != self.tally.balances():
            other = self.tally.balances()
            apart = {k: (held.get(k), other.get(k)) for k in held.keys() | other.keys()}
            raise Broken(str({k: v for k, v in apart.items() if v[0] != v[1]}))


def drive(store: Store, deeds: int, seed: int, batch: int) -> tuple[World, float]:
    """The world after so many deeds, and the CPU seconds that they took."""
    world = World(seed)
    began, told = time.process_time(), 0
    with store.write() as tx:
        world.begin(tx)
    while world.deeds < deeds:
        with store.write() as tx:
            for _ in range(min(batch, deeds - world.deeds)):
                world.step(tx)
            rebind(world)
        if world.deeds // WHOLE > told:
            told = world.deeds // WHOLE
            with store.write() as tx:
                world.compare(tx)
                for fault in invariants.faults(tx.connection):
                    raise Broken(str(fault))
            spent = time.process_time() - began
            print(
                f"{world.deeds:,} deeds, {world.deeds / spent:,.0f} a CPU second", file=sys.stderr
            )
    spent = time.process_time() - began
    with store.write() as tx:
        world.compare(tx)
    return world, spent


def rebind(world: World) -> None:
    """Forget deeds whose transaction is over: a repeat speaks to the open one."""
    world.last = []


def told(world: World, spent: float, checked: float, size: int) -> list[list[str]]:
    """The lines of the table."""
    count, total = world.count, world.deeds
    named = ", ".join(f"{what} {count[what]:,}" for what in DEEDS)
    return [
        ["deeds", f"{total:,}"],
        ["done", named],
        ["refused, as the second count says", f"{count['refused']:,}"],
        ["deeds a CPU second, log and ledger included", f"{total / spent:,.0f}"],
        ["CPU s", f"{spent:,.0f}"],
        ["CPU s of the check at the end", f"{checked:,.1f}"],
        ["store, MB", f"{size // 2**20:,}"],
    ]


def main() -> None:
    """Drive, check everything, print the table; exit code 1 where an invariant is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deeds", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=1_000)
    asked_for = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        parts = (billing.PART, tables.PART)
        store = Store.open(Settings(home=Path(folder)), parts=parts)
        stack.callback(store.close)
        world, spent = drive(store, asked_for.deeds, asked_for.seed, asked_for.batch)
        began = time.process_time()
        faults = invariants.check(store)
        checked = time.process_time() - began
        size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
    rows = told(world, spent, checked, size)
    print(
        table(("算力券 vouchers", "figure"), [*rows, ["broken invariants", str(len(faults))]]),
        end="",
    )
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
