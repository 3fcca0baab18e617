"""Coming in and going out: sign-in, one-time links, the language of this browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.access import Role, accounts, sessions, tickets
from qianhang.access.openid import configured
from qianhang.access.signing import sign_in
from qianhang.core.errors import AccessRefused, QianhangError, UsageError
from qianhang.core.words import LANGUAGES
from qianhang.web.asked import LANG_COOKIE, Asked, Who, session_cookie
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.statuses import status_of

__all__ = ["enter", "inside", "routes", "with_session"]

routes = Pages()
Text = Annotated[str, Form()]


@routes.get("/sign-in", "public")
def form(ask: Who) -> Response:
    """The form, or straight on for whoever is signed in."""
    if ask.person:
        return RedirectResponse(inside(ask.query("next")), status_code=303)
    return _sign_in(ask, next=ask.query("next"))


@routes.post("/sign-in", "public")
def signs_in(
    ask: Who, login: Text = "", password: Text = "", code: Text = "", next: Text = ""
) -> Response:
    """A new session in this browser, or the form again with one sentence."""
    try:
        signed = sign_in(
            ask.store, login, password=password, code=code, now=ask.now, address=ask.address,
            agent=ask.request.headers.get("user-agent", ""),
        )  # fmt: skip
    except AccessRefused as cause:
        return _sign_in(
            ask,
            status=status_of(cause),
            next=next,
            login=login,
            code=cause.code == "QH902" or bool(code),
            error=None if cause.code == "QH902" else cause,
        )
    return enter(ask, signed.token, to=inside(next))


@routes.post("/sign-out", "public")
def signs_out(ask: Who) -> Response:
    """The session ends, here and in the store."""
    if ask.person and ask.person.session:
        person = ask.person
        with ask.store.write() as tx:
            sessions.revoke(
                tx, person.session, account=person.account.id, by=person.account.id, at=ask.now
            )
    gone = RedirectResponse("/sign-in", status_code=303)
    gone.delete_cookie(session_cookie(ask.site), path="/", secure=ask.site.encrypted)
    gone.headers["Clear-Site-Data"] = '"cache"'
    return gone


@routes.get("/language", "public")
def language(ask: Who) -> Response:
    """Back to the page, in the language chosen for this browser."""
    back = RedirectResponse(inside(ask.query("next")), status_code=303)
    if ask.query("to") in LANGUAGES:
        back.set_cookie(
            LANG_COOKIE, ask.query("to"), max_age=31536000, samesite="lax",
            secure=ask.site.encrypted, httponly=True,
        )  # fmt: skip
    return back


@routes.get("/ticket/{secret}", "public")
def ticket(ask: Who, secret: str) -> HTMLResponse:
    """The form of a one-time link: the first administrator, or a password."""
    found = tickets.look(ask.store, secret, now=ask.now)
    return _ticket(ask, found)


@routes.post("/ticket/{secret}", "public")
def uses_ticket(
    ask: Who,
    secret: str,
    *,
    login: Text = "",
    name: Text = "",
    password: Text = "",
    again: Text = "",
) -> Response:
    """The first account, or the account's password; then signed in."""
    found = tickets.look(ask.store, secret, now=ask.now)
    try:
        if password != again:
            raise UsageError("QH860", "the two passwords are not the same")
        if found.kind == "setup":
            made = tickets.set_up(
                ask.store, secret, login=login, name=name, password=password, now=ask.now,
                roles=_FIRST_ROLES, lang=ask.lang,
            )  # fmt: skip
            login = made.login
        else:
            account = tickets.accept(ask.store, secret, password=password, now=ask.now)
            login = accounts.find(ask.store, account).login
    except UsageError as cause:
        return _ticket(ask, found, error=cause, login=login, name=name)
    try:
        signed = sign_in(ask.store, login, password=password, now=ask.now, address=ask.address)
    except AccessRefused:
        return RedirectResponse("/sign-in", status_code=303)
    return enter(ask, signed.token, to="/welcome" if found.kind == "setup" else "/")


# The person of the first start may do everything, and gives roles to others from there.
_FIRST_ROLES: tuple[Role, ...] = (
    "administrator", "programme_office", "scenario_owner", "developer", "data_steward",
    "safety_officer", "pool_operator",
)  # fmt: skip


@routes.get("/welcome", "administrator")
def welcome(ask: Who) -> HTMLResponse:
    """A short guide after the first start."""
    return page(ask, "entrance/welcome.html", office=ask.who.may("programme_office"))


def _sign_in(ask: Asked, *, next: str, status: int = 200, **values: object) -> HTMLResponse:
    shown = {"login": "", "error": None, "code": False, "openid": bool(configured())} | values
    return page(ask, "entrance/sign_in.html", status=status, next=next, **shown)


def _ticket(
    ask: Asked,
    found: tickets.Ticket,
    *,
    error: QianhangError | None = None,
    login: str = "",
    name: str = "",
) -> HTMLResponse:
    return page(
        ask,
        "entrance/ticket.html",
        status=400 if error else 200,
        kind=found.kind,
        error=error,
        login=login,
        name=name,
        account=accounts.find(ask.store, found.account) if found.account else None,
    )


def enter(ask: Asked, token: str, *, to: str) -> Response:
    """The redirect that carries a new session's cookie."""
    return with_session(ask, RedirectResponse(to, status_code=303), token=token)


def with_session(ask: Asked, answer: Response, *, token: str) -> Response:
    """The answer, carrying the session's cookie with this token."""
    answer.set_cookie(
        session_cookie(ask.site),
        token,
        max_age=int(sessions.LONGEST.total_seconds()),
        path="/",
        secure=ask.site.encrypted,
        httponly=True,
        samesite="lax",
    )
    return answer


def inside(path: str) -> str:
    """The path where it is one of ours, else the start: no link of ours leads to another site."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path
    return path if ours else "/"
