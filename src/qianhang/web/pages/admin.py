"""Administration: where it begins, and what its pages share."""

from __future__ import annotations

from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.access import tickets
from qianhang.web.asked import Asked, Who
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views.settings import administers_platform

__all__ = ["admin_page", "back", "link_page", "mine", "routes"]

routes = Pages("/admin")
_TABS = ("organisations", "people", "log", "settings")


@routes.get("", "administrator")
def admin(_: Who) -> Response:
    """The first of its pages."""
    return RedirectResponse("/admin/organisations", status_code=303)


def mine(ask: Asked) -> frozenset[str]:
    """The organisations that the reader administers."""
    return ask.who.orgs_by_role.get("administrator", frozenset())


def admin_page(
    ask: Asked, template: str, *, tab: str, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of administration with its tabs; what became of the last form is said on top."""
    tabs = (*_TABS, "backup") if administers_platform(ask) else _TABS
    return page(
        ask, f"admin/{template}.html", status=status, tabs=tabs, tab=tab,
        done=ask.query("done") if status == 200 else "", **values,
    )  # fmt: skip


def back(path: str, done: str = "") -> Response:
    """Back to a page, which says what was done."""
    sign = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{sign}done={done}" if done else path, status_code=303)


def link_page(ask: Asked, secret: str, *, tab: str, login: str, to: str, kind: str) -> HTMLResponse:
    """A one-time link, shown this once and kept nowhere."""
    address = ask.site.address(ask.request) + tickets.link(secret)
    until = ask.now + tickets.LASTS[kind]
    return admin_page(
        ask, "link", tab=tab, link=address, login=login, to=to, kind=kind, until=until,
        own_address=not ask.site.public_url,
    )  # fmt: skip
