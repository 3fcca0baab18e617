"""Signing in with the organisation's own identity provider."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.access import sessions
from qianhang.access.identities import sign_in_with_identity
from qianhang.access.openid import LASTS, Flow, configured
from qianhang.access.signing import sign_in_with_code
from qianhang.access.tickets import FACTOR_LASTS
from qianhang.core.errors import AccessRefused
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.entrance import enter, inside
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.statuses import status_of

__all__ = ["routes"]

routes = Pages("/sign-in/openid")


@routes.get("", "public")
def leaves(ask: Who) -> Response:
    """Off to the provider, with a cookie by which the answer is known again."""
    fresh = ask.query("fresh") == "1"
    flow = Flow.begin(to=inside(ask.query("next")), now=ask.now, fresh=fresh)
    away = RedirectResponse(configured().address(flow, back=_back(ask)), status_code=303)
    away.set_cookie(
        _cookie(ask), flow.cookie, max_age=int(LASTS.total_seconds()), path="/",
        secure=ask.site.encrypted, httponly=True, samesite="lax",
    )  # fmt: skip
    return away


@routes.get("/back", "public")
def returns(ask: Who) -> Response:
    """Signed in, where the provider vouches for somebody who has, or may have, an account here."""
    flow = Flow.of(ask.request.cookies.get(_cookie(ask), ""))
    if flow is None:
        raise AccessRefused(
            "QH909", "the identity provider's answer is refused: no sign-in began in this browser",
            hint="sign in again",
        )  # fmt: skip
    provider = configured()
    found = provider.identity(flow, ask.request.query_params, back=_back(ask), now=ask.now)
    entry = sign_in_with_identity(
        ask.store, found.issuer, subject=found.subject, login=found.login, name=found.name,
        org=provider.org, now=ask.now, address=ask.address,
        agent=ask.request.headers.get("user-agent", ""), strong=found.strong, proved=found.proved,
    )  # fmt: skip
    to = inside(flow.to)
    _replaced(ask, entry.token)
    entered = enter(ask, entry.token, to=to) if entry.token else _to_code(ask, entry.ticket, to)
    entered.delete_cookie(_cookie(ask), path="/", secure=ask.site.encrypted, httponly=True)
    return entered


@routes.get("/code", "public")
def form(ask: Who) -> Response:
    """The form for the code of one's second factor, once the provider has vouched."""
    return _code(ask, next=ask.query("next"))


@routes.post("/code", "public")
def gives(
    ask: Who, code: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Signed in by the code, or the form again with one sentence."""
    try:
        token = sign_in_with_code(
            ask.store, ask.request.cookies.get(_ticket(ask), ""), code=code, now=ask.now,
            address=ask.address, agent=ask.request.headers.get("user-agent", ""),
        )  # fmt: skip
    except AccessRefused as cause:
        if cause.code == "QH904":
            raise
        return _code(ask, next=next, error=cause)
    _replaced(ask, token)
    entered = enter(ask, token, to=inside(next))
    entered.delete_cookie(_ticket(ask), path="/", secure=ask.site.encrypted, httponly=True)
    return entered


def _replaced(ask: Asked, token: str) -> None:
    """Nothing; the browser's session ends where the same person has come in again."""
    old = ask.person
    new = sessions.of(ask.store, token, now=ask.now) if old and old.session else None
    if old is None or new is None or new.account.id != old.account.id:
        return
    who = old.account.id
    with ask.store.write() as tx:
        sessions.revoke(tx, old.session, account=who, by=who, at=ask.now)


def _to_code(ask: Asked, ticket: str, to: str) -> Response:
    """On to the form for the code, the browser holding what says who it is for."""
    sent = RedirectResponse(f"/sign-in/openid/code?{urlencode({'next': to})}", status_code=303)
    sent.set_cookie(
        _ticket(ask), ticket, max_age=int(FACTOR_LASTS.total_seconds()), path="/",
        secure=ask.site.encrypted, httponly=True, samesite="lax",
    )  # fmt: skip
    return sent


def _code(ask: Asked, *, next: str, error: AccessRefused | None = None) -> HTMLResponse:
    status = status_of(error) if error else 200
    return page(ask, "entrance/code.html", status=status, next=next, error=error)


def _back(ask: Asked) -> str:
    return ask.site.address(ask.request) + "/sign-in/openid/back"


def _ticket(ask: Asked) -> str:
    return "__Host-qh-code" if ask.site.encrypted else "qh-code"


def _cookie(ask: Asked) -> str:
    return "__Host-qh-openid" if ask.site.encrypted else "qh-openid"
