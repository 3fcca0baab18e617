"""What a plan that was issued again changed, and the acts of its review."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError
from qianhang.plan import review
from qianhang.plan.items import Item, Plan
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_versions, plans

__all__ = ["routes"]

routes = Pages("/plans")

_ACTS = 100
_HEADING = ("title", "issuer", "doc_no", "date", "period", "region")


@routes.get("/{ref}/versions", "signed")
def versions(ask: Who, ref: str) -> HTMLResponse:
    """The difference between two versions, and who did what."""
    return _versions(ask, plans.seen_plan(ask, ref))


@routes.post("/{ref}/heading", plans.ROLE)
def heading(
    ask: Who, ref: str, *, revision: Annotated[int, Form()],
    title: Annotated[str, Form(max_length=400)], parent: Annotated[str, Form()] = "",
    issuer: Annotated[str, Form(max_length=400)] = "",
    doc_no: Annotated[str, Form(max_length=80)] = "",
    day: Annotated[str, Form(alias="date", pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    period: Annotated[str, Form(pattern=r"^((\d{4})?-\d{4})?$")] = "",
    region: Annotated[str, Form(max_length=80)] = "",
) -> Response:  # fmt: skip
    """The plan under another heading, confirmed."""
    plan = plans.own_plan(ask, ref)
    up = plans.own_plan(ask, parent).id if parent and parent != plan.ref else None
    values: dict[str, Any] = {
        "title": title.strip() or plan.title, "issuer": issuer.strip(), "doc_no": doc_no.strip(),
        "date": day, "period": period, "region": region.strip(), "parent": up,
    }  # fmt: skip
    changed = {name: value for name, value in values.items() if getattr(plan, name) != value}
    try:
        seen = replace(plan, revision=revision)
        review.edit_heading(ask.store, seen, changed, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _versions(ask, plan, error=cause)
    return RedirectResponse(f"/plans/{plan.ref}/versions", status_code=303)


def _versions(ask: Asked, plan: Plan, *, error: QianhangError | None = None) -> HTMLResponse:
    asked = ask.query("old")
    old = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    old = old if 1 <= old < plan.version else plan.version - 1
    found = None
    if old:
        found = plan_versions.difference(ask, plan, old)
    return page(
        ask, "plans/versions.html", status=status_of(error) if error else 200, plan=plan, old=old,
        found=found, acts=review.history(ask.store, plan)[::-1][:_ACTS], cell=_cell,
        may=plans.may_write(ask, plan), error=error, tab="versions", names=_HEADING,
        parents=[
            p for p in plans.seen_plans(ask) if p.id != plan.id and plans.may_write(ask, p)
        ],
    )  # fmt: skip


def _cell(item: Item, name: str) -> str:
    """A value as it was read, on one line."""
    value = item.span if name == "span" else item.read.get(name)
    if isinstance(value, dict):
        return "; ".join(", ".join(found) for found in value.values() if found)
    return "–" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)
