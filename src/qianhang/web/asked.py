"""One request as a page or the API sees it: who asks, in which language, of which store."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from qianhang.access import Person, keys, sessions
from qianhang.core.errors import AccessRefused
from qianhang.core.manifest import Words
from qianhang.core.words import Lang
from qianhang.store import Settings, Store
from qianhang.web import words
from qianhang.web.site import Site

__all__ = [
    "LANG_COOKIE",
    "Asked",
    "Who",
    "admitted",
    "asked",
    "identified",
    "language_of",
    "session_cookie",
    "told",
]

LANG_COOKIE = "qh-lang"
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request whose role has been checked.

    person : who asks; None on public routes without a session
    """

    request: Request
    site: Site
    person: Person | None
    lang: Lang
    now: datetime

    @property
    def store(self) -> Store:
        """The open store."""
        return self.site.store

    @property
    def settings(self) -> Settings:
        """The settings of the server."""
        return self.site.settings

    @property
    def who(self) -> Person:
        """The person who asks.

        Raises AccessRefused on a public route without a session.
        """
        if self.person is None:
            raise AccessRefused("QH907", "nobody is signed in", hint="sign in")
        return self.person

    @property
    def by(self) -> str:
        """The name under which what this person does is written down."""
        return self.who.account.name

    @property
    def address(self) -> str:
        """Where the request comes from, as far as the connection tells."""
        return self.request.client.host if self.request.client else ""

    def query(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.request.query_params.get(name, default)

    def t(self, key: str, **values: object) -> str:
        """The console's text in the reader's language."""
        return words.say(key, lang=self.lang, **values)

    def word(self, value: Words) -> str:
        """The text in the reader's language."""
        return value.en if self.lang == "en" else value.zh


def session_cookie(site: Site) -> str:
    """The name of the session's cookie; the browser holds `__Host-` to https and to no domain."""
    return "__Host-qh" if site.encrypted else "qh"


def language_of(request: Request, person: Person | None) -> Lang:
    """The language chosen in this browser, else the account's, else the browser's own."""
    chosen = request.cookies.get(LANG_COOKIE) or (person.account.lang if person else "")
    if chosen in ("zh", "en"):
        return "en" if chosen == "en" else "zh"
    first = request.headers.get("accept-language", "").split(",")[0].lower()
    return "en" if first.startswith("en") else "zh"


def asked(request: Request) -> Asked:
    """The request with its person; refused where the route's role is not theirs."""
    site: Site = request.app.state.site
    person = admitted(request)
    return Asked(request, site, person, language_of(request, person), site.clock())


def identified(request: Request) -> Person | None:
    """Who asks, looked up once a request; None where nobody is signed in."""
    if not hasattr(request.state, "person"):
        site: Site = request.app.state.site
        request.state.person = _person(request, site, site.clock())
    person: Person | None = request.state.person
    return person


def admitted(request: Request) -> Person | None:
    """Who asks, where the route is open to them.

    Raises AccessRefused where it is not.
    """
    person = identified(request)
    _admit(person, _wanted(request), scope=_scope(request))
    return person


async def told(request: Request) -> Asked:
    """`asked`, in a thread only where who asks must still be looked up."""
    if hasattr(request.state, "person"):
        return asked(request)
    return await run_in_threadpool(asked, request)


Who = Annotated[Asked, Depends(told)]


def _person(request: Request, site: Site, now: datetime) -> Person | None:
    bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if bearer:
        return keys.key_of(site.store, bearer[1], now=now)
    token = request.cookies.get(session_cookie(site), "")
    return sessions.of(site.store, token, now=now) if token else None


def _wanted(request: Request) -> tuple[str, ...]:
    """The roles of the route, one of which is needed; a route that declares none lets nobody in."""
    return tuple(_declared(request).get("x-roles", ()))


def _scope(request: Request) -> str:
    return str(_declared(request).get("x-scope", ""))


def _declared(request: Request) -> dict[str, Any]:
    extra: dict[str, Any] = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    return extra


def _admit(person: Person | None, roles: Iterable[str], *, scope: str) -> None:
    wanted = tuple(roles)
    if "public" in wanted:
        return
    if person is None:
        raise AccessRefused("QH907", "nobody is signed in", hint="sign in")
    if person.key and scope not in person.scopes:
        raise AccessRefused(
            "QH908", f"this API key has no scope {scope!r}", hint="make a key with that scope"
        )
    if "signed" in wanted or any(person.may(role) for role in wanted):  # type: ignore[arg-type]  # roles are checked where routes are declared
        return
    raise AccessRefused(
        "QH906",
        f"this needs the role {' or '.join(wanted) or 'of nobody'}",
        hint="ask an administrator for it",
    )
