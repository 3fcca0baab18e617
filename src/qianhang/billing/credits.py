"""Service credits: what a pool's month was worth less than promised, by rule data, posted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tomli

from qianhang.billing.amount import exact, half_up
from qianhang.billing.charges import Credit, credit, payable
from qianhang.billing.lines import lines
from qianhang.billing.moment import Where, stamp
from qianhang.billing.month import ends, span
from qianhang.core.errors import BillingError
from qianhang.store import Transaction
from qianhang.store.schema import log

__all__ = ["Down", "Rule", "Step", "availability", "grant", "read_rules", "worked_out"]

_KIND = "billing.sla"


@dataclass(frozen=True, slots=True)
class Down:
    """A time in which a pool did not serve, known from `source`."""

    start: datetime
    end: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """Below which share of the month which share of the charges is given back."""

    below: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """What an operator promises: the share of a month, and the steps below it."""

    operator: str
    promised: Decimal
    steps: tuple[Step, ...]
    pool: str = ""

    def share(self, available: Fraction) -> Fraction:
        """Which share of the charges is given back at this availability."""
        reached = [Fraction(s.share) for s in self.steps if available < Fraction(s.below)]
        return max(reached, default=Fraction(0))


def read_rules(path: Path) -> list[Rule]:
    """The rules of a TOML file: [[rule]] operator, pool, promised, steps = [{below, share}].

    Raises BillingError for a file that cannot be read or a rule that cannot be.
    """
    try:
        said = tomli.loads(path.read_text(encoding="utf8"))
        return [_rule(one) for one in said["rule"]]
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as cause:
        raise BillingError("QH562", f"service rules {path}: {cause}") from cause


def availability(month: str, down: Sequence[Down]) -> Fraction:
    """Share of the month in which a pool served, exact; times told twice count once."""
    start, end = span(month)
    lost, upto = timedelta(), start
    for one in sorted(down, key=lambda d: d.start):
        begin, finish = max(one.start, upto), min(one.end, end)
        if finish > begin:
            lost, upto = lost + (finish - begin), finish
    tick = timedelta(microseconds=1)
    return 1 - Fraction(lost // tick, (end - start) // tick)


def worked_out(
    where: Where, month: str, pool: str, *, rule: Rule, down: Sequence[Down]
) -> list[Credit]:
    """The credits of a month to whoever used the pool, by organisation, project and scenario.

    They are shares of what the organisation pays itself: what a voucher bore is taken off first.
    """
    available = availability(month, down)
    share = rule.share(available)
    base: dict[tuple[str, str, str], int] = {}
    for line in lines(where, operator=rule.operator):
        if line.own_month == month and line.pool == pool:
            key = (line.org, line.project, line.scenario)
            base[key] = base.get(key, 0) + line.fen
    note = f"{float(available):.4%} < {rule.promised:%}"
    return [
        Credit(
            org=org, project=project, scenario=scenario, operator=rule.operator, pool=pool,
            payer=payable(rule.operator), fen=half_up(share * fen), month=month,
            source=f"sla:{pool}:{month}", note=note,
        )
        for (org, project, scenario), fen in sorted(base.items())
        if half_up(share * fen) > 0
    ]  # fmt: skip


def grant(
    tx: Transaction, month: str, pool: str, *, rule: Rule, down: Sequence[Down], at: datetime
) -> list[Credit]:
    """The credits, posted; a pool's month is credited once, whatever is told of it later.

    Raises BillingError where the month has not ended.
    """
    if at < ends(month):
        text = f"month {month} lasts until {stamp(ends(month))}"
        raise BillingError("QH558", text, hint="credits are worked out when the month is over")
    if rule.pool not in ("", pool):
        raise ValueError(f"the rule is about pool {rule.pool}, not {pool}")
    tx.take_turns()
    if _granted(tx, month, pool):
        return _given(tx, month, pool, rule)
    found = worked_out(tx, month, pool, rule=rule, down=down)
    for number, one in enumerate(found, 1):
        credit(tx, one, at=at, key=f"sla:{pool}:{month}:{number}")
    said = [{"start": stamp(d.start), "end": stamp(d.end), "source": d.source} for d in down]
    payload = {"month": month, "down": said, "fen": sum(c.fen for c in found)}
    tx.append(_KIND, f"{pool} {month}", payload=payload, at=at)
    return found


def _granted(tx: Transaction, month: str, pool: str) -> bool:
    rules = (log.c.kind == _KIND, log.c.subject == f"{pool} {month}")
    return tx.execute(sa.select(log.c.seq).where(*rules)).first() is not None


def _given(where: Where, month: str, pool: str, rule: Rule) -> list[Credit]:
    return [
        Credit(
            org=n.org, project=n.project, scenario=n.scenario, operator=n.operator, pool=n.pool,
            payer=n.payer, fen=-n.fen, month=n.own_month, source=n.price, note=n.note,
        )
        for n in lines(where, operator=rule.operator)
        if n.kind == "credit" and n.price == f"sla:{pool}:{month}"
    ]  # fmt: skip


def _rule(said: dict[str, Any]) -> Rule:
    strange = set(said) - {"operator", "pool", "promised", "steps"}
    if strange:
        raise ValueError(f"unknown key {min(strange)!r}")
    steps = tuple(
        Step(exact(s["below"], "below"), exact(s["share"], "share")) for s in said["steps"]
    )
    promised = exact(said["promised"], "promised")
    if not 0 < promised <= 1 or any(s.below > promised or not 0 <= s.share <= 1 for s in steps):
        raise ValueError("promised and share lie in 0 to 1, and no step above what is promised")
    return Rule(said["operator"], promised, steps, said.get("pool", ""))
