"""Signing in with the organisation's own identity provider."""

from __future__ import annotations

from fastapi.responses import RedirectResponse
from starlette.responses import Response

from qianhang.access.identities import sign_in_with_identity
from qianhang.access.openid import LASTS, Flow, configured
from qianhang.core.errors import AccessRefused
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.entrance import enter, inside
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages("/sign-in/openid")


@routes.get("", "public")
def leaves(ask: Who) -> Response:
    """Off to the provider, with a cookie by which the answer is known again."""
    flow = Flow.begin(to=inside(ask.query("next")), now=ask.now)
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
    token = sign_in_with_identity(
        ask.store, found.issuer, subject=found.subject, login=found.login, name=found.name,
        org=provider.org, now=ask.now, address=ask.address,
        agent=ask.request.headers.get("user-agent", ""),
    )  # fmt: skip
    entered = enter(ask, token, to=inside(flow.to))
    entered.delete_cookie(_cookie(ask), path="/", secure=ask.site.encrypted, httponly=True)
    return entered


def _back(ask: Asked) -> str:
    return ask.site.address(ask.request) + "/sign-in/openid/back"


def _cookie(ask: Asked) -> str:
    return "__Host-qh-openid" if ask.site.encrypted else "qh-openid"
