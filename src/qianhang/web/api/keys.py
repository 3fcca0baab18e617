"""One's own API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.access import keys
from qianhang.access.keys import ApiKey
from qianhang.core.errors import AccessRefused
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.secrets import without
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints

__all__ = ["Key", "KeyId", "Keys", "routes", "shown"]

routes = Endpoints("/keys", tag="keys")
KeyId = Annotated[str, Path(description="Id of a key", max_length=40, examples=["3f1b2c4d5e6f"])]
Scope = Literal["read", "run", "plan", "data", "safety", "billing", "admin"]


class Key(BaseModel):
    """A key without its secret; times in UTC."""

    id: str = Field(examples=["3f1b2c4d5e6f"])
    name: str = Field(examples=["夜间同步"])
    scopes: list[str] = Field(examples=[["read", "run"]])
    made: str = Field(description="UTC", examples=["2026-03-01T08:00:00Z"])
    expires: str = Field(description="UTC", examples=["2026-05-30T08:00:00Z"])
    used: str = Field(description="Last use, UTC, to a minute; empty where never", examples=[""])


class Keys(Page):
    """A page of keys, the oldest first."""

    items: list[Key]


class NewKey(Sent):
    """A key to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "夜间同步", "scopes": ["read"], "days": 90}]}
    )

    name: str = Field(min_length=1, max_length=160)
    scopes: list[Scope] = Field(min_length=1, max_length=6)
    days: int = Field(default=90, description="Days until it ends", ge=1, le=366)


class MadeKey(BaseModel):
    """A key and its secret."""

    key: Key
    secret: str | None = Field(
        description="Told once; null in an answer that is repeated", examples=[None]
    )


@routes.get("", "signed")
def list_keys(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> Keys:
    """The keys of one's own account."""
    found = keys.keys(ask.store, ask.who.account.id)
    page, next_ = sliced(found, cursor, limit=limit, key=lambda k: (k.made, k.id))
    return Keys(items=[shown(k) for k in page], next=next_)


@routes.post("", "signed", scope="admin", status_code=201)
def create_key(ask: Who, wanted: NewKey) -> MadeKey:
    """A new key of one's own; a key makes none that may do more than itself, a session none here.

    The console's page makes keys for whoever is signed in, since it asks who that is once more.
    """
    if ask.who.session:
        raise AccessRefused(
            "QH911", "by a session keys are made on the account's page, which asks who you are",
            hint="make the key at /account, or sign this request with a key",
        )  # fmt: skip
    beyond = sorted(set(wanted.scopes) - ask.who.scopes)
    if beyond:
        raise AccessRefused(
            "QH908", f"this API key has no scope {beyond[0]!r} to give", hint="sign in instead"
        )
    who = ask.who.account.id
    with ask.store.write() as tx:
        made, secret = keys.create_key(
            tx, who, name=wanted.name, scopes=wanted.scopes, by=who, at=ask.now,
            expires=ask.now + timedelta(days=wanted.days),
        )  # fmt: skip
    without(ask, MadeKey(key=shown(made), secret=None))
    return MadeKey(key=shown(made), secret=secret)


@routes.delete("/{key}", "signed", scope="admin")
def delete_key(ask: Who, key: KeyId) -> None:
    """The key opens nothing any more."""
    who = ask.who.account.id
    with ask.store.write() as tx:
        keys.revoke_key(tx, key, account=who, by=who, at=ask.now)


def shown(found: ApiKey) -> Key:
    """The key as the API shows it."""
    return Key(
        id=found.id, name=found.name, scopes=sorted(found.scopes), made=found.made,
        expires=found.expires, used=found.used,
    )  # fmt: skip
