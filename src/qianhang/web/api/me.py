"""Who asks."""

from __future__ import annotations

from pydantic import BaseModel, Field

from qianhang.access import organisations
from qianhang.web.api.shapes import Named
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/me", tag="me")


class Grant(BaseModel):
    """A role at an organisation."""

    org: Named
    role: str = Field(description="Role", examples=["developer"])


class Me(BaseModel):
    """The account that asks, and what it may do."""

    id: str = Field(description="Id of the account", examples=["3f1b2c4d5e6f"])
    login: str = Field(description="Login", examples=["li.na"])
    name: str = Field(description="Name", examples=["李娜"])
    lang: str = Field(description="Language: zh or en", examples=["zh"])
    org: Named
    grants: list[Grant] = Field(description="Roles as they were given")
    roles: dict[str, int] = Field(
        description="Role -> how many organisations it reaches", examples=[{"viewer": 3}]
    )
    by: str = Field(description="How the request was signed: key or session", examples=["key"])
    scopes: list[str] = Field(description="What the key may be used for", examples=[["read"]])


@routes.get("", "signed")
def get_me(ask: Who) -> Me:
    """The account behind the key or session, its organisation, roles and scopes."""
    who, tree = ask.who, organisations.tree(ask.store)

    def named(org: str) -> Named:
        return Named(id=org, name=tree.find(org).name)

    return Me(
        id=who.account.id,
        login=who.account.login,
        name=who.account.name,
        lang=who.account.lang,
        org=named(who.account.org),
        grants=[Grant(org=named(g.org), role=g.role) for g in who.account.grants],
        roles={role: len(orgs) for role, orgs in sorted(who.orgs_by_role.items())},
        by="key" if who.key else "session",
        scopes=sorted(who.scopes),
    )
