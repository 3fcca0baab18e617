"""Accounts and their grants, for who administers their organisation."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from qianhang import access
from qianhang.access import Role, accounts, administration, sessions, tickets
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.rights import require
from qianhang.web.api.secrets import without
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["AccountId", "routes"]

routes = Endpoints("/accounts", tag="accounts")
AccountId = Annotated[
    str, Path(description="Id of an account", max_length=64, examples=["3f1b2c4d5e6f"])
]
_ALL = 2**31 - 1


class GivenRole(Sent):
    """A role at an organisation."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"org": "root", "role": "viewer"}]}
    )

    org: str = Field(description="Id of the organisation", max_length=40)
    role: Role


class Account(BaseModel):
    """An account without anything secret."""

    id: str = Field(examples=["3f1b2c4d5e6f"])
    login: str = Field(examples=["li.na"])
    name: str = Field(examples=["李娜"])
    org: str = Field(
        description="Id of its organisation; empty where others administer it", examples=["root"]
    )
    state: str = Field(description="active, invited or disabled", examples=["active"])
    totp: bool = Field(description="Whether it has a second factor")
    lang: str = Field(examples=["zh"])
    grants: list[GivenRole] = Field(description="At organisations that the reader administers")
    locked_until: str = Field(description="UTC; empty where it is not locked")
    issuer: str = Field(description="Of an outside identity; empty for a password here")


class Accounts(Page):
    """A page of accounts, in order of login."""

    items: list[Account]


class NewAccount(Sent):
    """An account to be invited."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "li.na",
                    "name": "李娜",
                    "org": "root",
                    "grants": [{"org": "root", "role": "developer"}],
                }
            ]
        }
    )

    login: str = Field(min_length=2, max_length=64)
    name: str = Field(min_length=1, max_length=80)
    org: str = Field(description="Id of its organisation", max_length=40)
    lang: Literal["zh", "en"] = "zh"
    grants: list[GivenRole] = Field(default_factory=list, max_length=40)


class Invited(BaseModel):
    """A one-time link with which the person sets a password."""

    account: Account
    link: str | None = Field(
        description="Path of the link, told once; null in an answer that is repeated"
    )


class AccountChange(Sent):
    """What shall be otherwise; what is null stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "李娜"}]})

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    org: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="Moved to this organisation"
    )


class NewState(Sent):
    """What shall be done with the account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"act": "unlock"}]})

    act: Literal["disable", "enable", "unlock", "end_sessions"]


@routes.get("", "administrator")
def list_accounts(
    ask: Who,
    *,
    org: Annotated[str, Query(max_length=40, description="Only of this organisation")] = "",
    q: Annotated[str, Query(max_length=80, description="Words of login or name")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Accounts:
    """Accounts that belong to, or have a role at, organisations that the reader administers."""
    mine = ask.who.orgs_by_role.get("administrator", frozenset())
    if org:
        require(ask, org, "administrator")
        mine = frozenset({org})
    found = administration.roster(ask.store, mine, text=q, limit=_ALL).accounts
    page, next_ = sliced(found, cursor, limit=limit, key=lambda a: (a.login,))
    return Accounts(items=[_shape(ask, a) for a in page], next=next_)


@routes.post("", "administrator", scope="admin", status_code=201)
def create_account(ask: Who, wanted: NewAccount) -> Invited:
    """A new account, and the link that invites to it."""
    for org in (wanted.org, *(g.org for g in wanted.grants)):
        require(ask, org, "administrator")
    by = ask.who.account.id
    with ask.store.write() as tx:
        made = accounts.create(
            tx, wanted.login, name=wanted.name, org=wanted.org, lang=wanted.lang, by=by,
            grants=[access.Grant(g.org, g.role) for g in wanted.grants], at=ask.now,
        )  # fmt: skip
        secret = tickets.issue(tx, made.id, by=by, at=ask.now)
    return _invited(ask, made, secret)


@routes.get("/{account}", "administrator")
def get_account(ask: Who, account: AccountId) -> Account:
    """One account."""
    return _found(ask, account)


@routes.patch("/{account}", "administrator", scope="admin")
def change_account(ask: Who, account: AccountId, wanted: AccountChange) -> Account:
    """The account under another name, or at another organisation: all of it, or nothing."""
    changed = wanted.model_dump(exclude_none=True)
    with ask.store.write() as tx:
        found = administration.managed(tx.connection, ask.who, account)
        if wanted.org is not None:
            administration.administered(tx.connection, ask.who, wanted.org)
        if changed:
            accounts.change(tx, found.id, by=ask.who.account.id, at=ask.now, **changed)
    return _found(ask, account)


@routes.post("/{account}/invitation", "administrator", scope="admin")
def invite_account(ask: Who, account: AccountId) -> Invited:
    """A new link for the account: an invitation, or a new password; earlier links are void."""
    with ask.store.write() as tx:
        found = administration.managed(tx.connection, ask.who, account)
        secret = tickets.issue(tx, found.id, by=ask.who.account.id, at=ask.now)
    return _invited(ask, found, secret)


@routes.post("/{account}/state", "administrator", scope="admin")
def change_account_state(ask: Who, account: AccountId, wanted: NewState) -> Account:
    """The account disabled, enabled, unlocked, or signed out everywhere."""
    act = sessions.revoke_all if wanted.act == "end_sessions" else getattr(accounts, wanted.act)
    with ask.store.write() as tx:
        found = administration.managed(tx.connection, ask.who, account)
        act(tx, found.id, by=ask.who.account.id, at=ask.now)
    return _shape(ask, accounts.find(ask.store, found.id))


@routes.post("/{account}/grants", "administrator", scope="admin")
def create_grant(ask: Who, account: AccountId, wanted: GivenRole) -> Account:
    """The account with a further role; it signs in again to use it."""
    require(ask, wanted.org, "administrator")
    with ask.store.write() as tx:
        found = administration.managed(tx.connection, ask.who, account)
        accounts.grant(
            tx, found.id, org=wanted.org, role=wanted.role, by=ask.who.account.id, at=ask.now
        )
    return _shape(ask, accounts.find(ask.store, found.id))


@routes.delete("/{account}/grants/{org}/{role}", "administrator", scope="admin")
def delete_grant(
    ask: Who,
    account: AccountId,
    org: Annotated[str, Path(max_length=40, examples=["root"])],
    role: Annotated[Role, Path(examples=["viewer"])],
) -> None:
    """The role is taken back by who administers the organisation, whose account it ever is."""
    require(ask, org, "administrator")
    with ask.store.write() as tx:
        found = administration.seen(tx.connection, ask.who, account)
        accounts.revoke_grant(tx, found.id, org=org, role=role, by=ask.who.account.id, at=ask.now)


def _found(ask: Asked, account: str) -> Account:
    with ask.store.read() as connection:
        return _shape(ask, administration.seen(connection, ask.who, account))


def _invited(ask: Asked, account: access.Account, secret: str) -> Invited:
    shown = _shape(ask, account)
    without(ask, Invited(account=shown, link=None))
    return Invited(account=shown, link=tickets.link(secret))


def _shape(ask: Asked, found: access.Account) -> Account:
    """The account without what stands at organisations that others administer."""
    plain = ("id", "login", "name", "state", "totp", "lang", "locked_until", "issuer")
    mine = ask.who.orgs_by_role.get("administrator", frozenset())
    return Account(
        **{name: getattr(found, name) for name in plain},
        org=found.org if found.org in mine else "",
        grants=[GivenRole(org=g.org, role=g.role) for g in found.grants if g.org in mine],
    )
