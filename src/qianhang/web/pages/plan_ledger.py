"""A plan's ledger by section, unit and target; the same as a workbook, out and back in."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError
from qianhang.plan.items import Plan
from qianhang.plan.office.intake import Intake
from qianhang.web import sheets as files
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_ledger, plan_workbook, plans

__all__ = ["routes"]

routes = Pages("/plans")

_VIEWS = ("section", "task", "unit", "target")


@routes.get("/{ref}", "signed")
def ledger(ask: Who, ref: str) -> HTMLResponse:
    """Where the plan stands."""
    return _ledger(ask, plans.seen_plan(ask, ref))


@routes.get("/{ref}/ledger.xlsx", "signed")
def workbook(ask: Who, ref: str) -> Response:
    """The ledger in the layout that offices use; what may be edited there comes back in."""
    plan, day = plans.seen_plan(ask, ref), plans.day_asked(ask)
    body = plan_workbook.workbook(ask, plan, on=day, lang=ask.lang)
    named = {"Content-Disposition": f'attachment; filename="{plan.ref}-{day}.xlsx"'}
    return Response(body, media_type=files.KINDS["xlsx"], headers=named)


@routes.post("/{ref}/ledger", plans.ROLE)
def takes(
    ask: Who,
    ref: str,
    file: Annotated[UploadFile, File()],
    only: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """What a workbook that came back changes: only told, or taken whole."""
    plan = plans.own_plan(ask, ref)
    try:
        data = file.file.read(plan_workbook.LARGEST + 1)
        found = plan_workbook.taken(ask, plan, data, name=file.filename or "", only=only)
    except QianhangError as cause:
        return _ledger(ask, plan, error=cause)
    return _ledger(ask, plans.seen_plan(ask, ref), taken=found, only=only)


@routes.post("/{ref}/weights", plans.ROLE)
def weigh(ask: Who, ref: str, weights: Annotated[str, Form(max_length=20_000)] = "") -> Response:
    """The ledger with these weights, or without any."""
    plan = plans.own_plan(ask, ref)
    try:
        plan_workbook.weigh(ask, plan, weights.split())
    except QianhangError as cause:
        return _ledger(ask, plan, error=cause)
    return RedirectResponse(f"/plans/{plan.ref}", status_code=303)


def _ledger(
    ask: Asked,
    plan: Plan,
    *,
    error: QianhangError | None = None,
    taken: Intake | None = None,
    only: bool = False,
) -> HTMLResponse:
    view = ask.query("by")
    return page(
        ask, "plans/ledger.html", status=status_of(error) if error else 200, plan=plan,
        view=view if view in _VIEWS else "section", views=_VIEWS,
        found=plan_ledger.ledger(ask, plan, on=plans.day_asked(ask)), today=plans.today(ask),
        may=plans.may_write(ask, plan), error=error, taken=taken, only=only, tab="ledger",
    )  # fmt: skip
