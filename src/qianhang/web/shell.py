"""What surrounds every request: its id, limits, the same-origin check, headers, the access log."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qianhang.web.meters import Meters

__all__ = ["BODY_LIMIT", "CSP", "IDLE_S", "PACE_BPS", "Limits", "Shell"]

CSP = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; img-src 'self' data:"
)
BODY_LIMIT = 256 * 2**20
IDLE_S = 20.0
PACE_BPS = 2048.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ID = re.compile(r"[\w-]{8,64}")
_HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_LOG = logging.getLogger("qianhang.web.access")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the body of a request may be.

    body : bytes; idle_s : seconds between two parts; pace : bytes a second, after the first idle_s
    """

    body: int = BODY_LIMIT
    idle_s: float = IDLE_S
    pace: float = PACE_BPS


class _Refused(Exception):
    """The body is larger, or comes slower, than a request may."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Shell:
    """ASGI middleware around the whole application.

    encrypted : whether browsers reach us by https, so that they may be told to keep to it
    failed : what is answered where the application raises what nobody named
    refused : the answer to what is not let in, from the request, its status, a code and a text
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        meters: Meters,
        encrypted: bool,
        failed: Callable[[Request, Exception], Response],
        refused: Callable[[Request, int, str, str], Response],
        limits: Limits | None = None,
    ) -> None:
        self._app, self._meters, self._encrypted = app, meters, encrypted
        self._failed, self._refused, self._limits = failed, refused, limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        one = _One(scope, headers, said=self._said, encrypted=self._encrypted)
        try:
            refusal = _foreign(scope, headers)
            if refusal:
                await self._said(scope, 403, refusal)(scope, receive, one.sender(send))
                return
            limited = _limited(receive, headers, self._limits, one)
            await self._app(scope, limited, one.sender(send))
        except _Refused as cause:
            if not one.status:
                answer = self._said(scope, cause.status, cause.text)
                await answer(scope, receive, one.sender(send))
        except Exception as cause:
            # Answered here, since what answers it further out knows no header and no id of ours.
            answer = self._failed(Request(scope), cause)
            if one.status:
                raise
            await answer(scope, receive, one.sender(send))
        finally:
            self._meters.count(one.route, one.status or 499, one.elapsed)
            _LOG.info(one.line())

    def _said(self, scope: Scope, status: int, text: str) -> Response:
        """A refusal that no route was asked about, in the form that the asker reads."""
        code = "QH887" if status == 403 else "QH886"
        return self._refused(Request(scope), status, code, text)


class _One:
    """One request on its way: the id, the status, what is written of it."""

    def __init__(
        self,
        scope: Scope,
        headers: Headers,
        *,
        said: Callable[[Scope, int, str], Response],
        encrypted: bool,
    ) -> None:
        given = headers.get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        self.status = 0
        self.refused: _Refused | None = None
        self._scope, self._said, self._encrypted = scope, said, encrypted
        self._started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self.id

    @property
    def elapsed(self) -> float:
        """Seconds since the request came."""
        return time.perf_counter() - self._started

    @property
    def route(self) -> str:
        """The route's pattern, never the address itself, which may name a person's things."""
        return str(getattr(self._scope.get("route"), "path", "")) or "-"

    def sender(self, send: Send) -> Send:
        """`send` with our headers on the answer.

        A body that we refused is answered as such, whatever the application, which saw only that
        its reading failed, makes of it.
        """
        replaced = False

        async def ours(message: Message) -> None:
            nonlocal replaced
            if replaced:
                return
            if self.refused and not self.status:
                replaced, cause, self.refused = True, self.refused, None
                answer = self._said(self._scope, cause.status, cause.text)
                await answer(self._scope, _nothing, self.sender(send))
                return
            if message["type"] == "http.response.start":
                self.status = message["status"]
                message = {**message, "headers": self._dressed(message["headers"])}
            await send(message)

        return ours

    def _dressed(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer with ours, which give way to its own; the id is always ours."""
        kept = [one for one in given if one[0] != b"x-request-id"]
        names = {name for name, _ in kept}
        ours = (*_HEADERS, _HTTPS_ONLY) if self._encrypted else _HEADERS
        kept += [one for one in ours if one[0] not in names]
        return [*kept, (b"x-request-id", self.id.encode())]

    def line(self) -> dict[str, object]:
        """What the access log keeps: no query, no cookie, no body, no secret of an address."""
        client = self._scope.get("client") or ("", 0)
        told = "{secret}" in self.route
        return {
            "request": self.id,
            "method": self._scope["method"],
            "path": self.route if told else self._scope["path"],
            "status": self.status,
            "ms": round(self.elapsed * 1000, 1),
            "from": client[0],
        }


def _foreign(scope: Scope, headers: Headers) -> str:
    """Why an unsafe request is refused as coming from another site's page; "" where it is not.

    Keys in the Authorization header are never sent by a browser on its own.
    """
    if scope["method"] in _SAFE or headers.get("authorization", "").lower().startswith("bearer "):
        return ""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return "" if site in ("same-origin", "none") else "refused: sent by another site"
    origin = headers.get("origin")
    if origin is None:
        return "refused: neither Sec-Fetch-Site nor Origin says where this comes from"
    return "" if urlsplit(origin).netloc == headers.get("host") else "refused: another origin"


def _limited(receive: Receive, headers: Headers, limits: Limits, one: _One) -> Receive:
    """`receive` that gives up on a body that is too large or that stops coming."""
    told = headers.get("content-length", "0")
    large = f"the body is larger than {limits.body:,} bytes"
    measured = told.isdecimal() and int(told) <= limits.body
    seen, waited = 0, 0.0
    ended = False

    def refuse(status: int, text: str) -> _Refused:
        one.refused = _Refused(status, text)
        return one.refused

    async def ours() -> Message:
        nonlocal seen, waited, ended
        if not measured:
            raise refuse(413, large)
        if ended:
            return await receive()
        left = limits.idle_s + seen / limits.pace - waited
        began = time.perf_counter()
        try:
            message = await asyncio.wait_for(receive(), min(limits.idle_s, left))
        except TimeoutError:
            raise refuse(408, "the body came too slowly, or not to its end") from None
        waited += time.perf_counter() - began
        seen += len(message.get("body", b""))
        ended = not message.get("more_body", False)
        if seen > limits.body:
            raise refuse(413, large)
        return message

    return ours


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
