"""Settlement: claims in batches by three people, months between operators, service credits."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from qianhang.access import Role
from qianhang.billing import settlement, statements
from qianhang.billing.vouchers import batches, claims
from qianhang.billing.vouchers.paper import fen_of
from qianhang.core.errors import QianhangError, UsageError
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.vouchers import act
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import payers, settling, vouchers

__all__ = ["SEEN_BY", "issue_all", "routes"]

routes = Pages("/settlement")
SEEN_BY: tuple[Role, ...] = ("programme_office", "administrator", "pool_operator")
_STEPS = ("review", "pay", "audit")


@routes.get("", *SEEN_BY)
def overview(ask: Who) -> HTMLResponse:
    """What operators are owed, the months; for the office the batches and the claims that wait."""
    return _overview(ask)


@routes.post("/gather/{programme}", *payers.OFFICE)
def gathers(ask: Who, programme: str, key: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Every filed claim of a programme, in a batch."""
    payers.require_office(ask)
    try:
        with ask.store.write() as tx:
            number = batches.gather(tx, programme[:64], act=act(ask, key))
    except QianhangError as cause:
        return _overview(ask, error=cause)
    return RedirectResponse(f"/settlement/batches/{number}", status_code=303)


@routes.get("/batches/{number}", *payers.OFFICE)
def batch(ask: Who, number: str) -> HTMLResponse:
    """A batch: its claims, who has taken which of the three roles, the step that comes next."""
    return _batch(ask, number)


@routes.post("/batches/{number}/{step}", *payers.OFFICE)
async def steps(ask: Who, number: str, step: str) -> Response:
    """The batch reviewed, paid or audited by somebody who has no other role in it."""
    payers.require_office(ask)
    async with ask.request.form(max_fields=2000) as form:
        told = {name: str(form[name])[:400] for name in form}
    return await run_in_threadpool(_step, ask, number, step, told)


@routes.get("/months/{month}", *SEEN_BY)
def month(ask: Who, month: str) -> HTMLResponse:
    """A month between operators: statements, who pays whom."""
    return _month(ask, month)


@routes.post("/months/{month}/issue", *payers.OFFICE)
def issues(ask: Who, month: str) -> Response:
    """Every statement of the month, frozen."""
    payers.require_office(ask)
    try:
        issue_all(ask, month)
    except QianhangError as cause:
        return _month(ask, month, error=cause)
    return RedirectResponse(f"/settlement/months/{month}", status_code=303)


def issue_all(ask: Asked, month: str) -> None:
    """Every statement of the month, frozen, each in a transaction of its own.

    Raises BillingError where the month has not ended.
    """
    for party in statements.parties(ask.store, month):
        with ask.store.write() as tx:
            statements.issue(tx, party, month, at=ask.now)


@routes.post("/months/{month}/settle", *payers.OFFICE)
def settles(ask: Who, month: str) -> Response:
    """The month's dues moved to whoever collects them; the platform collects for organisations."""
    payers.require_office(ask)
    try:
        with ask.store.write() as tx:
            settlement.settle(tx, month, {}, at=ask.now)
    except QianhangError as cause:
        return _month(ask, month, error=cause)
    return RedirectResponse(f"/settlement/months/{month}", status_code=303)


def _overview(ask: Asked, *, error: QianhangError | None = None) -> HTMLResponse:
    office = payers.office(ask)
    every = batches.batches(ask.store) if office else []
    return page(
        ask, "billing/settlement.html", status=status_of(error) if error else 200,
        owed=settling.owed(ask.store, payers.operators(ask)), office=office, error=error,
        batches=list(reversed(every)), waiting=settling.waiting(ask.store) if office else {},
        months=settling.months(ask), names=payers.names(ask), key=secrets.token_hex(8),
        programmes=vouchers.by_id(ask),
    )  # fmt: skip


def _batch(ask: Asked, number: str, *, error: QianhangError | None = None) -> HTMLResponse:
    payers.require_office(ask)
    found = _found(ask, number)
    own = [c for c in claims.claims(ask.store) if c["batch"] == found["id"]]
    step = settling.next_step(found["state"])
    return page(
        ask, "billing/batch.html", status=status_of(error) if error else 200, b=found, claims=own,
        step=step, held=settling.held_by(found, own, ask.who.account.login), error=error,
        names=payers.names(ask), key=secrets.token_hex(8), programmes=vouchers.by_id(ask),
        paid=sum(c["fen"] for c in own if c["state"] != "refused"),
    )  # fmt: skip


def _step(ask: Asked, number: str, step: str, told: Mapping[str, str]) -> Response:
    found = _found(ask, number)
    if step not in _STEPS:
        raise UsageError("QH862", f"no step {step[:20]!r} of a batch")
    try:
        with ask.store.write() as tx:
            done = act(ask, told.get("key", "")[:40])
            if step == "review":
                batches.review(tx, found["id"], refused=_refused(told), act=done)
            elif step == "pay":
                batches.pay(tx, found["id"], act=done)
            else:
                batches.audit(tx, found["id"], clawed=_clawed(told), act=done)
    except QianhangError as cause:
        return _batch(ask, number, error=cause)
    return RedirectResponse(f"/settlement/batches/{number}", status_code=303)


def _refused(told: Mapping[str, str]) -> dict[int, str]:
    """Claim -> reason, of `refuse.7` that are ticked and `why.7`."""
    return {
        number: told.get(f"why.{number}", "").strip() or "-" for number in _numbers(told, "refuse")
    }


def _clawed(told: Mapping[str, str]) -> dict[int, tuple[int, str]]:
    """Claim -> (fen, reason), of `claw.7` with an amount and `why.7`."""
    return {
        number: (
            fen_of(told[f"claw.{number}"].strip(), f"claim {number}"),
            told.get(f"why.{number}", "").strip() or "-",
        )
        for number in _numbers(told, "claw")
    }


def _numbers(told: Mapping[str, str], name: str) -> Sequence[int]:
    rest = [k.partition(".")[2] for k, v in told.items() if k.startswith(f"{name}.") and v.strip()]
    return [int(n) for n in rest if n.isascii() and n.isdecimal() and len(n) < 16]


def _month(ask: Asked, month: str, *, error: QianhangError | None = None) -> HTMLResponse:
    found = settling.month_of(ask, month)
    return page(
        ask, "billing/month.html", status=status_of(error) if error else 200, month=month,
        rows=found.rows, over=found.over, settled=found.settled, office=payers.office(ask),
        ready=found.ready, error=error, transfers=found.transfers, net=found.net,
        names=payers.names(ask), credits=settling.credits(ask, month), orgs=found.customers,
    )  # fmt: skip


def _found(ask: Asked, number: str) -> dict[str, Any]:
    found = next((b for b in batches.batches(ask.store) if str(b["id"]) == number), None)
    if found is None:
        raise UsageError("QH862", f"no batch {number[:20]!r} here")
    return found
