"""Safety: what the gate said, what scenarios may be, what is refused, whether the log is whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang import safety
from qianhang.core.errors import QianhangError
from qianhang.runs import shelf, verdicts, verifying
from qianhang.safety import complaints
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import safety as views

__all__ = ["routes"]

routes = Pages("/safety")

_STATES = ("received", "answered")
_PAGE = 50


@routes.get("", "signed")
def overview(ask: Who) -> HTMLResponse:
    """Verdicts, reasons, grades, the negative list, the state of the log."""
    judged = verdicts.judged(ask.store, ask.who.covers)
    graded = views.graded(shelf.entries())
    last = max(0, (len(graded) - 1) // _PAGE)
    asked = ask.query("page")
    at = min(int(asked), last) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    return page(
        ask, "safety/safety.html", stages=verdicts.stages(judged), judged=len(judged),
        whys=verdicts.whys(judged), words=safety.words, at=at, last=last,
        graded=graded[at * _PAGE : (at + 1) * _PAGE],
        levels=views.levels(graded), negative=safety.negative_list(),
        titles={e.id: e.title for e in shelf.entries()}, log=verifying.state(ask.store),
        officer=ask.who.may("safety_officer"),
        may_verify=ask.who.may("safety_officer") or ask.who.may("administrator"),
    )  # fmt: skip


@routes.post("/verify", "safety_officer", "administrator")
def verifies(ask: Who) -> Response:
    """The whole log is checked, and what was found is written down."""
    verifying.verify(ask.store, by=ask.who.account.id, now=ask.now)
    return RedirectResponse("/safety#log", status_code=303)


@routes.get("/complaints", "safety_officer")
def listed(ask: Who) -> HTMLResponse:
    """What people have sent to the organisations for which the reader answers."""
    state = ask.query("state") if ask.query("state") in _STATES else ""
    found = complaints.complaints(ask.store, _orgs(ask), state=state)
    return page(ask, "safety/complaints.html", found=found, state=state, states=_STATES)


@routes.get("/complaints/{ref}", "safety_officer")
def one(ask: Who, ref: str) -> HTMLResponse:
    """One complaint, with the form for its answer."""
    return _one(ask, ref)


@routes.post("/complaints/{ref}", "safety_officer")
def answers(ask: Who, ref: str, text: Annotated[str, Form()] = "") -> Response:
    """The answer, which whoever has the number may read."""
    try:
        complaints.answer(ask.store, ref, text, orgs=_orgs(ask), by=ask.by, now=ask.now)
    except QianhangError as cause:
        if cause.code != "QH871":
            raise
        return _one(ask, ref, error=cause)
    return RedirectResponse(f"/safety/complaints/{ref}", status_code=303)


def _one(ask: Asked, ref: str, *, error: QianhangError | None = None) -> HTMLResponse:
    found = complaints.find(ask.store, ref, orgs=_orgs(ask))
    status = status_of(error) if error else 200
    return page(ask, "safety/complaint.html", found=found, error=error, status=status)


def _orgs(ask: Asked) -> frozenset[str]:
    return ask.who.orgs_by_role.get("safety_officer", frozenset())
