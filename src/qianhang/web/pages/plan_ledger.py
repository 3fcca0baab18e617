"""A plan's ledger by section, unit and target; the same as a workbook, out and back in."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import ContractError, QianhangError
from qianhang.plan import items, rollup
from qianhang.plan.items import Plan
from qianhang.plan.office import intake, sheets
from qianhang.plan.office.intake import Intake
from qianhang.plan.stated import set_setting
from qianhang.web import sheets as files
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_ledger, plans

__all__ = ["routes"]

routes = Pages("/plans")

_VIEWS = ("section", "task", "unit", "target")
_LARGEST = 20 << 20


@routes.get("/{ref}", "signed")
def ledger(ask: Who, ref: str) -> HTMLResponse:
    """Where the plan stands."""
    return _ledger(ask, plans.seen_plan(ask, ref))


@routes.get("/{ref}/ledger.xlsx", "signed")
def workbook(ask: Who, ref: str) -> Response:
    """The ledger in the layout that offices use; what may be edited there comes back in."""
    plan, day = plans.seen_plan(ask, ref), plans.day_asked(ask)
    lines = intake.current(ask.store, plan, on=day)
    body = sheets.workbook(lines, plan=plan.title, ref=plan.ref, on=day, lang=ask.lang)
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
    plan, day = plans.own_plan(ask, ref), plans.today(ask)
    try:
        data = file.file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ContractError("QH184", f"the file is larger than {_LARGEST >> 20} MiB")
        sheet = sheets.read_sheet(data, (file.filename or "ledger.xlsx")[-120:])
        found = intake.check(ask.store, plan, sheet, on=day)
        if not only:
            intake.take(ask.store, plan, found, on=day, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _ledger(ask, plan, error=cause)
    return _ledger(ask, plans.seen_plan(ask, ref), taken=found, only=only)


@routes.post("/{ref}/weights", plans.ROLE)
def weigh(ask: Who, ref: str, weights: Annotated[str, Form(max_length=20_000)] = "") -> Response:
    """The ledger with these weights, or without any."""
    plan = plans.own_plan(ask, ref)
    known = {i.code for i in items.items(ask.store, plan, kind="target")}
    try:
        found = rollup.read_weights(weights.split(), known)
    except QianhangError as cause:
        return _ledger(ask, plan, error=cause)
    set_setting(ask.store, plan, "weights", found, by=ask.by, at=ask.now)
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
        view=view if view in _VIEWS else "section", views=_VIEWS, shares=plans.shares,
        found=plan_ledger.ledger(ask, plan, on=plans.day_asked(ask)), today=plans.today(ask),
        may=plans.may_write(ask, plan), error=error, taken=taken, only=only, tab="ledger",
    )  # fmt: skip
