"""What the office does with vouchers: money for programmes, grants, the end of lapsed ones."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.billing.vouchers import grants
from qianhang.billing.vouchers.deeds import Act
from qianhang.web.api import billing_shapes as shapes
from qianhang.web.api.shapes import Sent
from qianhang.web.api.vouchers import CASE, case_of, programme_detail, voucher_detail
from qianhang.web.asked import Who
from qianhang.web.pages.vouchers import act, appropriate
from qianhang.web.routes import Endpoints
from qianhang.web.views import payers

__all__ = ["programme_routes", "routes"]

routes = Endpoints("/vouchers", tag="vouchers")
programme_routes = Endpoints("/voucher-programmes", tag="vouchers")
_MOST = 10**13


class NewGrant(Sent):
    """A voucher for an applicant by the facts of its contract."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"programme": "qingyang-2024", "facts": CASE}]}
    )

    programme: str = Field(min_length=1, max_length=64)
    facts: dict[str, Any] = Field(
        description="The case as a file of facts has it, amounts in yuan as text, days as text"
    )
    fen: int | None = Field(
        default=None, ge=1, le=_MOST, description="All that the contract is worth where null"
    )


class NewFund(Sent):
    """Money more for a programme's year."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"year": 2026, "fen": 10_000_000}]})

    year: int = Field(ge=2000, le=2999)
    fen: int = Field(ge=1, le=_MOST)


class ExpiredVoucher(BaseModel):
    """A voucher whose time was over; fen."""

    id: int = Field(examples=[1])
    fen: int = Field(description="Given back to its fund")


class ExpiredVouchers(BaseModel):
    """The vouchers that have just expired."""

    items: list[ExpiredVoucher]


@programme_routes.post("/{programme}/fund", *payers.OFFICE, scope="billing")
def fund_voucher_programme(
    ask: Who,
    programme: Annotated[str, Path(max_length=64, examples=["henan-2025"])],
    wanted: NewFund,
) -> shapes.ProgrammeDetail:
    """The programme put to work, with this much more money for a year."""
    payers.require_office(ask)
    appropriate(ask, programme, year=wanted.year, fen=wanted.fen)
    return programme_detail(ask, programme)


@routes.post("", *payers.OFFICE, scope="billing", status_code=201)
def grant_voucher(ask: Who, wanted: NewGrant) -> shapes.VoucherDetail:
    """A voucher granted to an applicant, where the programme's rules allow it."""
    payers.require_office(ask)
    facts, done = case_of(ask, wanted.facts), act(ask, "")
    with ask.store.write() as tx:
        number = grants.grant(tx, wanted.programme, facts=facts, fen=wanted.fen, act=done)
    return voucher_detail(ask, number)


@routes.post("/expiry", *payers.OFFICE, scope="billing")
def expire_vouchers(ask: Who) -> ExpiredVouchers:
    """The vouchers whose time is over, back in their funds."""
    payers.require_office(ask)
    done, back = act(ask, ""), dict[int, int]()
    for number in grants.lapsed(ask.store, ask.now):
        with ask.store.write() as tx:
            own = Act(done.by, done.at, f"{done.key}.{number}")
            back[number] = grants.expire(tx, number, act=own)
    return ExpiredVouchers(items=[ExpiredVoucher(id=n, fen=fen) for n, fen in back.items()])
