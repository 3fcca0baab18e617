"""What each request to the API passes before its function: rates, roles, a sound body, and once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from qianhang.access import Person, answers
from qianhang.access.attempts import place_of
from qianhang.core.errors import UsageError
from qianhang.web.asked import admitted, identified
from qianhang.web.rates import Rates, Shared
from qianhang.web.site import Site
from qianhang.web.statuses import status_of

__all__ = ["Turnstile"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PIECE = 2**20
_JSON_LIMIT = 16 * 2**20
Answers = Callable[[Request], Coroutine[Any, Any, Response]]


class Turnstile(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> Answers:
        """The route's function with everything before it."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            request = _Read(request.scope, request.receive)
            person, headers = await run_in_threadpool(_entered, request)
            admitted(request)
            _expect_text(request)
            key = request.headers.get("idempotency-key", "")
            unsafe = request.method not in _SAFE
            if unsafe and not _is_form(request):
                _expect_small(await request.body())
            response = (
                await _once(request, answer, who=_asker(request, person), key=key)
                if key and unsafe
                else await answer(request)
            )
            response.headers.update(headers)
            return response

        return handle


class _Read(Request):
    """A request whose JSON is UTF-8 through and through, not too deep, and without NUL."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as cause:
            raise json.JSONDecodeError(cause.msg, "", cause.pos) from None
        if b"\\u0000" in body and _has_nul(value):
            raise json.JSONDecodeError("the character NUL", "", body.index(b"\\u0000"))
        return value


def _has_nul(value: Any) -> bool:
    """Whether a text of the JSON value holds NUL, which no database keeps."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str) and "\0" in one:
            return True
        if isinstance(one, dict):
            todo += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            todo += one
    return False


def _entered(request: Request) -> tuple[Person | None, dict[str, str]]:
    """Who asks, and the headers that tell how many requests are left.

    Raises UsageError where there are none.
    """
    person = identified(request)
    return person, _counted(request, person)


def _counted(request: Request, person: Person | None) -> dict[str, str]:
    """The headers that tell how many requests are left; kept for an answer that is an error.

    Raises UsageError where there are none.
    """
    rates: Rates | Shared = request.app.state.rates
    taken = rates.take(f"account {person.account.id}" if person else f"address {_place(request)}")
    request.state.headers = taken.headers
    if taken.refused:
        raise UsageError(
            "QH884", f"more than {taken.limit} requests in a minute",
            hint=f"wait {taken.wait_s} s",
        )  # fmt: skip
    return taken.headers


def _place(request: Request) -> str:
    return place_of(request.client.host if request.client else "")


def _asker(request: Request, person: Person | None) -> str:
    """Whose keys a request's is among: an account's, or those that come from one address."""
    # No account is called so; an address of IPv6 may be longer than what is kept.
    return person.account.id if person else f"from {_place(request)}"[:40]


def _expect_text(request: Request) -> None:
    if "\0" in request.url.path or "\0" in request.scope["path"] or "%00" in request.url.query:
        raise UsageError("QH880", "the address holds the character NUL")


def _expect_small(body: bytes) -> None:
    if len(body) > _JSON_LIMIT:
        raise UsageError("QH886", f"the body is larger than {_JSON_LIMIT:,} bytes")


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _once(request: Request, answer: Answers, *, who: str, key: str) -> Response:
    """The answer, carried out once for a key; what was answered before is answered again.

    What came to nothing is forgotten, so that it may be sent again.
    Raises UsageError where the key came with another body, or is being carried out.
    """
    site: Site = request.app.state.site
    route = hashlib.sha256(f"{request.method} {request.url.path}".encode()).hexdigest()
    try:
        body = await _digest(request)
        held = await run_in_threadpool(_claimed, request, who, key=key, route=route, body=body)
        if held.answer:
            return _again(held.answer)
        response = await _released(answer, request, site=site, held=held)
    finally:
        await request.close()
    kept: bytes = getattr(request.state, "kept", bytes(response.body))
    await run_in_threadpool(
        answers.finish, site.store, held, status=response.status_code,
        media=response.headers.get("content-type", ""), response=kept.decode(),
    )  # fmt: skip
    return response


def _claimed(request: Request, who: str, *, key: str, route: str, body: str) -> answers.Claim:
    """The right to carry the request out; whoever comes too early is told when to come again."""
    site: Site = request.app.state.site
    try:
        return answers.claim(site.store, who, key=key, route=route, body=body, now=site.clock())
    except UsageError as cause:
        if status_of(cause) == 409:
            request.state.headers["Retry-After"] = "1"
        raise


def _again(found: answers.Answer) -> Response:
    replayed = Response(found.response, found.status, media_type=found.media or None)
    replayed.headers["Idempotent-Replay"] = "true"
    return replayed


async def _released(
    answer: Answers, request: Request, *, site: Site, held: answers.Claim
) -> Response:
    """The answer; where it fails, the claim is given back.

    Not where the request was cut off: its function may still be at work in its thread.
    """
    try:
        return await answer(request)
    except Exception:
        await run_in_threadpool(answers.release, site.store, held)
        raise


async def _digest(request: Request) -> str:
    """sha256 of what was sent; of a form what its fields hold, since its borders are chance."""
    found = hashlib.sha256(request.url.query.encode())
    if not _is_form(request):
        found.update(await request.body())
        return found.hexdigest()
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            found.update(f"\0{name}\0{value.filename}\0".encode())
            while piece := await value.read(_PIECE):
                found.update(piece)
            await value.seek(0)
        else:
            found.update(f"\0{name}\0{value}\0".encode("utf8", "replace"))
    return found.hexdigest()
