"""Plans side by side: the same indicator, who has what, who lacks what."""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError
from qianhang.plan.office import comparison
from qianhang.plan.office.compare import Comparison
from qianhang.web import sheets
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_compare, plans

__all__ = ["routes"]

routes = Pages("/plans")


@routes.get("/compare", "signed")
def compared(ask: Who) -> HTMLResponse:
    """The chosen plans side by side."""
    found, error = None, None
    asked = ask.request.query_params.getlist("plan")
    if asked:
        try:
            found = _compared(ask)
        except QianhangError as cause:
            error = cause
    return page(
        ask, "plans/compare.html", status=status_of(error) if error else 200, error=error,
        grids=comparison.grids(found, lang=ask.lang) if found else (), asked=asked,
        rule=comparison.rule_words(found, ask.lang) if found else "",
        every=plans.seen_plans(ask), query=ask.request.url.query,
    )  # fmt: skip


@routes.get("/compare.xlsx", "signed")
def workbook(ask: Who) -> Response:
    """The same tables as a workbook."""
    body = comparison.comparison_workbook(_compared(ask), lang=ask.lang)
    named = {"Content-Disposition": 'attachment; filename="plans.xlsx"'}
    return Response(body, media_type=sheets.KINDS["xlsx"], headers=named)


def _compared(ask: Asked) -> Comparison:
    return plan_compare.compared(ask, ask.request.query_params.getlist("plan"))
