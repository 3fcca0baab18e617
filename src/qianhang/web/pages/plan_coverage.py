"""How much of what a plan names is realised, and by what; links set by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError
from qianhang.plan import items, stated
from qianhang.plan.items import Plan
from qianhang.plan.stated import KINDS
from qianhang.runs import shelf
from qianhang.runs.known import names_known
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plans

__all__ = ["routes"]

routes = Pages("/plans")


@routes.get("/{ref}/coverage", "signed")
def covered(ask: Who, ref: str) -> HTMLResponse:
    """The plan's systems, each with the scenarios and other things that realise it."""
    return _coverage(ask, plans.seen_plan(ask, ref))


@routes.post("/{ref}/links", plans.ROLE)
def links(
    ask: Who, ref: str, *, item: Annotated[str, Form()], kind: Annotated[str, Form()],
    name: Annotated[str, Form(max_length=160)],
) -> Response:  # fmt: skip
    """The plan with a link more between a system and what realises it."""
    plan = plans.own_plan(ask, ref)
    try:
        found = plans.seen_item(ask, plan, item, "system")
        known = names_known(ask.store)
        stated.link(ask.store, found, kind=kind, name=name, known=known, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _coverage(ask, plan, error=cause)
    return RedirectResponse(f"/plans/{plan.ref}/coverage", status_code=303)


def _coverage(ask: Asked, plan: Plan, *, error: QianhangError | None = None) -> HTMLResponse:
    found = plans.covered(ask, plan, items.items(ask.store, plan, kind="system"))
    missing = ask.query("missing") == "1"
    return page(
        ask, "plans/coverage.html", status=status_of(error) if error else 200, plan=plan,
        found=found, missing=missing, shown=[n for n in found.named if not (missing and n.by)],
        titles={e.id: e.title for e in shelf.entries()}, kinds=KINDS, error=error,
        may=plans.may_write(ask, plan), tab="coverage",
    )  # fmt: skip
