"""Bulletins of a plan: looked at before, issued, printed again to the byte."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError, UsageError
from qianhang.core.words import say
from qianhang.plan.items import Plan
from qianhang.plan.office import printing
from qianhang.plan.office.bulletin import Order
from qianhang.plan.office.paper import Grid, Heading, Paper, chinese, labelled
from qianhang.runs import shelf
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plans

__all__ = ["routes"]

routes = Pages("/plans")

_MEDIA = {
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_WORDS = ("period", "title", "issuer", "number", "to", "note")
Said = Annotated[str, Form(max_length=400)]


@routes.get("/{ref}/bulletins", "signed")
def bulletins(ask: Who, ref: str) -> HTMLResponse:
    """The bulletins that were issued; for the office the form for the next, and its preview."""
    return _bulletins(ask, plans.seen_plan(ask, ref))


@routes.post("/{ref}/bulletins", plans.ROLE)
def issue(
    ask: Who, ref: str, *, day: Annotated[date, Form()],
    period: Annotated[str, Form(max_length=40)], title: Said = "", issuer: Said = "",
    number: Said = "", to: Said = "", note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:  # fmt: skip
    """The bulletin, its readings frozen."""
    plan = plans.own_plan(ask, ref)
    try:
        if not period.strip() or day > plans.today(ask):
            raise UsageError("QH831", f"{period!r}, {day}: expected a period, and no day to come")
        order = Order(
            period.strip(), title, issuer, number, to, note, lang=ask.lang,
            names=shelf.names(ask.lang),
        )  # fmt: skip
        printing.issue(ask.store, plan, order, on=day, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _bulletins(ask, plan, error=cause)
    return RedirectResponse(f"/plans/{plan.ref}/bulletins", status_code=303)


@routes.get("/{ref}/bulletins/{number}/{kind}", "signed")
def reprint(ask: Who, ref: str, number: int, kind: str) -> Response:
    """The very bytes that were issued, to keep."""
    plan = plans.seen_plan(ask, ref)
    one = printing.find(ask.store, plan, number)
    body = printing.reprint(ask.store, one, kind)
    named = {"Content-Disposition": f'attachment; filename="{plan.ref}-bulletin-{one.id}.{kind}"'}
    return Response(body, media_type=_MEDIA[kind], headers=named)


def _bulletins(ask: Asked, plan: Plan, *, error: QianhangError | None = None) -> HTMLResponse:
    may, day = plans.may_write(ask, plan), plans.day_asked(ask, "day")
    given = {name: ask.query(name)[:4000] for name in _WORDS}
    given["period"] = given["period"] or _quarter(ask, day)
    paper: Paper | None = None
    if may and ask.query("preview"):
        try:
            order = Order(**given, lang=ask.lang, names=shelf.names(ask.lang))
            paper = printing.preview(ask.store, plan, order, on=day)
        except QianhangError as cause:
            error = error or cause
    return page(
        ask, "plans/bulletins.html", status=status_of(error) if error else 200, plan=plan,
        issued=printing.issued(ask.store, plan)[::-1], may=may, given=given, day=day, paper=paper,
        parts=_parts(paper) if paper else (), today=plans.today(ask), error=error,
        tab="bulletins", kinds=printing.FORMATS,
    )  # fmt: skip


def _parts(paper: Paper) -> list[tuple[str, object, str]]:
    """The body's blocks with what they are and, for headings, their ordinal."""
    return [
        ("heading" if isinstance(b, Heading) else "grid" if isinstance(b, Grid) else "text", b, n)
        for b, n in labelled(paper.blocks, paper.lang)
    ]


def _quarter(ask: Asked, day: date) -> str:
    number = (day.month + 2) // 3
    shown = chinese(number) if ask.lang == "zh" else str(number)
    return say("cli.plan.office.quarter", lang=ask.lang, year=day.year, quarter=shown)
