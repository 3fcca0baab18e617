"""Vouchers: programmes with the sources of their rules, grants, claims and their settlement."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.billing.vouchers import batches, claims, holds, page
from qianhang.billing.vouchers import captures as taken
from qianhang.billing.vouchers.paper import facts_of
from qianhang.billing.vouchers.rulebook import rulebook
from qianhang.core.errors import UsageError
from qianhang.web.api import billing_shapes as shapes
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Sent, Words
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.vouchers import act, file_claim
from qianhang.web.routes import Endpoints
from qianhang.web.views import payers, plans
from qianhang.web.views import vouchers as views

__all__ = ["batch_routes", "claim_routes", "programme_routes", "routes"]

programme_routes = Endpoints("/voucher-programmes", tag="vouchers")
routes = Endpoints("/vouchers", tag="vouchers")
claim_routes = Endpoints("/voucher-claims", tag="vouchers")
batch_routes = Endpoints("/voucher-batches", tag="vouchers")
Number = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]
_CASE: Any = {
    "applicant": {"id": "root", "kind": "enterprise"}, "supplier": {"id": "zz"},
    "contract": {"id": "HT-2026-001", "signed": "2026-02-01", "yuan": "100000"},
    "use": "training", "evidence": ["contract"],
}  # fmt: skip


class NewClaim(Sent):
    """What was used on a contract, asked back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"programme": "qingyang-2024", "facts": _CASE}]}
    )

    programme: str = Field(min_length=1, max_length=64)
    facts: dict[str, Any] = Field(
        description="The case as a file of facts has it, amounts in yuan as text, days as text"
    )


class Batch(BaseModel):
    """Claims that are settled together; fen."""

    id: int = Field(examples=[1])
    programme: str
    fen: int
    state: str = Field(description="open, reviewed, paid or audited")
    reviewer: str = Field(description="Login of who reviewed it; empty before")
    payer: str
    auditor: str
    at: str = Field(description="UTC")


class Batches(Page):
    """A page of batches, by number."""

    items: list[Batch]


class NewBatch(Sent):
    """The programme whose filed claims are gathered."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"programme": "qingyang-2024"}]})

    programme: str = Field(min_length=1, max_length=64)


class ClaimDecision(Sent):
    """What is decided of one claim, and why."""

    claim: int = Field(ge=1, le=2**31 - 1, examples=[1])
    why: str = Field(min_length=1, max_length=400, examples=["材料不全"])
    fen: int = Field(default=0, ge=0, le=10**13, description="To take back, of an audit")


class BatchStep(Sent):
    """The claims that are refused by a review, or of which an audit takes something back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decisions": []}]})

    decisions: list[ClaimDecision] = Field(default_factory=list, max_length=1000)


