"""Vouchers: programmes with the source of each rule, grants with what is left, holds, claims."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from qianhang.billing.vouchers import Act, Facts, claims, funds, grants, holds, shelf
from qianhang.billing.vouchers import captures as taken
from qianhang.billing.vouchers.cases import case_of
from qianhang.billing.vouchers.paper import fen_of
from qianhang.billing.vouchers.rulebook import missing, rulebook
from qianhang.core.errors import QianhangError, UsageError
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import payers, plans
from qianhang.web.views import vouchers as views

__all__ = ["act", "appropriate", "file_claim", "routes"]

routes = Pages("/vouchers")
_PAGE = 50
_STATES = ("open", "used", "lapsed", "expired")
Once = Annotated[str, Form(max_length=40)]


def act(ask: Asked, key: str) -> Act:
    """What is done now by who asks; a form that is sent twice is done once."""
    return Act(ask.who.account.login, ask.now, f"console.{key or secrets.token_hex(8)}")


@routes.get("", "signed")
def granted(ask: Who) -> HTMLResponse:
    """The grants that the reader may see: what is left, until when."""
    return _granted(ask)


@routes.get("/programmes", "signed")
def programmes(ask: Who) -> HTMLResponse:
    """Every programme: its share, its money, how far its sources were read."""
    found = views.programmes(ask)
    kind = ask.query("kind") if ask.query("kind") in ("compute", "model") else ""
    shown = [s for s in found if kind in ("", s.programme.kind)]
    return page(
        ask, "billing/programmes.html", found=shown, total=len(found), chosen=kind,
        tab="programmes",
    )  # fmt: skip


@routes.get("/programmes/{name}", "signed")
def programme(ask: Who, name: str) -> HTMLResponse:
    """One programme: each rule with its source, what is not stated, its money by year."""
    return _programme(ask, name)


@routes.post("/programmes/{name}/fund", *payers.OFFICE)
def appropriates(
    ask: Who, name: str, *, yuan: Annotated[str, Form(max_length=20)], year: Annotated[int, Form()],
    key: Once = "",
) -> Response:  # fmt: skip
    """The programme put to work, with this much more money for a year."""
    payers.require_office(ask)
    try:
        if not 2000 <= year <= 2999:
            raise UsageError("QH580", f"year: found {year}, expected 2000 to 2999")
        appropriate(ask, name, year=year, fen=fen_of(yuan.strip(), "fund"), key=key)
    except QianhangError as cause:
        return _programme(ask, name, error=cause)
    return RedirectResponse(f"/vouchers/programmes/{name}#money", status_code=303)


def appropriate(ask: Asked, name: str, *, year: int, fen: int, key: str = "") -> None:
    """Money more for a programme's year; one that ships with the product is put to work by it.

    Raises as `funds.appropriate` does.
    """
    done = act(ask, key)
    with ask.store.write() as tx:
        if name in shelf.shipped():
            text, _ = shelf.source(name)
            funds.install(tx, text, act=Act(done.by, done.at, f"install.{done.key}"))
        funds.appropriate(tx, name, year=year, fen=fen, act=done)


@routes.get("/claims", "signed")
def claimed(ask: Who) -> HTMLResponse:
    """The claims that the reader may see, with where each stands."""
    states = ("filed", "approved", "refused", "paid", "audited", "clawed")
    state = ask.query("state") if ask.query("state") in states else ""
    found = [c for c in views.seen_claims(ask) if state in ("", c["state"])]
    start = _whole(ask.query("page")) * _PAGE
    return page(
        ask, "billing/claims.html", found=found[start : start + _PAGE], count=len(found),
        number=start // _PAGE, more=len(found) > start + _PAGE, chosen=state, states=states,
        names=payers.names(ask), tab="claims", programmes=views.by_id(ask),
    )  # fmt: skip


@routes.get("/grant", *payers.OFFICE)
def new(ask: Who) -> HTMLResponse:
    """The form by which the office grants a voucher."""
    payers.require_office(ask)
    return _new(ask)


@routes.post("/grant", *payers.OFFICE)
async def grants_(ask: Who) -> Response:
    """A voucher granted to an applicant by the facts of its contract."""
    payers.require_office(ask)
    form = await _form(ask)
    return await run_in_threadpool(_grant, ask, form)


@routes.post("/expire", *payers.OFFICE)
def expires(ask: Who) -> Response:
    """Grants whose time is over, back in their funds."""
    payers.require_office(ask)
    done = act(ask, "")
    for number in grants.lapsed(ask.store, ask.now):
        with ask.store.write() as tx:
            grants.expire(tx, number, act=Act(done.by, done.at, f"{done.key}.{number}"))
    return RedirectResponse("/vouchers", status_code=303)


@routes.get("/{number}", "signed")
def one(ask: Who, number: str) -> HTMLResponse:
    """One grant: its holds, what was used of them, the form for a claim."""
    return _one(ask, number)


@routes.post("/{number}/claim", *payers.CLAIMANTS)
async def claims_(ask: Who, number: str) -> Response:
    """What was used on the grant's contract, asked back with its papers."""
    form = await _form(ask)
    return await run_in_threadpool(_claim, ask, number, form)


async def _form(ask: Asked) -> Mapping[str, Sequence[str]]:
    """The fields of the form that was sent, each with all its values."""
    async with ask.request.form(max_fields=200) as form:
        return {
            name: [v for v in form.getlist(name) if isinstance(v, str)][:20] for name in form
        }  # fmt: skip


