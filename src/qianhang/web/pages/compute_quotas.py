"""Quotas: what projects may hold at once, applied for by their people, answered by the platform."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Form
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from qianhang.access import ROOT, organisations
from qianhang.compute.door import quotas
from qianhang.core.errors import QianhangError
from qianhang.web.api.rights import RUNNERS, require
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.compute import back, compute_page
from qianhang.web.problems import status_of
from qianhang.web.routes import Pages
from qianhang.web.views import jobs as views

__all__ = ["routes"]

routes = Pages("/compute/quotas")


@routes.get("", "signed")
def listed(ask: Who) -> HTMLResponse:
    """The quotas of the organisations that the reader covers, open applications first."""
    return _page(ask)


@routes.post("", *RUNNERS)
def applies(
    ask: Who,
    *,
    org: Annotated[str, Form()] = "",
    project: Annotated[str, Form()] = "",
    chips: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """An application for chips at once; what was approved before holds until it is answered."""
    org = org or ask.who.account.org
    typed = {"org": org, "project": project, "chips": chips, "reason": reason}
    try:
        require(ask, org, *RUNNERS)
        count = int(chips) if chips.isdecimal() and len(chips) < 10 else 0
        views.apply(ask, org, project=project, chips=count, reason=reason)
    except QianhangError as cause:
        return _page(ask, error=cause, typed=typed)
    return back("/compute/quotas", "applied")


@routes.post("/answer", "administrator")
def answers(
    ask: Who,
    *,
    org: Annotated[str, Form()],
    answer: Annotated[Literal["approve", "decline"], Form()],
    project: Annotated[str, Form()] = "",
) -> Response:
    """An application approved or declined by an administrator of the platform."""
    require(ask, ROOT, "administrator")
    approve = answer == "approve"
    quotas.answer(
        ask.store, org, project=project, approve=approve, by=ask.who.account.id, at=ask.now
    )
    return back("/compute/quotas", "approved" if approve else "declined")


def _page(
    ask: Asked, *, error: QianhangError | None = None, typed: dict[str, str] | None = None
) -> HTMLResponse:
    names = {one.id: one.name for one in organisations.organisations(ask.store)}
    return compute_page(
        ask, "quotas", tab="quotas", status=status_of(error) if error else 200, error=error,
        rows=views.held(ask), names=names, orgs=views.orgs(ask), typed=typed or {},
        answers=ask.who.may("administrator", ROOT),
    )  # fmt: skip
