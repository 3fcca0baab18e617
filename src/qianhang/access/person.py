"""Accounts, roles, and the person who asks: what each of its roles covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from qianhang.access import schema
from qianhang.access.tree import Tree
from qianhang.core.errors import AccessRefused

__all__ = [
    "PUBLIC",
    "ROLES",
    "SCOPES",
    "Account",
    "Grant",
    "Person",
    "Role",
    "account_of",
    "resolve",
]

Role = Literal[
    "viewer",
    "scenario_owner",
    "developer",
    "pool_operator",
    "data_steward",
    "safety_officer",
    "programme_office",
    "administrator",
]
ROLES: tuple[Role, ...] = get_args(Role)
# What an API key may be limited to; the roles of its account hold beside.
SCOPES = ("read", "run", "plan", "data", "safety", "billing", "admin")
# What `account_of` reads: nothing by which an account is opened.
PUBLIC = tuple(
    schema.account.c[name]
    for name in (
        "id", "login", "name", "org", "state", "totp_on", "lang", "locked_until", "issuer",
    )
)  # fmt: skip
_NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at an organisation and, as far as they are open, at those below it."""

    org: str
    role: Role


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign in; state: active, invited (no password yet) or disabled.

    totp : whether a one-time code is asked for; locked_until : "" or a UTC time
    issuer : of an outside identity, "" for an account with a password here
    """

    id: str
    login: str
    name: str
    org: str
    state: str
    totp: bool
    lang: str
    grants: tuple[Grant, ...]
    locked_until: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks; orgs_by_role : where each role holds, viewer wherever any other does.

    session : public id of the session, or ""; key : id of the API key, or ""
    scopes : what the key is limited to, all of SCOPES for a session
    above : the person's own organisation and its ancestors, root last
    """

    account: Account
    orgs_by_role: Mapping[Role, frozenset[str]]
    session: str = ""
    key: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)
    above: tuple[str, ...] = ()

    @property
    def covers(self) -> frozenset[str]:
        """The organisations in which the person has any role."""
        return self.orgs_by_role.get("viewer", _NOWHERE)

    def may(self, role: Role, org: str | None = None) -> bool:
        """Whether the person has the role at the organisation, or anywhere where none is given."""
        where = self.orgs_by_role.get(role, _NOWHERE)
        return bool(where) if org is None else org in where

    def require(self, role: Role, org: str | None = None) -> None:
        """Nothing, where the person may.

        Raises AccessRefused otherwise.
        """
        if not self.may(role, org):
            where = f" at {org}" if org else ""
            raise AccessRefused(
                "QH906", f"this needs the role {role}{where}", hint="ask an administrator for it"
            )

    def manages(self, account: Account) -> bool:
        """Whether the person may let the account in and out: reset, lock, disable, end sessions.

        That takes an administrator of the account's organisation and of each one where it has a
        role; else who administers a county would become whom it likes in the province.
        """
        where = self.orgs_by_role.get("administrator", _NOWHERE)
        return all(org in where for org in (account.org, *(g.org for g in account.grants)))


def account_of(row: Mapping[Any, Any], grants: Iterable[Grant]) -> Account:
    """The account in a row of its table, without anything secret."""
    return Account(
        id=row["id"], login=row["login"], name=row["name"], org=row["org"], state=row["state"],
        totp=row["totp_on"], lang=row["lang"], grants=tuple(grants),
        locked_until=row["locked_until"], issuer=row["issuer"] or "",
    )  # fmt: skip


def resolve(
    account: Account,
    tree: Tree,
    *,
    session: str = "",
    key: str = "",
    scopes: frozenset[str] = frozenset(SCOPES),
) -> Person:
    """The person behind an account, with what its grants reach in this tree."""
    where: dict[Role, frozenset[str]] = {}
    anywhere = _NOWHERE
    for grant in account.grants:
        reached = tree.covers(grant.org)
        where[grant.role] = where[grant.role] | reached if grant.role in where else reached
        anywhere = anywhere | reached if anywhere else reached
    if anywhere:
        where["viewer"] = anywhere
    return Person(account, where, session, key, scopes, tree.above(account.org))
