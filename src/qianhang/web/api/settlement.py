"""Settlement: claims in batches by three people, and months between operators; whole fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qianhang.billing import settlement
from qianhang.billing.vouchers import batches, claims
from qianhang.core.errors import UsageError
from qianhang.web.api import billing_shapes as shapes
from qianhang.web.api.billing import Of
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Sent
from qianhang.web.api.vouchers import Number, claim_of
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.settlement import SEEN_BY, issue_all
from qianhang.web.pages.vouchers import act
from qianhang.web.routes import Endpoints
from qianhang.web.views import payers, settling

__all__ = ["batch_routes", "routes"]

batch_routes = Endpoints("/voucher-batches", tag="vouchers")
routes = Endpoints("/settlement", tag="settlement")
# Later months sort first by their digits so turned.
_BACK = str.maketrans("0123456789", "9876543210")


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


class BatchDetail(Batch):
    """A batch with its claims."""

    claims: list[shapes.Claim]
    step: str = Field(description="What comes next: review, pay or audit; empty at the end")
    held: str = Field(
        description="The part that the reader has in it already, each takes one at most: reviewer, "
        "payer, auditor or claimant; empty for none"
    )


class OwedOperator(BaseModel):
    """What an operator is owed; fen."""

    operator: str = Field(examples=["zz"])
    charged: int = Field(description="Charged and not settled yet")
    settled: int = Field(description="Settled and to be paid out")


class OwedOperators(Page):
    """A page of operators, by name."""

    items: list[OwedOperator]


class SettledMonth(BaseModel):
    """A month between operators in one line; fen."""

    month: str = Field(examples=["2026-03"])
    due: int = Field(description="Owed to the operators for which the reader answers")
    issued: int = Field(description="How many of their statements are issued")
    settled: bool


class SettledMonths(Page):
    """A page of months, the newest first."""

    items: list[SettledMonth]


class Customers(BaseModel):
    """The organisations of a month, counted: whose bills they are is their own business."""

    count: int
    issued: int
    due: int = Field(description="fen")


class Transfer(BaseModel):
    """Money that one operator, or the platform, pays another; fen."""

    payer: str
    payee: str
    fen: int


class PoolCredit(BaseModel):
    """What an operator gave back for a pool's month; fen."""

    operator: str
    pool: str
    source: str
    fen: int


class MonthSettlement(BaseModel):
    """A month between operators; fen."""

    month: str = Field(examples=["2026-03"])
    over: bool = Field(description="Whether it has ended")
    ready: bool = Field(description="Whether every statement is issued")
    settled: bool
    operators: list[shapes.Month] = Field(description="Those for which the reader answers")
    customers: Customers | None = Field(description="For the office; else null")
    net: dict[str, int] = Field(description="Operator -> what it pays or, below zero, gets")
    transfers: list[Transfer]
    credits: list[PoolCredit] = Field(description="Service credits on the month's bills")


@batch_routes.get("", *payers.OFFICE)
def list_voucher_batches(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> Batches:
    """The batches of every programme."""
    payers.require_office(ask)
    found, next_ = sliced(
        batches.batches(ask.store), cursor, limit=limit, key=lambda b: (f"{b['id']:012d}",)
    )
    return Batches(items=[Batch(**_named(b)) for b in found], next=next_)


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


@batch_routes.get("/{number}", *payers.OFFICE)
def get_voucher_batch(ask: Who, number: Number) -> BatchDetail:
    """A batch: its claims, who has taken which of the three parts, the step that comes next."""
    payers.require_office(ask)
    found = _found(ask, number)
    own = [c for c in claims.claims(ask.store) if c["batch"] == number]
    return BatchDetail(
        **_named(found), claims=[claim_of(c) for c in own],
        step=settling.next_step(found["state"]),
        held=settling.held_by(found, own, ask.who.account.login),
    )  # fmt: skip


@routes.get("/operators", *SEEN_BY)
def list_owed_operators(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> OwedOperators:
    """What operators are owed: those for which the reader answers, all of them for the office."""
    every = settling.owed(ask.store, payers.operators(ask))
    found, next_ = sliced(every, cursor, limit=limit, key=lambda one: (one.operator,))
    return OwedOperators(items=[OwedOperator(**asdict(one)) for one in found], next=next_)


@routes.get("/months", *SEEN_BY)
def list_settlement_months(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> SettledMonths:
    """The months with bills, the newest first."""
    found, next_ = sliced(
        settling.months(ask), cursor, limit=limit, key=lambda row: (row[0].translate(_BACK),)
    )
    items = [SettledMonth(month=m, due=d, issued=i, settled=s) for m, d, i, _, s in found]
    return SettledMonths(items=items, next=next_)


@routes.get("/months/{month}", *SEEN_BY)
def get_settlement_month(ask: Who, month: Of) -> MonthSettlement:
    """A month between operators: statements, who pays whom."""
    return _month(ask, month)


@routes.post("/months/{month}/issue", *payers.OFFICE, scope="billing")
def issue_month(ask: Who, month: Of) -> MonthSettlement:
    """Every statement of the month, frozen; those that are stay as they are."""
    payers.require_office(ask)
    issue_all(ask, month)
    return _month(ask, month)


@routes.post("/months/{month}/settle", *payers.OFFICE, scope="billing")
def settle_month(ask: Who, month: Of) -> MonthSettlement:
    """The month's dues moved to whoever collects them; the platform collects for organisations."""
    payers.require_office(ask)
    with ask.store.write() as tx:
        settlement.settle(tx, month, {}, at=ask.now)
    return _month(ask, month)


def _month(ask: Asked, month: str) -> MonthSettlement:
    found = settling.month_of(ask, month)
    orgs = found.customers
    return MonthSettlement(
        month=month, over=found.over, ready=found.ready, settled=found.settled,
        operators=[shapes.Month(**asdict(one)) for one in found.rows],
        customers=Customers(**asdict(orgs)) if orgs else None, net=dict(found.net),
        transfers=[Transfer(**asdict(one)) for one in found.transfers],
        credits=[PoolCredit(**asdict(one)) for one in settling.credits(ask, month)],
    )  # fmt: skip


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in Batch.model_fields}


def _found(ask: Asked, number: int) -> Mapping[str, Any]:
    found = next((b for b in batches.batches(ask.store) if b["id"] == number), None)
    if found is None:
        raise UsageError("QH862", f"no batch {number} here")
    return found


def _batch(ask: Asked, number: int) -> Batch:
    return Batch(**_named(_found(ask, number)))