@programme_routes.get("", "signed")
def list_voucher_programmes(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> shapes.Programmes:
    """The programmes that ship with the product or work here."""
    found, next_ = sliced(
        views.programmes(ask), cursor, limit=limit, key=lambda s: (s.programme.id,)
    )
    return shapes.Programmes(items=[shapes.Programme(**_summary(s)) for s in found], next=next_)


@programme_routes.get("/{programme}", "signed")
def get_voucher_programme(
    ask: Who, programme: Annotated[str, Path(max_length=64, examples=["henan-2025"])]
) -> shapes.ProgrammeDetail:
    """One programme: every rule that it states, and the sources."""
    found = next((s for s in views.programmes(ask) if s.programme.id == programme), None)
    if found is None:
        raise UsageError("QH572", f"voucher programme {programme[:60]!r} does not exist")
    zh, en = rulebook(found.programme, "zh"), rulebook(found.programme, "en")
    rules = [
        shapes.ProgrammeRule(
            field=a.field, text=Words(zh=a.text, en=b.text), sources=[n for n, _ in a.marks]
        )
        for a, b in zip(zh, en, strict=True)
    ]
    sources = [
        shapes.ProgrammeSource(
            document=s.document, number=s.number, url=s.url, read=s.read,
            day=s.day.isoformat() if s.day else None,
        )
        for s in found.programme.source
    ]  # fmt: skip
    return shapes.ProgrammeDetail(**_summary(found), rules=rules, sources=sources)


@routes.get("", "signed")
def list_vouchers(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> shapes.Vouchers:
    """The vouchers of the organisations that the reader covers; all of them for the office."""
    found, next_ = sliced(views.seen_grants(ask), cursor, limit=limit, key=_by_number)
    return shapes.Vouchers(items=[shapes.Voucher(**_grant(g)) for g in found], next=next_)


@routes.get("/{number}", "signed")
def get_voucher(ask: Who, number: Number) -> shapes.VoucherDetail:
    """One voucher with its holds and their use."""
    found = views.seen_grant(ask, str(number))
    if found is None:
        raise UsageError("QH862", f"no voucher {number} here")
    held = [shapes.Hold(**_named(h, shapes.Hold)) for h in holds.holds(ask.store, grant=number)]
    used = taken.captures(ask.store, grant=number)
    captures = [shapes.Capture(**_named(c, shapes.Capture)) for c in used]
    return shapes.VoucherDetail(**_grant(found), holds=held, captures=captures)


@claim_routes.get("", "signed")
def list_voucher_claims(
    ask: Who,
    *,
    state: Literal["filed", "approved", "refused", "paid", "audited", "clawed", ""] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> shapes.Claims:
    """The claims of payees that the reader covers; all of them for the office."""
    every = [c for c in views.seen_claims(ask) if state in ("", c["state"])]
    found, next_ = sliced(every, cursor, limit=limit, key=_by_number)
    return shapes.Claims(items=[_claim(c) for c in found], next=next_)


@claim_routes.post("", *payers.CLAIMANTS, scope="billing", status_code=201)
def file_voucher_claim(ask: Who, wanted: NewClaim) -> shapes.Claim:
    """All use of a contract that was not claimed yet, claimed for its payee."""
    facts = facts_of(_dated(wanted.facts, on=plans.today(ask)), where="facts")
    key = secrets.token_hex(8)
    number = file_claim(ask, wanted.programme, views.sound(facts), key=key)
    return _claim(next(c for c in claims.claims(ask.store) if c["id"] == number))


@batch_routes.get("", *payers.OFFICE)
def list_voucher_batches(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> Batches:
    """The batches of every programme."""
    payers.require_office(ask)
    found, next_ = sliced(batches.batches(ask.store), cursor, limit=limit, key=_by_number)
    return Batches(items=[Batch(**_named(b, Batch)) for b in found], next=next_)


@batch_routes.post("", *payers.OFFICE, scope="billing", status_code=201)
def gather_voucher_batch(ask: Who, wanted: NewBatch) -> Batch:
    """Every filed claim of a programme, in a batch."""
    payers.require_office(ask)
    with ask.store.write() as tx:
        number = batches.gather(tx, wanted.programme, act=act(ask, ""))
    return _batch(ask, number)


@batch_routes.post("/{number}/{step}", *payers.OFFICE, scope="billing")
def settle_voucher_batch(
    ask: Who, number: Number, step: Literal["review", "pay", "audit"], wanted: BatchStep
) -> Batch:
    """The batch reviewed, paid or audited: three people, none of whom filed a claim of it."""
    payers.require_office(ask)
    done, decided = act(ask, ""), wanted.decisions
    with ask.store.write() as tx:
        if step == "review":
            batches.review(tx, number, refused={d.claim: d.why for d in decided}, act=done)
        elif step == "pay":
            batches.pay(tx, number, act=done)
        else:
            clawed = {d.claim: (d.fen, d.why) for d in decided}
            batches.audit(tx, number, clawed=clawed, act=done)
    return _batch(ask, number)


def _dated(said: Mapping[str, Any], *, on: date) -> dict[str, Any]:
    """The case with its days as days; today where it names none."""
    made: dict[str, Any] = {"at": on.isoformat(), **said}
    contract = made.get("contract")
    if isinstance(contract, Mapping) and isinstance(contract.get("signed"), str):
        made["contract"] = dict(contract) | {"signed": _day(contract["signed"])}
    return made | {"at": _day(made["at"])}


def _day(value: Any) -> Any:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _summary(found: views.Shelf) -> dict[str, Any]:
    told = page.summary(found.programme)
    name = Words(zh=told["name"]["zh"], en=told["name"]["en"])
    more = {"version": found.version, "free": found.free, "issuer": found.programme.issuer}
    return told | {"name": name} | more


def _named(row: Mapping[str, Any], shape: type[BaseModel]) -> dict[str, Any]:
    return {name: row[name] for name in shape.model_fields}


def _grant(row: Mapping[str, Any]) -> dict[str, Any]:
    return _named(dict(row) | {"state": row["state_now"]}, shapes.Voucher)


def _claim(row: Mapping[str, Any]) -> shapes.Claim:
    return shapes.Claim(**_named(row, shapes.Claim))


def _by_number(row: Mapping[str, Any]) -> tuple[str]:
    return (f"{row['id']:012d}",)


def _batch(ask: Asked, number: int) -> Batch:
    found = next(b for b in batches.batches(ask.store) if b["id"] == number)
    return Batch(**_named(found, Batch))
