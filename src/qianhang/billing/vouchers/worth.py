"""What a programme, or several together, give on a bill: whole fen, rounded down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qianhang.billing.vouchers.facts import Bill, Facts, Spent
from qianhang.billing.vouchers.programme import Programme, Tier
from qianhang.billing.vouchers.rules import Refusal, eligible

__all__ = ["Share", "counted", "percent", "stack", "worth"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one programme of a stack gives, or why it gives nothing."""

    programme: str
    fen: int
    refusals: tuple[Refusal, ...] = ()


def counted(programme: Programme, bill: Bill) -> int:
    """The part of the bill that the programme looks at, fen: its kinds of charge only."""
    rule = programme.resources
    allowed = set(rule.charges or (programme.kind,)) - set(rule.charges_not)
    return sum(line.fen for line in bill.lines if line.charge in allowed)


def percent(tiers: Sequence[Tier], bill: Bill) -> int:
    """The highest share that fits, in percent; tiers that name a class go first; 0 for none."""
    fitting = [t for t in tiers if _fits(t, bill)]
    graded = [t for t in fitting if t.classes]
    return max((t.percent for t in graded or fitting), default=0)


def _fits(tier: Tier, bill: Bill) -> bool:
    return (
        tier.chips in ("any", bill.chips)
        and (not tier.uses or bill.use in tier.uses)
        and (not tier.kinds or bill.kind in tier.kinds)
        and (not tier.sizes or bill.size in tier.sizes)
        and (not tier.classes or not set(tier.classes).isdisjoint(bill.classes))
        and (tier.year_up_to_cny is None or bill.year_fen <= tier.year_up_to_cny * 100)
        and (tier.above_cny is None or bill.contract_fen > tier.above_cny * 100)
        and (tier.up_to_cny is None or bill.contract_fen <= tier.up_to_cny * 100)
    )


def worth(programme: Programme, bill: Bill, used: Spent = Spent()) -> int:  # noqa: B008  a frozen value
    """What the programme gives on the bill, fen; 0 where the sources state no share.

    Never more than its share of what counts, than its share of the contract (or of what was paid)
    less what it gave there before, than what fund, year and applicant have left, and never more
    than the bill less what others give.
    """
    if programme.ratio is None:
        return 0
    share = percent(programme.ratio.tiers, bill)
    base = counted(programme, bill)
    limits = [base * share // 100, bill.fen - used.others_fen]
    whole = {"contract": bill.contract_fen, "paid": bill.paid_fen}.get(programme.ratio.base or "")
    if whole is not None:
        limits.append(whole * share // 100 - used.contract_fen)
    limits += _caps(programme, used)
    ceiling = percent(programme.stacking.ceilings, bill)
    if ceiling and used.others_fen:
        limits.append(base * ceiling // 100 - used.others_fen)
    return max(0, min(limits))


def _caps(programme: Programme, used: Spent) -> list[int]:
    pairs = (
        (programme.entity.per_year_cny, used.entity_year_fen),
        (programme.entity.total_cny, used.entity_fen),
        (programme.entity.per_contract_cny, used.contract_fen),
        (programme.fund.per_year_cny, used.fund_year_fen),
        (programme.fund.total_cny, used.fund_fen),
    )
    return [cap * 100 - gone for cap, gone in pairs if cap is not None]


def stack(
    programmes: Sequence[Programme],
    facts: Facts,
    bill: Bill,
    used: Mapping[str, Spent] | None = None,
) -> tuple[Share, ...]:
    """What each of several programmes gives on one bill, in the order in which they are taken.

    By the programmes' own order, then by id. Each sees those before it as subsidies of the same
    contract, so that two which do not name each other never meet on it.
    """
    shares: list[Share] = []
    ordered = sorted(programmes, key=lambda p: (p.stacking.order or 0, p.id))
    for programme in ordered:
        before = {s.programme for s in shares if s.fen}
        others = sum(s.fen for s in shares)
        contract = replace(facts.contract, subsidies=(*facts.contract.subsidies, *sorted(before)))
        refusals = eligible(programme, replace(facts, contract=contract))
        refusals += _unwilling([p for p in ordered if p.id in before])
        spent = (used or {}).get(programme.id, Spent())
        spent = replace(spent, others_fen=spent.others_fen + others)
        fen = 0 if refusals else worth(programme, bill, spent)
        shares.append(Share(programme.id, fen, refusals))
    return tuple(shares)


def _unwilling(before: Sequence[Programme]) -> tuple[Refusal, ...]:
    """The programmes taken already that refuse any other beside them."""
    return tuple(
        Refusal("double_subsidy", p.id, f"{p.id} takes no other programme beside it")
        for p in before
        if p.checks.other_subsidies == "refused"
    )
