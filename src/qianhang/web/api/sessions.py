"""Signed-in browsers: one's own, and those of accounts that one manages; ended one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from qianhang.access import administration, keys, sessions
from qianhang.web.api.accounts import AccountId
from qianhang.web.api.keys import KeyId, Keys
from qianhang.web.api.keys import shown as key_shown
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["managed_routes", "routes"]

routes = Endpoints("/me/sessions", tag="me")
managed_routes = Endpoints("/accounts/{account}", tag="accounts")
SessionId = Annotated[
    str, Path(description="Id of a session", max_length=40, examples=["3f1b2c4d5e6f"])
]


class Session(BaseModel):
    """One signed-in browser; its token is told to nobody."""

    id: str = Field(examples=["3f1b2c4d5e6f"])
    opened: str = Field(description="UTC", examples=["2026-03-01T08:00:00Z"])
    seen: str = Field(description="Last use, UTC, to a minute", examples=["2026-03-01T09:30:00Z"])
    ends: str = Field(description="At the latest, UTC", examples=["2026-03-08T08:00:00Z"])
    address: str = Field(description="From where it was opened", examples=["10.1.2.3"])
    agent: str = Field(description="As the browser calls itself", examples=["Mozilla/5.0"])
    current: bool = Field(description="Whether this very request was signed with it")


class Sessions(Page):
    """A page of sessions, the first opened first."""

    items: list[Session]


@routes.get("", "signed")
def list_own_sessions(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> Sessions:
    """The browsers in which one is signed in."""
    found = sessions.sessions(ask.store, ask.who.account.id, now=ask.now)
    return _page(ask, found, cursor, limit=limit)


@routes.delete("/{session}", "signed", scope="admin")
def end_own_session(ask: Who, session: SessionId) -> None:
    """One session of one's own ends."""
    who = ask.who.account.id
    with ask.store.write() as tx:
        sessions.revoke(tx, session, account=who, by=who, at=ask.now)


@managed_routes.get("/sessions", "administrator")
def list_account_sessions(
    ask: Who, account: AccountId, limit: Limit = 50, cursor: Cursor = ""
) -> Sessions:
    """The browsers in which an account is signed in, for who may let it in and out."""
    found = sessions.sessions(ask.store, _managed(ask, account), now=ask.now)
    return _page(ask, found, cursor, limit=limit)


@managed_routes.delete("/sessions/{session}", "administrator", scope="admin")
def end_account_session(ask: Who, account: AccountId, session: SessionId) -> None:
    """One session of the account ends; all of them by its state."""
    with ask.store.write() as tx:
        found = administration.managed(tx.connection, ask.who, account).id
        sessions.revoke(tx, session, account=found, by=ask.who.account.id, at=ask.now)


@managed_routes.get("/keys", "administrator")
def list_account_keys(ask: Who, account: AccountId, limit: Limit = 50, cursor: Cursor = "") -> Keys:
    """The API keys of an account, for who may let it in and out."""
    found = keys.keys(ask.store, _managed(ask, account))
    page, next_ = sliced(found, cursor, limit=limit, key=lambda k: (k.made, k.id))
    return Keys(items=[key_shown(k) for k in page], next=next_)


@managed_routes.delete("/keys/{key}", "administrator", scope="admin")
def end_account_key(ask: Who, account: AccountId, key: KeyId) -> None:
    """One API key of the account opens nothing any more."""
    with ask.store.write() as tx:
        found = administration.managed(tx.connection, ask.who, account).id
        keys.revoke_key(tx, key, account=found, by=ask.who.account.id, at=ask.now)


def _managed(ask: Asked, account: str) -> str:
    with ask.store.read() as connection:
        return administration.managed(connection, ask.who, account).id


def _page(ask: Asked, found: Iterable[sessions.Session], cursor: str, *, limit: int) -> Sessions:
    page, next_ = sliced(found, cursor, limit=limit, key=lambda s: (s.opened, s.id))
    return Sessions(items=[_shape(s, ask.who.session) for s in page], next=next_)


def _shape(found: sessions.Session, current: str) -> Session:
    plain = ("id", "opened", "seen", "ends", "address", "agent")
    return Session(**{n: getattr(found, n) for n in plain}, current=found.id == current)