def _grant(ask: Asked, form: Mapping[str, Sequence[str]]) -> Response:
    fields = {n: v for n, v in form.items() if n not in ("programme", "yuan", "key")}
    told = {n: (form.get(n) or [""])[0].strip() for n in ("programme", "yuan", "key")}
    try:
        facts = views.facts_from(fields, on=plans.today(ask).isoformat())
        fen = fen_of(told["yuan"], "amount") if told["yuan"] else None
        with ask.store.write() as tx:
            done = act(ask, told["key"])
            number = grants.grant(tx, told["programme"], facts=facts, fen=fen, act=done)
    except QianhangError as cause:
        return _new(ask, form=form, error=cause)
    return RedirectResponse(f"/vouchers/{number}", status_code=303)


def _claim(ask: Asked, number: str, form: Mapping[str, Sequence[str]]) -> Response:
    found = _seen(ask, number)
    fields = {n: v for n, v in form.items() if n != "key"}
    fields |= {"applicant.id": [found["entity"]]}
    try:
        facts = views.facts_from(fields, on=plans.today(ask).isoformat())
        file_claim(ask, found["programme"], facts, key=(form.get("key") or [""])[0])
    except QianhangError as cause:
        if cause.code == "QH906":
            raise
        return _one(ask, number, form=form, error=cause)
    return RedirectResponse("/vouchers/claims", status_code=303)


def file_claim(ask: Asked, name: str, facts: Facts, *, key: str) -> int:
    """The number of the claim that is filed for its payee by whoever may act for that.

    Raises AccessRefused where the reader may not, and as `claims.claim` does.
    """
    from qianhang.web.api.rights import require

    here = funds.installed(ask.store)
    if name not in here:
        raise UsageError("QH572", f"voucher programme {name[:60]!r} has no fund here")
    require(ask, views.payee_of(here[name][1], facts), *payers.CLAIMANTS)
    with ask.store.write() as tx:
        return claims.claim(tx, name, facts=facts, act=act(ask, key))


def _granted(ask: Asked) -> HTMLResponse:
    every = views.seen_grants(ask)
    state = ask.query("state") if ask.query("state") in _STATES else ""
    programme = ask.query("programme")
    found = every
    if state or programme:
        found = every.only(lambda g, s: state in ("", s) and programme in ("", g["programme"]))
    start = _whole(ask.query("page")) * _PAGE
    titles = {name: one.name for name, one in views.by_id(ask).items()}
    names = payers.names(ask)
    rows = [
        (
            g["id"], g["programme"], titles.get(g["programme"]), g["entity"],
            names.of("org", g["entity"], ask.lang), g["contract"], g["fen"], g["left"],
            g["expires"], g["state_now"],
        )
        for g in found[start : start + _PAGE]
    ]  # fmt: skip
    return page(
        ask, "billing/grants.html", rows=rows, count=len(found), number=start // _PAGE,
        more=len(found) > start + _PAGE, chosen=state, states=_STATES, programme=programme,
        tab="grants", office=payers.office(ask),
        given=every.given, left=every.left,
        open_count=every.states.count("open"), lapsed=every.states.count("lapsed"),
    )  # fmt: skip


def _programme(ask: Asked, name: str, *, error: QianhangError | None = None) -> HTMLResponse:
    found = next((s for s in views.programmes(ask) if s.programme.id == name), None)
    if found is None:
        raise UsageError("QH572", f"voucher programme {name[:60]!r} does not exist")
    return page(
        ask, "billing/programme.html", status=status_of(error) if error else 200, s=found,
        p=found.programme, rules=rulebook(found.programme, ask.lang), error=error,
        missing=missing(found.programme, ask.lang), office=payers.office(ask),
        year=plans.today(ask).year, key=secrets.token_hex(8), tab="programmes",
    )  # fmt: skip


def _new(
    ask: Asked, *, form: Mapping[str, Sequence[str]] | None = None,
    error: QianhangError | None = None,
) -> HTMLResponse:  # fmt: skip
    working = [s for s in views.programmes(ask) if s.version]
    return page(
        ask, "billing/grant_new.html", status=status_of(error) if error else 200, error=error,
        programmes=working, form=form or {}, choices=views.CHOICES, key=secrets.token_hex(8),
        names=payers.names(ask), tab="grants",
    )  # fmt: skip


def _one(
    ask: Asked, number: str, *, form: Mapping[str, Sequence[str]] | None = None,
    error: QianhangError | None = None,
) -> HTMLResponse:  # fmt: skip
    found = _seen(ask, number)
    held = holds.holds(ask.store, grant=found["id"])
    used = taken.captures(ask.store, grant=found["id"])
    programme = next(s for s in views.programmes(ask) if s.programme.id == found["programme"])
    return page(
        ask, "billing/grant.html", status=status_of(error) if error else 200, g=found,
        programme=programme.programme, holds=held, captures=used, error=error,
        due=sum(c["fen"] for c in used if c["claim"] is None),
        may=any(ask.who.may(role) for role in payers.CLAIMANTS), form=form or {},
        choices=views.CHOICES, key=secrets.token_hex(8), names=payers.names(ask), tab="grants",
        supplier=held[-1]["supplier"] if held else "", known=case_of(ask.store, found["id"]),
    )  # fmt: skip


def _seen(ask: Asked, number: str) -> dict[str, Any]:
    found = views.seen_grant(ask, number)
    if found is None:
        raise UsageError("QH862", f"no voucher {number[:20]!r} here")
    return found


def _whole(text: str) -> int:
    return min(int(text), 10**5) if text.isascii() and text.isdecimal() else 0
