"""The tree of organisations, as far as one administers it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang import access
from qianhang.access import administration, organisations, tickets
from qianhang.access.tree import SEALED_KINDS
from qianhang.plan import items
from qianhang.runs import asks, listing
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.rights import require
from qianhang.web.api.secrets import without
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["OrgId", "routes"]

routes = Endpoints("/organisations", tag="organisations")
OrgId = Annotated[str, Path(description="Id of an organisation", max_length=40, examples=["root"])]
Kind = Literal[
    "province", "city", "county", "department", "company", "hospital", "school", "bank", "other"
]


class Organisation(BaseModel):
    """One organisation."""

    id: str = Field(examples=["3f1b2c4d5e6f"])
    name: str = Field(examples=["水务局"])
    kind: str = Field(examples=["department"])
    parent: str | None = Field(description="Id of the one above; null for the platform")
    sealed: bool = Field(description="Whether grants above stop here")


class Organisations(Page):
    """A page of organisations."""

    items: list[Organisation]


class Founder(Sent):
    """The first administrator of a new organisation."""

    login: str = Field(min_length=2, max_length=64, examples=["wang.fang"])
    name: str = Field(min_length=1, max_length=80, examples=["王芳"])


class Founded(Organisation):
    """A new organisation."""

    link: str | None = Field(
        description="Path at which its administrator sets a password, told once; null where none "
        "was named, and in an answer that is repeated"
    )


class NewOrganisation(Sent):
    """An organisation to be added."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "水务局", "kind": "department", "parent": "root"}]}
    )

    name: str = Field(min_length=1, max_length=160)
    kind: Kind
    parent: str = Field(default="root", description="Id of the one above", max_length=40)
    sealed: bool | None = Field(default=None, description="As its kind is, where null")
    administrator: Founder | None = Field(
        default=None, description="Needed where it is sealed: one's own grant stops there"
    )


class OrganisationChange(Sent):
    """What shall be otherwise; what is null stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "水利局"}]})

    name: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    parent: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="Moved, with all below, under this one"
    )
    sealed: bool | None = None


@routes.get("", "administrator")
def list_organisations(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> Organisations:
    """The organisations that the reader administers, in order of name."""
    found = [
        o for o in organisations.organisations(ask.store) if ask.who.may("administrator", o.id)
    ]
    page, next_ = sliced(found, cursor, limit=limit, key=lambda o: (o.name, o.id))
    return Organisations(items=[_shape(o) for o in page], next=next_)


@routes.post("", "administrator", scope="admin", status_code=201)
def create_organisation(ask: Who, wanted: NewOrganisation) -> Founded:
    """A new organisation below one that the reader administers."""
    require(ask, wanted.parent, "administrator")
    sealed = wanted.kind in SEALED_KINDS if wanted.sealed is None else wanted.sealed
    first = wanted.administrator
    with ask.store.write() as tx:
        made, secret = administration.found_organisation(
            tx, wanted.name, kind=wanted.kind, parent=wanted.parent, sealed=sealed,
            first=(first.login, first.name) if first else None,
            by=ask.who.account.id, at=ask.now,
        )  # fmt: skip
    told = Founded(**_shape(made).model_dump(), link=None)
    without(ask, told)
    return told.model_copy(update={"link": tickets.link(secret)}) if secret else told


@routes.get("/{org}", "administrator")
def get_organisation(ask: Who, org: OrgId) -> Organisation:
    """One organisation."""
    require(ask, org, "administrator")
    return _shape(organisations.find_organisation(ask.store, org))


@routes.patch("/{org}", "administrator", scope="admin")
def change_organisation(ask: Who, org: OrgId, wanted: OrganisationChange) -> Organisation:
    """The organisation renamed, moved or sealed: all of it, or nothing."""
    require(ask, org, "administrator")
    old = organisations.find_organisation(ask.store, org)
    if wanted.parent is not None:
        require(ask, wanted.parent, "administrator")
        if old.parent is not None:
            require(ask, old.parent, "administrator")
    by, at = ask.who.account.id, ask.now
    with ask.store.write() as tx:
        if wanted.name is not None:
            organisations.rename_organisation(tx, org, name=wanted.name, by=by, at=at)
        if wanted.parent is not None:
            organisations.move_organisation(tx, org, parent=wanted.parent, by=by, at=at)
        if wanted.sealed is not None:
            if wanted.sealed:
                administration.check_held_within(tx, org)
            organisations.seal_organisation(tx, org, sealed=wanted.sealed, by=by, at=at)
    return _shape(organisations.find_organisation(ask.store, org))


@routes.delete("/{org}", "administrator", scope="admin")
def delete_organisation(ask: Who, org: OrgId) -> None:
    """An organisation that nothing needs is gone."""
    require(ask, org, "administrator")
    held = tuple(_held(ask, org))
    with ask.store.write() as tx:
        organisations.delete_organisation(tx, org, by=ask.who.account.id, at=ask.now, held=held)


def _held(ask: Asked, org: str) -> list[str]:
    """What is kept in the organisation's name."""
    found = {
        "runs": listing.lines(ask.store, orgs=[org], shared=False, limit=1),
        "asks": asks.asks(ask.store, [org], 1),
        "plans": [p for p in items.plans(ask.store) if p.org == org],
    }
    return [name for name, rows in found.items() if rows]


def _shape(one: access.Organisation) -> Organisation:
    return Organisation(
        id=one.id, name=one.name, kind=one.kind, parent=one.parent, sealed=one.sealed
    )
