"""Vouchers counted a second time, by other code: what each deed must do, and what may not be.

A plain reckoning in dictionaries that shares nothing with the engine but the programmes' figures:
it says beforehand whether a deed has to be refused, applies what the engine says it did, and
raises where a cap, a balance or a rule would be broken.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

# programme -> (percent, cap of an applicant's year, cap of an applicant in all, share of contract,
# deducted, one grant a contract, programmes that may stand beside it); amounts in fen
RULES = {
    "beijing-2023": (20, 200_000_000, None, True, False, True, frozenset()),
    "qingyang-2024": (30, None, 200_000_000, True, True, False, frozenset()),
    "hangzhou-2025": (30, 800_000_000, None, False, False, False, frozenset({"zhineng-2025"})),
    "zhineng-2025": (30, None, None, False, False, False, frozenset({"hangzhou-2025"})),
    "langfang-2023": (50, 100_000_000, None, False, False, False, frozenset()),
}


class Broken(AssertionError):
    """The engine did what may not be, or refused what has to go through."""


@dataclass(slots=True)
class Tally:
    """Every amount by its place, in fen."""

    fund: defaultdict = field(default_factory=lambda: defaultdict(int))
    quota: defaultdict = field(default_factory=lambda: defaultdict(int))
    ever: defaultdict = field(default_factory=lambda: defaultdict(int))
    grants: dict = field(default_factory=dict)
    holds: dict = field(default_factory=dict)
    given: defaultdict = field(default_factory=lambda: defaultdict(dict))
    side: dict = field(default_factory=dict)
    once: set = field(default_factory=set)
    promised: defaultdict = field(default_factory=lambda: defaultdict(int))
    due: dict = field(default_factory=dict)
    owing: defaultdict = field(default_factory=lambda: defaultdict(int))
    claims: dict = field(default_factory=dict)
    paid: defaultdict = field(default_factory=lambda: defaultdict(int))
    owed: defaultdict = field(default_factory=lambda: defaultdict(int))
    budget: defaultdict = field(default_factory=lambda: defaultdict(int))

    def expect(self, right: bool, what: str) -> None:
        if not right:
            raise Broken(what)

    def twice(self, name: str, contract: str, side: str) -> bool:
        """Whether the programme may not pay on the contract beside what is on it."""
        now = {p for p, fen in self.given[contract].items() if fen}
        if now and self.side[contract] != side:
            return True
        return bool(now - {name} - RULES[name][6])

    def ceiling(self, name: str, contract: str) -> int:
        """Percent of the contract up to which vouchers may go: 60 in Hangzhou where two meet."""
        others = any(fen for p, fen in self.given[contract].items() if p != name)
        return 60 if others and name == "hangzhou-2025" else 100

    def worth_of_grant(self, name: str, entity: str, year: int, deal: tuple) -> int:
        """The most that may be granted: share of the contract and every cap."""
        contract, amount = deal
        percent, yearly, total, of_contract = RULES[name][:4]
        most = min(amount * percent // 100, self.fund[name, year])
        if of_contract:
            most = min(most, amount * percent // 100 - self.promised[name, contract])
        if yearly is not None:
            most = min(most, yearly - self.quota[name, entity, year])
        if total is not None:
            most = min(most, total - self.ever[name, entity])
        return max(0, most)

    def grant(self, number: int, name: str, who: tuple, fen: int, deal: tuple) -> None:
        entity, year, ends = who
        self.expect(0 < fen <= self.worth_of_grant(name, entity, year, deal), "grant above a cap")
        self.fund[name, year] -= fen
        self.quota[name, entity, year] += fen
        self.ever[name, entity] += fen
        self.promised[name, deal[0]] += fen
        self.once.add((name, deal[0]))
        self.grants[number] = [name, entity, year, fen, ends, "open", deal[0]]

    def hold(self, number: int, grant: int, fen: int, case: tuple) -> None:
        contract, amount, side, bill, payee = case
        name, left = self.grants[grant][0], self.grants[grant][3]
        percent = RULES[name][0]
        self.expect(0 < fen <= min(left, bill * percent // 100), "hold above grant or share")
        self.grants[grant][3] -= fen
        mine = self.given[contract]
        ceiling = self.ceiling(name, contract)
        mine[name] = mine.get(name, 0) + fen
        self.side[contract] = side
        every = sum(mine.values())
        self.expect(every <= amount * ceiling // 100, "vouchers above the contract")
        if RULES[name][3]:
            self.expect(mine[name] <= amount * percent // 100, "share of the contract exceeded")
        live = [p for p, f in mine.items() if f]
        for p in live:
            for q in live:
                fine = p == q or q in RULES[p][6] or p in RULES[q][6]
                self.expect(fine, f"double subsidy on {contract}: {p} and {q}")
        self.holds[number] = [grant, contract, fen, payee]

    def capture(self, number: int, bill: int, fen: int, *, last: bool) -> None:
        grant, _, left, payee = self.holds[number]
        name = self.grants[grant][0]
        self.expect(fen == min(bill * RULES[name][0] // 100, left), "captured another amount")
        self.holds[number][2] -= fen
        self._due((name, self.holds[number][1], payee), fen)
        if last:
            self.release(number, self.holds[number][2])
        elif not self.holds[number][2]:
            del self.holds[number]

    def release(self, number: int, fen: int) -> None:
        grant, contract, left, _ = self.holds[number]
        self.expect(0 <= fen <= left, "released more than is held")
        name, _, year, *_ = self.grants[grant]
        self.holds[number][2] -= fen
        self.given[contract][name] -= fen
        if self.grants[grant][5] == "open":
            self.grants[grant][3] += fen
        else:
            self.fund[name, year] += fen
            self.promised[name, self.grants[grant][6]] -= fen
        if not self.holds[number][2]:
            del self.holds[number]

    def expire(self, number: int, fen: int) -> None:
        name, _, year, left, *_ = self.grants[number]
        self.expect(fen == left, "another amount lapsed")
        self.fund[name, year] += fen
        self.promised[name, self.grants[number][6]] -= fen
        self.grants[number][3], self.grants[number][5] = 0, "expired"

    def claim(self, number: int, of: tuple, fen: int) -> None:
        self.expect(fen == self.due.get(of, 0) and fen > 0, "claimed another amount")
        self._due(of, -fen)
        self.claims[number] = [*of, fen]

    def _due(self, of: tuple, fen: int) -> None:
        name, _, payee = of
        self.owing[name, payee] += fen
        self.due[of] = self.due.get(of, 0) + fen
        if not self.due[of]:
            del self.due[of]

    def refuse(self, number: int) -> None:
        *of, fen = self.claims.pop(number)
        self._due(tuple(of), fen)

    def pay(self, number: int) -> None:
        name, _, _, fen = self.claims.pop(number)
        self.paid[name] += fen

    def claw(self, name: str, payee: str, fen: int) -> None:
        self.expect(0 <= fen <= self.paid[name], "took back more than was paid")
        self.paid[name] -= fen
        self.owed[name, payee] += fen

    def balance(self, account: str) -> int:
        """What one account has to hold, worked out for it alone."""
        _, first, *rest = account.split(":")
        if not rest:
            return 0
        if first in ("grant", "hold", "claim"):
            number = int(rest[0])
            if first == "grant":
                return self.grants[number][3]
            kept = self.holds.get(number) if first == "hold" else self.claims.get(number)
            return kept[2 if first == "hold" else 3] if kept else 0
        kind, *of = rest
        if kind == "fund":
            return self.fund[first, int(of[0])]
        if kind in ("due", "owed"):
            return (self.owing if kind == "due" else self.owed)[first, of[0]]
        return self.paid[first] if kind == "paid" else -self.budget[first]

    def balances(self) -> dict[str, int]:
        """Account of the ledger -> what it has to hold, those of 0 left out."""
        found: defaultdict = defaultdict(int)
        for (name, year), fen in self.fund.items():
            found[f"voucher:{name}:fund:{year}"] += fen
        for number, (_, _, _, fen, *_) in self.grants.items():
            found[f"voucher:grant:{number}"] += fen
        for number, (_, _, fen, _) in self.holds.items():
            found[f"voucher:hold:{number}"] += fen
        for (name, payee), fen in self.owing.items():
            found[f"voucher:{name}:due:{payee}"] += fen
        for number, (*_, fen) in self.claims.items():
            found[f"voucher:claim:{number}"] += fen
        for name, fen in self.paid.items():
            found[f"voucher:{name}:paid"] += fen
        for (name, payee), fen in self.owed.items():
            found[f"voucher:{name}:owed:{payee}"] += fen
        for name, fen in self.budget.items():
            found[f"voucher:{name}:budget"] -= fen
        return {k: v for k, v in found.items() if v}
