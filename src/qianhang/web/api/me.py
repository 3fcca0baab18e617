"""Who asks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from qianhang.access import accounts, organisations
from qianhang.web.api.shapes import Named, Sent
from qianhang.web.asked import Asked, Who
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


class MeChange(Sent):
    """What shall be otherwise with one's own account; what is null stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "李娜", "lang": "zh"}]})

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    lang: Literal["zh", "en"] | None = None


@routes.get("", "signed")
def get_me(ask: Who) -> Me:
    """The account behind the key or session, its organisation, roles and scopes."""
    return _me(ask, name=ask.who.account.name, lang=ask.who.account.lang)


@routes.patch("", "signed", scope="admin")
def change_me(ask: Who, wanted: MeChange) -> Me:
    """One's own account under another name, or in another language."""
    who, changed = ask.who.account.id, wanted.model_dump(exclude_none=True)
    if changed:
        with ask.store.write() as tx:
            accounts.change(tx, who, by=who, at=ask.now, **changed)
    found = accounts.find(ask.store, who)
    return _me(ask, name=found.name, lang=found.lang)


def _me(ask: Asked, *, name: str, lang: str) -> Me:
    who, tree = ask.who, organisations.tree(ask.store)

    def named(org: str) -> Named:
        return Named(id=org, name=tree.find(org).name)

    return Me(
        id=who.account.id,
        login=who.account.login,
        name=name,
        lang=lang,
        org=named(who.account.org),
        grants=[Grant(org=named(g.org), role=g.role) for g in who.account.grants],
        roles={role: len(orgs) for role, orgs in sorted(who.orgs_by_role.items())},
        by="key" if who.key else "session",
        scopes=sorted(who.scopes),
    )
