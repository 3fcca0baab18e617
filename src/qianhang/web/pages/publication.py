"""What of the programme offices is public: bulletins, published and taken back."""

from __future__ import annotations

from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.plan.office import printing, publishing
from qianhang.web.asked import Who
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plans

__all__ = ["routes"]

routes = Pages("/portal")


@routes.get("", "programme_office")
def bulletins(ask: Who) -> HTMLResponse:
    """The bulletins of the reader's own plans, and which of them anybody may read."""
    public = {p.bulletin.id: p for p in publishing.published(ask.store)}
    own = [p for p in plans.seen_plans(ask) if plans.may_write(ask, p)]
    found = [(plan, one) for plan in own for one in printing.issued(ask.store, plan)[::-1]]
    return page(ask, "portal/manage.html", found=found, public=public)


@routes.post("/{ref}/{number}/publish", "programme_office")
def publishes(ask: Who, ref: str, number: int) -> Response:
    """The bulletin is public."""
    plan = plans.own_plan(ask, ref)
    publishing.publish(ask.store, plan, number, by=ask.by, at=ask.now)
    return RedirectResponse("/portal", status_code=303)


@routes.post("/{ref}/{number}/withdraw", "programme_office")
def withdraws(ask: Who, ref: str, number: int) -> Response:
    """The bulletin is public no more."""
    plan = plans.own_plan(ask, ref)
    publishing.withdraw(ask.store, plan, number, by=ask.by, at=ask.now)
    return RedirectResponse("/portal", status_code=303)
