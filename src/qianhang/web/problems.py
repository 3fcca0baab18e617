"""Errors as an answer: a page for a person, problem+json (RFC 9457) for the API."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from qianhang.access import Person
from qianhang.core.errors import AccessRefused, QianhangError
from qianhang.web.asked import Asked, identified, language_of
from qianhang.web.render import page
from qianhang.web.site import Site
from qianhang.web.statuses import status_of

__all__ = ["install", "refused", "status_of", "unknown"]

_LOG = logging.getLogger("qianhang.web")
_MOST_ERRORS = 50


def install(app: FastAPI) -> None:
    """Answer every error of `app` in words, with its code."""
    app.add_exception_handler(QianhangError, _named)  # type: ignore[arg-type]  # Starlette types handlers by Exception
    app.add_exception_handler(RequestValidationError, _unreadable)  # type: ignore[arg-type]  # as above
    app.add_exception_handler(HTTPException, _plain)  # type: ignore[arg-type]  # as above


def _named(request: Request, error: QianhangError) -> Response:
    if error.code == "QH907" and _from_browser(request):
        back = request.url.path if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?next={quote(back)}", status_code=303)
    return _answer(request, status_of(error), error.code, error.message, error.hint)


def _unreadable(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    return _answer(request, 422, "QH880", f"{_place(first)}: {first['msg']}", "", found=error)


def _plain(request: Request, error: HTTPException) -> Response:
    code = {404: "QH881", 405: "QH882"}.get(error.status_code, "QH880")
    request.state.headers = {**_headers(request), **(error.headers or {})}
    return _answer(request, error.status_code, code, str(error.detail), "")


def unknown(request: Request, error: Exception) -> Response:
    """The answer to an error that nobody named, which is in the log under the request's id."""
    _LOG.error({"request": _id(request), "message": "failed"}, exc_info=error)
    return _answer(request, 500, "QH889", f"request {_id(request)} failed", "see the server's log")


def refused(request: Request, status: int, code: str, text: str) -> Response:
    """The answer to a request that no route was asked about, or whose body was not taken.

    Nobody is looked up for it: whoever floods us costs no query.
    """
    if not hasattr(request.state, "person"):
        request.state.person = None
    return _answer(request, status, code, text, "")


def _answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    hint: str,
    *,
    found: RequestValidationError | None = None,
) -> Response:
    if not _from_browser(request):
        body = {
            "type": f"/docs/errors#{code}", "title": message, "status": status, "code": code,
            "hint": hint, "instance": request.url.path, "request": _id(request),
            "errors": [{"where": _place(e), "message": e["msg"]} for e in _first(found)],
        }  # fmt: skip
        headers = _headers(request)
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        text = orjson.dumps(body, default=str)
        return Response(text, status, headers, media_type="application/problem+json")
    site: Site = request.app.state.site
    person = _reader(request, status)
    ask = Asked(request, site, person, language_of(request, person), site.clock())
    return page(
        ask,
        "problem.html",
        status=status,
        error={"code": code, "message": message, "hint": hint},
        id=_id(request),
    )


def _reader(request: Request, status: int) -> Person | None:
    """Who reads the error: whoever is signed in stays so; a store that fails is not asked again."""
    if status >= 500:
        return getattr(request.state, "person", None)
    try:
        return identified(request)
    except AccessRefused:
        return None


def _first(found: RequestValidationError | None) -> Sequence[Any]:
    return found.errors()[:_MOST_ERRORS] if found else ()


def _place(error: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in error["loc"])[:200]


def _headers(request: Request) -> dict[str, str]:
    """What every answer to this request says beside its body."""
    return dict(getattr(request.state, "headers", {}))


def _from_browser(request: Request) -> bool:
    return not request.url.path.startswith("/api/")


def _id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))
