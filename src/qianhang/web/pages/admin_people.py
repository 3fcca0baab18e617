"""People: their accounts, roles at organisations, one-time links, sessions and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse
from starlette.responses import RedirectResponse, Response

from qianhang.access import ROLES, Account, accounts, administration, keys, organisations, tickets
from qianhang.access import sessions as opened
from qianhang.core.errors import QianhangError
from qianhang.store import Transaction
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.admin import admin_page, back, link_page, mine
from qianhang.web.routes import Pages
from qianhang.web.statuses import status_of
from qianhang.web.views.organisations import forest

__all__ = ["routes"]

routes = Pages("/admin/people")
Text = Annotated[str, Form()]
Act = Callable[[Transaction, Account], None]
_HOME, _PAGE = "/admin/people", 50


@routes.get("", "administrator")
def people(ask: Who) -> HTMLResponse:
    """Accounts of the organisations that the reader administers, searched, 50 a page."""
    return _people(ask)


@routes.post("", "administrator")
def adds(
    ask: Who, *, login: Text = "", name: Text = "", org: Text = "", role: Text = "", lang: Text = ""
) -> Response:
    """A new account and its invitation, which is shown this once."""
    by = ask.who.account.id
    try:
        with ask.store.write() as tx:
            administration.administered(tx.connection, ask.who, org)
            made = accounts.create(
                tx, login, name=name, org=org, by=by, at=ask.now, lang=lang or "zh"
            )
            if role:
                accounts.grant(tx, made.id, org=org, role=role, by=by, at=ask.now)
            secret = tickets.issue(tx, made.id, by=by, at=ask.now)
    except QianhangError as cause:
        typed = {"login": login, "name": name, "org": org, "role": role, "lang": lang}
        return _people(ask, error=cause, typed=typed)
    to = f"{_HOME}/{made.id}"
    return link_page(ask, secret, tab="people", login=made.login, to=to, kind="invite")


@routes.get("/{account}", "administrator")
def person(ask: Who, account: str) -> HTMLResponse:
    """One account: state, roles, sessions, keys, what may be done with it."""
    return _person(ask, account)


@routes.post("/{account}/details", "administrator")
def details(ask: Who, account: str, *, name: Text = "", org: Text = "") -> Response:
    """Another name, or another organisation."""
    by = ask.who.account.id

    def act(tx: Transaction, found: Account) -> None:
        administration.administered(tx.connection, ask.who, org)
        accounts.change(tx, found.id, name=name, org=org, by=by, at=ask.now)

    return _changed(ask, account, act, done="saved")


@routes.post("/{account}/grants", "administrator")
def grants(ask: Who, account: str, *, org: Text = "", role: Text = "") -> Response:
    """A role given at an organisation."""
    by = ask.who.account.id

    def act(tx: Transaction, found: Account) -> None:
        administration.administered(tx.connection, ask.who, org)
        accounts.grant(tx, found.id, org=org, role=role, by=by, at=ask.now)

    return _changed(ask, account, act, done="given")


@routes.post("/{account}/grants/end", "administrator")
def takes_back(ask: Who, account: str, *, org: Text = "", role: Text = "") -> Response:
    """A role taken back: whoever administers the organisation may, whose account it ever is."""
    by = ask.who.account.id
    try:
        with ask.store.write() as tx:
            administration.administered(tx.connection, ask.who, org)
            found = administration.seen(tx.connection, ask.who, account)
            accounts.revoke_grant(tx, found.id, org=org, role=role, by=by, at=ask.now)
    except QianhangError as cause:
        return _person(ask, account, error=cause)
    return _after(ask, account, "taken")


@routes.post("/{account}/link", "administrator")
def links(ask: Who, account: str, *, fresh: Text = "") -> Response:
    """A one-time link for a new password, shown this once."""
    by = ask.who.account.id
    issue = tickets.issue_with_fresh_factor if fresh == "yes" else tickets.issue
    try:
        with ask.store.write() as tx:
            found = administration.managed(tx.connection, ask.who, account)
            secret = issue(tx, found.id, by=by, at=ask.now)
    except QianhangError as cause:
        return _person(ask, account, error=cause)
    kind = "invite" if found.state == "invited" else "reset"
    to = f"{_HOME}/{found.id}"
    return link_page(ask, secret, tab="people", login=found.login, to=to, kind=kind)


@routes.post("/{account}/unlock", "administrator")
def unlocks(ask: Who, account: str) -> Response:
    """Failed sign-ins forgotten."""
    by = ask.who.account.id
    return _changed(
        ask, account, lambda tx, a: accounts.unlock(tx, a.id, by=by, at=ask.now), done="unlocked"
    )


@routes.post("/{account}/disable", "administrator")
def disables(ask: Who, account: str) -> Response:
    """Nobody comes in by this account any more."""
    by = ask.who.account.id
    return _changed(
        ask, account, lambda tx, a: accounts.disable(tx, a.id, by=by, at=ask.now), done="disabled"
    )


@routes.post("/{account}/enable", "administrator")
def enables(ask: Who, account: str) -> Response:
    """The account lets in again."""
    by = ask.who.account.id
    return _changed(
        ask, account, lambda tx, a: accounts.enable(tx, a.id, by=by, at=ask.now), done="enabled"
    )


@routes.post("/{account}/sessions/end", "administrator")
def ends_sessions(ask: Who, account: str, *, session: Text = "") -> Response:
    """One session ends, or every one where none is named."""
    by = ask.who.account.id

    def act(tx: Transaction, found: Account) -> None:
        if session:
            opened.revoke(tx, session, account=found.id, by=by, at=ask.now)
        else:
            opened.revoke_all(tx, found.id, by=by, at=ask.now)

    return _changed(ask, account, act, done="ended")


@routes.post("/{account}/keys/end", "administrator")
def ends_key(ask: Who, account: str, *, key: Text = "") -> Response:
    """One API key opens nothing any more."""
    by = ask.who.account.id

    def act(tx: Transaction, found: Account) -> None:
        keys.revoke_key(tx, key, account=found.id, by=by, at=ask.now)

    return _changed(ask, account, act, done="key")


def _changed(ask: Asked, account: str, act: Act, *, done: str) -> Response:
    """The account again after a change of one that the reader manages."""
    try:
        with ask.store.write() as tx:
            act(tx, administration.managed(tx.connection, ask.who, account))
    except QianhangError as cause:
        return _person(ask, account, error=cause)
    return _after(ask, account, done)


def _after(ask: Asked, account: str, done: str) -> Response:
    """Where a form leads: out, for whoever has just changed what they may do themselves."""
    own = account == ask.who.account.id and done in ("given", "taken", "disabled", "ended")
    if own:
        return RedirectResponse("/sign-in", status_code=303)
    with ask.store.read() as connection:
        try:
            administration.seen(connection, ask.who, account)
        except QianhangError:
            return back(_HOME, done)
    return back(f"{_HOME}/{account}", done)


def _people(
    ask: Asked, *, error: QianhangError | None = None, typed: dict[str, str] | None = None
) -> HTMLResponse:
    own, tree = mine(ask), organisations.tree(ask.store)
    org, text = ask.query("org"), ask.query("q")[:80]
    number = ask.query("page", "1")
    at = max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1
    here = [org] if org in own else own
    found = administration.roster(ask.store, here, text=text, skip=(at - 1) * _PAGE, limit=_PAGE)
    return admin_page(
        ask,
        "people",
        tab="people",
        status=status_of(error) if error else 200,
        error=error,
        typed=typed or {"org": org},
        found=found,
        nodes=forest(tree, own, {}),
        own=own,
        org=org,
        q=text,
        at=at,
        last=max(1, -(-found.total // _PAGE)),
        first=(at - 1) * _PAGE + 1,
        name_of=lambda one: tree.find(one).name,
        roles=ROLES,
    )


def _person(ask: Asked, account: str, *, error: QianhangError | None = None) -> HTMLResponse:
    own, tree = mine(ask), organisations.tree(ask.store)
    with ask.store.read() as connection:
        found = administration.seen(connection, ask.who, account)
    manages = ask.who.manages(found)
    return admin_page(
        ask,
        "person",
        tab="people",
        status=status_of(error) if error else 200,
        error=error,
        found=found,
        manages=manages,
        own_account=found.id == ask.who.account.id,
        grants=[(g, tree.find(g.org).name) for g in found.grants if g.org in own],
        place=tree.find(found.org).name if found.org in own else "",
        locked=found.locked_until > ask.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        sessions=opened.sessions(ask.store, found.id, now=ask.now) if manages else (),
        keys=keys.keys(ask.store, found.id) if manages else (),
        nodes=forest(tree, own, {}),
        roles=ROLES,
    )
