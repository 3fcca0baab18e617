"""Whether a programme's rules allow a case: every reason against it, by code; no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qianhang.billing.vouchers.facts import Facts, Supplier, yuan
from qianhang.billing.vouchers.programme import Programme, Scale

__all__ = ["CODES", "Refusal", "claimable", "eligible", "gaps"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason against: its code, what was found, what the programme expects."""

    code: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.code} (found {self.found or 'nothing'}, expected {self.expected})"


Rule = Callable[[Programme, Facts], Iterator[Refusal]]


def eligible(programme: Programme, facts: Facts) -> tuple[Refusal, ...]:
    """Every reason why the programme may not pay for this case, none where it may."""
    return tuple(refusal for rule in _RULES for refusal in rule(programme, facts))


def claimable(programme: Programme, facts: Facts) -> tuple[Refusal, ...]:
    """Every reason why a claim may not be paid: the rules once more, the papers, the scale."""
    return (*eligible(programme, facts), *_papers(programme, facts), *_scale(programme, facts))


def gaps(programme: Programme) -> tuple[str, ...]:
    """The fields without which no amount can be worked out: the sources read do not state them."""
    return () if programme.ratio else ("ratio.tiers",)


def _one_of(code: str, found: str | None, allowed: tuple[str, ...]) -> Iterator[Refusal]:
    if allowed and found not in allowed:
        yield Refusal(code, found or "", " | ".join(allowed))


def _time(p: Programme, f: Facts) -> Iterator[Refusal]:
    if p.status == "over":
        yield Refusal("over", "over", "in force")
    windows = p.apply.windows
    if windows and not any(w.opens <= f.at <= w.closes for w in windows):
        shown = ", ".join(f"{w.opens}/{w.closes}" for w in windows)
        yield Refusal("not_open", str(f.at), shown)


def _applicant(p: Programme, f: Facts) -> Iterator[Refusal]:
    yield from _one_of("region", f.applicant.region, p.applicants.regions)
    yield from _one_of("kind", f.applicant.kind, p.applicants.kinds)
    yield from _one_of("size", f.applicant.size, p.applicants.sizes)
    if p.claim.side in ("demand", "supply") and f.side != p.claim.side:
        yield Refusal("side", f.side, p.claim.side)


def _supplier(p: Programme, f: Facts) -> Iterator[Refusal]:
    rule, supplier = p.suppliers, f.supplier
    yield from _one_of("supplier_region", supplier.region, rule.regions)
    if rule.listed and p.id not in supplier.lists:
        yield Refusal("supplier_not_listed", supplier.id, f"on the list of {p.id}")
    if rule.scales and not any(_reaches(s, supplier) for s in rule.scales):
        asked = " | ".join(
            f"{s.kind} {s.pflops_at_least} P {s.racks_at_least}" for s in rule.scales
        )
        found = f"{supplier.kind} {supplier.pflops}P {supplier.racks}"
        yield Refusal("supplier_scale", found, asked)


def _reaches(scale: Scale, supplier: Supplier) -> bool:
    return (
        supplier.kind == scale.kind
        and supplier.pflops >= scale.pflops_at_least
        and supplier.racks >= scale.racks_at_least
    )


def _resources(p: Programme, f: Facts) -> Iterator[Refusal]:
    rule = p.resources
    if rule.chips in ("domestic", "other") and f.chips != rule.chips:
        yield Refusal("chips", f.chips, rule.chips)
    yield from _one_of("pool", f.pool, rule.pools)
    yield from _one_of("pool_region", f.pool_region, rule.regions)
    yield from _one_of("use", f.use, rule.uses)
    counted = [c for c in f.charges if _counts(p, c)]
    if not counted:
        yield Refusal("charge", ", ".join(f.charges), " | ".join(rule.charges or (p.kind,)))


def _counts(p: Programme, charge: str) -> bool:
    """Whether a kind of charge is one that the programme bears."""
    allowed = p.resources.charges or (p.kind,)
    return charge in allowed and charge not in p.resources.charges_not


def _contract(p: Programme, f: Facts) -> Iterator[Refusal]:
    rule, contract = p.apply, f.contract
    if rule.contracts_from and contract.signed < rule.contracts_from:
        yield Refusal("contract_too_old", str(contract.signed), f"from {rule.contracts_from} on")
    least = rule.year_at_least_cny
    if least and f.year_fen < least * 100:
        yield Refusal("below_minimum", f"{yuan(f.year_fen)} a year", f"{least:,} yuan")
    if rule.contract_months and contract.months > rule.contract_months:
        yield Refusal(
            "contract_too_long", f"{contract.months} months", f"at most {rule.contract_months}"
        )


def _parties(p: Programme, f: Facts) -> Iterator[Refusal]:
    if p.checks.related_party == "allowed":
        return
    if f.supplier.id in f.applicant.related or f.supplier.id == f.applicant.id:
        yield Refusal("related_party", f.supplier.id, "a supplier unrelated to the applicant")


def _twice(p: Programme, f: Facts) -> Iterator[Refusal]:
    if p.checks.same_contract == "may_repeat":
        return
    allowed = {p.id, *(() if p.checks.other_subsidies == "refused" else p.stacking.beside)}
    if p.checks.other_subsidies == "allowed":
        return
    for other in sorted(set(f.contract.subsidies) - allowed):
        yield Refusal("double_subsidy", other, f"no other programme on {f.contract.id}")


def _ratio(p: Programme, _: Facts) -> Iterator[Refusal]:
    for name in gaps(p):
        yield Refusal("not_stated", "nothing", name)


def _papers(p: Programme, f: Facts) -> Iterator[Refusal]:
    for name in p.claim.evidence:
        if name not in f.evidence:
            yield Refusal("evidence", ", ".join(sorted(f.evidence)), name)


def _scale(p: Programme, f: Facts) -> Iterator[Refusal]:
    floor = p.claim.floor_pflops or p.claim.verified_pflops
    if floor and f.pflops < floor:
        yield Refusal("not_verified", f"{f.pflops} P", f"{floor} P at FP16, by a third party")


_RULES: tuple[Rule, ...] = (
    _time, _applicant, _supplier, _resources, _contract, _parties, _twice, _ratio,
)  # fmt: skip
CODES = (
    "over", "not_open", "region", "kind", "size", "side", "supplier_region",
    "supplier_not_listed", "supplier_scale", "chips", "pool", "pool_region", "use", "charge",
    "contract_too_old", "contract_too_long", "related_party", "double_subsidy", "not_stated",
    "evidence", "not_verified", "again", "below_minimum", "side_taken", "not_paid",
    "other_contract", "other_entity", "expired", "years",
)  # fmt: skip
