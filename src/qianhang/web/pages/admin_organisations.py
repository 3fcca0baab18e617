"""Organisations as their administrators keep them: a tree, added to, renamed, moved, sealed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from qianhang.access import KINDS, ROOT, administration, organisations
from qianhang.access.tree import SEALED_KINDS
from qianhang.core.errors import QianhangError
from qianhang.runs.holdings import held
from qianhang.store import Transaction
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.admin import admin_page, back, link_page, mine
from qianhang.web.routes import Pages
from qianhang.web.statuses import status_of
from qianhang.web.views.organisations import forest, way

__all__ = ["routes"]

routes = Pages("/admin/organisations")
Text = Annotated[str, Form()]
_HOME = "/admin/organisations"


@routes.get("", "administrator")
def tree(ask: Who) -> HTMLResponse:
    """The organisations that the reader administers, and one of them opened."""
    return _tree(ask, ask.query("org"))


@routes.post("", "administrator")
def adds(
    ask: Who,
    *,
    parent: Text = "",
    name: Text = "",
    kind: Text = "",
    sealed: Text = "",
    login: Text = "",
    person: Text = "",
) -> Response:
    """A new organisation; the link of its first administrator where one was named."""
    by, first = ask.who.account.id, (login, person) if login.strip() else None
    try:
        with ask.store.write() as tx:
            administration.administered(tx.connection, ask.who, parent)
            made, secret = administration.found_organisation(
                tx, name, kind=kind, parent=parent, sealed=_sealed(kind, sealed), first=first,
                by=by, at=ask.now,
            )  # fmt: skip
    except QianhangError as cause:
        typed = {"name": name, "kind": kind, "sealed": sealed, "login": login, "person": person}
        return _tree(ask, parent, error=cause, typed=typed)
    to = f"{_HOME}?org={parent if made.sealed else made.id}&done=added"
    if secret:
        return link_page(ask, secret, tab="organisations", login=login, to=to, kind="invite")
    return back(to)


@routes.post("/{org}/rename", "administrator")
def renames(ask: Who, org: str, name: Text = "") -> Response:
    """Another name."""
    by = ask.who.account.id

    def act(tx: Transaction) -> None:
        organisations.rename_organisation(tx, org, name=name, by=by, at=ask.now)

    return _changed(ask, org, act, done="renamed")


@routes.post("/{org}/move", "administrator")
def moves(ask: Who, org: str, parent: Text = "") -> Response:
    """Another place in the tree."""
    by = ask.who.account.id

    def act(tx: Transaction) -> None:
        administration.administered(tx.connection, ask.who, parent)
        organisations.move_organisation(tx, org, parent=parent, by=by, at=ask.now)

    return _changed(ask, org, act, done="moved")


@routes.post("/{org}/seal", "administrator")
def seals(ask: Who, org: str, sealed: Text = "") -> Response:
    """Those above kept out, or let in."""
    by = ask.who.account.id

    def act(tx: Transaction) -> None:
        if sealed == "yes":
            administration.check_held_within(tx, org)
        organisations.seal_organisation(tx, org, sealed=sealed == "yes", by=by, at=ask.now)

    return _changed(ask, org, act, done="sealed" if sealed == "yes" else "opened")


@routes.post("/{org}/delete", "administrator")
def deletes(ask: Who, org: str) -> Response:
    """The organisation is gone, where nothing is kept in its name."""
    by = ask.who.account.id

    def act(tx: Transaction) -> None:
        holds = held(tx.connection, org)
        organisations.delete_organisation(tx, org, by=by, at=ask.now, held=holds)

    return _changed(ask, org, act, done="deleted")


def _changed(ask: Asked, org: str, act: Callable[[Transaction], None], *, done: str) -> Response:
    """The tree again after a change of an organisation that the reader administers."""
    try:
        with ask.store.write() as tx:
            administration.administered(tx.connection, ask.who, org)
            act(tx)
    except QianhangError as cause:
        return _tree(ask, org, error=cause)
    # Whoever sealed it from above, moved it away or deleted it may not see it any more.
    return back(_HOME if done in ("deleted", "sealed") else f"{_HOME}?org={org}", done)


def _sealed(kind: str, said: str) -> bool:
    return kind in SEALED_KINDS if said not in ("yes", "no") else said == "yes"


def _tree(
    ask: Asked,
    org: str,
    *,
    error: QianhangError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    own, whole = mine(ask), organisations.tree(ask.store)
    nodes = forest(whole, own, administration.counts(ask.store, own))
    with ask.store.read() as connection:
        shown = administration.administered(connection, ask.who, org or nodes[0].org.id)
    people = administration.roster(ask.store, [shown.id], limit=20)
    return admin_page(
        ask,
        "organisations",
        tab="organisations",
        status=status_of(error) if error else 200,
        error=error,
        typed=typed or {},
        nodes=nodes,
        shown=shown,
        way=way(whole, own, shown.id),
        below=len(whole.children.get(shown.id, ())),
        people=people,
        roles={a.id: [g.role for g in a.grants if g.org == shown.id] for a in people.accounts},
        kinds=KINDS,
        sealed_kinds=SEALED_KINDS,
        is_root=shown.id == ROOT,
        places=[n for n in nodes if n.org.id not in whole.below(shown.id)],
    )
