"""Vouchers: programmes with the sources of their rules, grants, claims and their settlement."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.billing.vouchers import Facts, claims, holds, page
from qianhang.billing.vouchers import captures as taken
from qianhang.billing.vouchers.paper import facts_of
from qianhang.billing.vouchers.rulebook import rulebook
from qianhang.core.errors import UsageError
from qianhang.web.api import billing_shapes as shapes
from qianhang.web.api.paging import Cursor, Limit, sliced
from qianhang.web.api.shapes import Sent, Words
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.vouchers import file_claim
from qianhang.web.routes import Endpoints
from qianhang.web.views import payers, plans
from qianhang.web.views import vouchers as views

__all__ = [
    "CASE",
    "Number",
    "case_of",
    "claim_of",
    "claim_routes",
    "programme_detail",
    "programme_routes",
    "routes",
    "voucher_detail",
]

programme_routes = Endpoints("/voucher-programmes", tag="vouchers")
routes = Endpoints("/vouchers", tag="vouchers")
claim_routes = Endpoints("/voucher-claims", tag="vouchers")
Number = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]
CASE: Any = {
    "applicant": {"id": "root", "kind": "enterprise"}, "supplier": {"id": "zz"},
    "contract": {"id": "HT-2026-001", "signed": "2026-02-01", "yuan": "100000"},
    "use": "training", "evidence": ["contract"],
}  # fmt: skip


class NewClaim(Sent):
    """What was used on a contract, asked back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"programme": "qingyang-2024", "facts": CASE}]}
    )

    programme: str = Field(min_length=1, max_length=64)
    facts: dict[str, Any] = Field(
        description="The case as a file of facts has it, amounts in yuan as text, days as text"
    )


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
    """One programme: every rule that it states, the sources, its money by year."""
    return programme_detail(ask, programme)


def programme_detail(ask: Asked, programme: str) -> shapes.ProgrammeDetail:
    """One programme as the API tells it.

    Raises UsageError where there is none.
    """
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
    funds = [shapes.ProgrammeFund(year=f.year, fen=f.fen, free=f.free_fen) for f in found.funds]
    return shapes.ProgrammeDetail(**_summary(found), rules=rules, sources=sources, funds=funds)


@routes.get("", "signed")
def list_vouchers(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> shapes.Vouchers:
    """The vouchers of the organisations that the reader covers; all of them for the office."""
    found, next_ = sliced(views.seen_grants(ask), cursor, limit=limit, key=_by_number)
    return shapes.Vouchers(items=[shapes.Voucher(**_grant(g)) for g in found], next=next_)


@routes.get("/{number}", "signed")
def get_voucher(ask: Who, number: Number) -> shapes.VoucherDetail:
    """One voucher with its holds and their use."""
    return voucher_detail(ask, number)


def voucher_detail(ask: Asked, number: int) -> shapes.VoucherDetail:
    """One voucher as the API tells it.

    Raises UsageError where the reader may see none of this number.
    """
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
    return shapes.Claims(items=[claim_of(c) for c in found], next=next_)


@claim_routes.post("", *payers.CLAIMANTS, scope="billing", status_code=201)
def file_voucher_claim(ask: Who, wanted: NewClaim) -> shapes.Claim:
    """All use of a contract that was not claimed yet, claimed for its payee."""
    key = secrets.token_hex(8)
    number = file_claim(ask, wanted.programme, case_of(ask, wanted.facts), key=key)
    return claim_of(next(c for c in claims.claims(ask.store) if c["id"] == number))


def case_of(ask: Asked, said: Mapping[str, Any]) -> Facts:
    """The case that was sent, of today where it names no day.

    Raises ContractError or UsageError naming the field that is wrong.
    """
    return views.sound(facts_of(_dated(said, on=plans.today(ask)), where="facts"))


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


def claim_of(row: Mapping[str, Any]) -> shapes.Claim:
    """A claim as the API tells it."""
    return shapes.Claim(**_named(row, shapes.Claim))


def _by_number(row: Mapping[str, Any]) -> tuple[str]:
    return (f"{row['id']:012d}",)
