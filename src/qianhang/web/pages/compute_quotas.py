"""Quotas: what projects may hold at once, set by the platform; applied for elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from qianhang.access import ROOT, organisations
from qianhang.core.errors import QianhangError
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.compute import back, compute_page
from qianhang.web.problems import status_of
from qianhang.web.routes import Pages
from qianhang.web.views import jobs as views

__all__ = ["routes"]

routes = Pages("/compute/quotas")


@routes.get("", "signed")
def listed(ask: Who) -> HTMLResponse:
    """The quotas of the organisations that the reader covers."""
    return _page(ask)


@routes.post("", "administrator")
def sets(
    ask: Who,
    *,
    org: Annotated[str, Form()] = "",
    project: Annotated[str, Form()] = "",
    chips: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """A project's quota set by an administrator of the platform, 0 chips for no limit any more."""
    typed = {"org": org, "project": project, "chips": chips, "reason": reason}
    try:
        count = int(chips) if chips.isdecimal() and len(chips) < 10 else -1
        views.assign(ask, org, project=project, chips=count, reason=reason)
    except QianhangError as cause:
        return _page(ask, error=cause, typed=typed)
    return back("/compute/quotas", "set" if count else "lifted")


def _page(
    ask: Asked, *, error: QianhangError | None = None, typed: dict[str, str] | None = None
) -> HTMLResponse:
    every = organisations.organisations(ask.store)
    return compute_page(
        ask, "quotas", tab="quotas", status=status_of(error) if error else 200, error=error,
        rows=views.held(ask), names={one.id: one.name for one in every}, typed=typed or {},
        orgs=every if ask.who.may("administrator", ROOT) else (), applies=bool(views.orgs(ask)),
    )  # fmt: skip
