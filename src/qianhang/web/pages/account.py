"""One's own account: password, second factor, sessions, API keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import segno
from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.access import SCOPES, keys, organisations, sessions, totp
from qianhang.access.accounts import change
from qianhang.access.person import Grant
from qianhang.access.signing import change_password
from qianhang.core.errors import QianhangError, UsageError
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.entrance import enter, with_session
from qianhang.web.proof import confirmed, proof
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.statuses import status_of

__all__ = ["routes"]

routes = Pages("/account")
Text = Annotated[str, Form()]
_DAYS = {"30": 30, "90": 90, "365": 365}


@routes.get("", "signed")
def account(ask: Who) -> HTMLResponse:
    """Everything that a person sets for themselves."""
    return _account(ask)


@routes.post("/password", "signed")
def sets_password(ask: Who, old: Text = "", new: Text = "", again: Text = "") -> Response:
    """Another password; the other sessions end."""
    try:
        if new != again:
            raise UsageError("QH860", "the two passwords are not the same")
        token = change_password(
            ask.store, ask.who, old=old, new=new, now=ask.now, address=ask.address
        )
    except QianhangError as cause:
        return _account(ask, error=cause)
    return enter(ask, token, to="/account?done=password")


@routes.post("/name", "signed")
def sets_name(ask: Who, name: Text = "", lang: Text = "") -> Response:
    """Another name or language."""
    who = ask.who.account.id
    try:
        with ask.store.write() as tx:
            change(tx, who, by=who, at=ask.now, name=name, lang=lang)
    except QianhangError as cause:
        return _account(ask, error=cause)
    return _done("name")


@routes.post("/factor", "signed")
def enrols(ask: Who, password: Text = "") -> HTMLResponse:
    """A new second factor, shown once, to be confirmed by its first code."""
    who = ask.who.account.id
    try:
        confirmed(ask, password)
        with ask.store.write() as tx:
            made = totp.enrol(tx, who, issuer=ask.t("site.name"), by=who, at=ask.now)
    except QianhangError as cause:
        return _account(ask, error=cause)
    picture = segno.make(made.uri).svg_inline(scale=5, border=2, dark="#000", light="#fff")
    return page(ask, "account/factor.html", made=made, picture=picture, error="")


@routes.post("/factor/confirm", "signed")
def confirms(ask: Who, code: Text = "") -> Response:
    """The second factor is on from now."""
    who = ask.who
    try:
        with ask.store.write() as tx:
            totp.confirm(
                tx, who.account.id, code=code, by=who.account.id, at=ask.now, keep=who.session
            )
            token = sessions.renew(tx, who.session, now=ask.now)
    except UsageError as cause:
        return _account(ask, error=cause)
    return enter(ask, token, to="/account?done=factor")


@routes.post("/factor/remove", "signed")
def removes(ask: Who, password: Text = "") -> Response:
    """The second factor is off, for whoever knows the password."""
    who = ask.who
    try:
        confirmed(ask, password)
        with ask.store.write() as tx:
            totp.remove(tx, who.account.id, by=who.account.id, at=ask.now, keep=who.session)
            token = sessions.renew(tx, who.session, now=ask.now)
    except QianhangError as cause:
        return _account(ask, error=cause)
    return enter(ask, token, to="/account?done=factor_off")


@routes.post("/sessions/{session}/end", "signed")
def ends(ask: Who, session: str) -> Response:
    """One session of one's own ends."""
    who = ask.who.account.id
    with ask.store.write() as tx:
        sessions.revoke(tx, session, account=who, by=who, at=ask.now)
    return _done("session")


@routes.post("/keys", "signed")
def makes_key(
    ask: Who,
    *,
    name: Text = "",
    days: Text = "90",
    scopes: Annotated[list[str] | None, Form()] = None,
    password: Text = "",
) -> Response:
    """A new API key, whose secret is shown this once."""
    who = ask.who.account.id
    expires = ask.now + timedelta(days=_DAYS.get(days, 90))
    try:
        confirmed(ask, password)
        with ask.store.write() as tx:
            made, secret = keys.create_key(
                tx, who, name=name, scopes=scopes or (), expires=expires, by=who, at=ask.now
            )
            token = sessions.renew(tx, ask.who.session, now=ask.now)
    except QianhangError as cause:
        return _account(ask, error=cause)
    shown = page(ask, "account/key.html", made=made, secret=secret)
    return with_session(ask, shown, token=token)


@routes.post("/keys/{key}/end", "signed")
def ends_key(ask: Who, key: str) -> Response:
    """One key of one's own opens nothing any more."""
    who = ask.who.account.id
    with ask.store.write() as tx:
        keys.revoke_key(tx, key, account=who, by=who, at=ask.now)
    return _done("key")


def _account(ask: Asked, *, error: QianhangError | None = None) -> HTMLResponse:
    who = ask.who
    tree = organisations.tree(ask.store)
    return page(
        ask,
        "account/account.html",
        status=status_of(error) if error else 200,
        error=error,
        done=ask.query("done"),
        grants=[(tree.find(org), sorted(roles)) for org, roles in _by_org(who.account.grants)],
        org=tree.find(who.account.org),
        sessions=sessions.sessions(ask.store, who.account.id, now=ask.now),
        keys=keys.keys(ask.store, who.account.id),
        scopes=SCOPES,
        proof=proof(ask),
    )


def _by_org(grants: Iterable[Grant]) -> list[tuple[str, list[str]]]:
    """(organisation, the roles there), in the order of the first."""
    found: dict[str, list[str]] = {}
    for one in grants:
        found.setdefault(one.org, []).append(one.role)
    return list(found.items())


def _done(what: str) -> Response:
    return RedirectResponse(f"/account?done={what}", status_code=303)
