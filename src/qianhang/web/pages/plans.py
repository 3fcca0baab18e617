"""The list of plans, and documents put into the ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, Form, UploadFile
from fastapi.responses import HTMLResponse

from qianhang.access import Organisation, organisations
from qianhang.core.errors import AccessRefused, QianhangError
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_import, plans
from qianhang.web.views.plan_import import Came

__all__ = ["routes"]

routes = Pages("/plans")


@routes.get("", "signed")
def listed(ask: Who) -> HTMLResponse:
    """Every plan that the reader may see, with where it stands."""
    words = ask.query("q").split()
    seen = plans.seen_plans(ask)
    found = [p for p in seen if all(w in f"{p.title} {p.region} {p.ref}" for w in words)]
    day = plans.today(ask)
    orgs = {o.id: o.name for o in organisations.organisations(ask.store) if o.id != "root"}
    return page(
        ask, "plans/list.html", total=len(seen),
        rows=[(*one.row, orgs.get(one.plan.org, "")) for one in plans.listed(ask, found, on=day)],
        q=ask.query("q"), may=ask.who.may("programme_office"), day=day,
    )  # fmt: skip


@routes.get("/import", plans.ROLE)
def asks_for_files(ask: Who) -> HTMLResponse:
    """The form for new documents."""
    return _form(ask)


@routes.post("/import", plans.ROLE)
def imports(
    ask: Who,
    files: Annotated[list[UploadFile] | None, File()] = None,
    org: Annotated[str, Form()] = "",
    region: Annotated[str, Form(max_length=80)] = "",
    parent: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """What became of each file: a new plan, a new version, one that was there, or an error."""
    try:
        if not ask.who.may("programme_office", org):
            raise AccessRefused(
                "QH906", f"plans of {org[:40]!r} need the role programme_office there",
                hint="ask an administrator for it",
            )  # fmt: skip
        up = plans.own_plan(ask, parent) if parent else None
        came = plan_import.come(ask, files or (), org=org, region=region.strip(), parent=up)
    except QianhangError as cause:
        return _form(ask, error=cause)
    return _form(ask, came=came)


def _form(
    ask: Asked, *, came: tuple[Came, ...] = (), error: QianhangError | None = None
) -> HTMLResponse:
    failed = [c.error for c in came if c.error]
    worst = error or (failed[0] if len(failed) == len(came) and failed else None)
    return page(
        ask, "plans/import.html", status=status_of(worst) if worst else 200, came=came,
        error=error, orgs=_orgs(ask),
        parents=[p for p in plans.seen_plans(ask) if plans.may_write(ask, p)],
    )  # fmt: skip


def _orgs(ask: Asked) -> list[Organisation]:
    """The organisations whose plans the reader may keep, their own first."""
    every = organisations.organisations(ask.store)
    may = [o for o in every if ask.who.may("programme_office", o.id)]
    return sorted(may, key=lambda o: o.id != ask.who.account.org)
