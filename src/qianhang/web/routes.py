"""Routes that declare who may use them: a route without a role cannot be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from qianhang.access import ROLES
from qianhang.web.described import answers
from qianhang.web.straight import Straight
from qianhang.web.turnstile import Turnstile

__all__ = ["Endpoints", "Pages"]

F = TypeVar("F", bound=Callable[..., Any])
Scope = Literal["read", "run", "plan", "data", "safety", "billing", "admin"]


class _Routes:
    """A router whose every route names its roles: "public", "signed" (anybody), or roles."""

    def __init__(self, prefix: str, **more: Any) -> None:
        self.router = APIRouter(prefix=prefix, **more)

    def _add(self, method: str, path: str, roles: tuple[str, ...], **more: Any) -> Callable[[F], F]:
        for role in roles:
            if role not in ("public", "signed", *ROLES):
                raise ValueError(f"route {path}: no role {role!r}")
        if not roles:
            raise ValueError(f"route {path}: declares no role")
        extra = dict(more.pop("openapi_extra", {})) | {"x-roles": list(roles)}
        if "scope" in more:
            extra["x-scope"] = more.pop("scope")

        def keep(function: F) -> F:
            self.router.add_api_route(
                path, function, methods=[method], openapi_extra=extra,
                operation_id=function.__name__, **more,
            )  # fmt: skip
            return function

        return keep


class Pages(_Routes):
    """Pages of the console: HTML, outside the API's description."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__(
            prefix,
            include_in_schema=False,
            default_response_class=HTMLResponse,
            route_class=Straight,
        )

    def get(self, path: str, *roles: str, **more: Any) -> Callable[[F], F]:
        """A page to look at."""
        return self._add("GET", path, roles, **more)

    def post(self, path: str, *roles: str, **more: Any) -> Callable[[F], F]:
        """A form that is sent."""
        return self._add("POST", path, roles, **more)


class Endpoints(_Routes):
    """Routes of the API under /api/v1; `scope` is what an API key must hold.

    Each declares beside its answer the problems that it may answer with.
    """

    def __init__(self, prefix: str, *, tag: str) -> None:
        super().__init__(f"/api/v1{prefix}", tags=[tag], route_class=Turnstile)

    def get(self, path: str, *roles: str, scope: Scope = "read", **more: Any) -> Callable[[F], F]:
        """Something to read."""
        return self._add("GET", path, roles, scope=scope, **more)

    def post(self, path: str, *roles: str, scope: Scope, **more: Any) -> Callable[[F], F]:
        """Something to do."""
        return self._add("POST", path, roles, scope=scope, **more)

    def patch(self, path: str, *roles: str, scope: Scope, **more: Any) -> Callable[[F], F]:
        """Something to change."""
        return self._add("PATCH", path, roles, scope=scope, **more)

    def delete(self, path: str, *roles: str, scope: Scope, **more: Any) -> Callable[[F], F]:
        """Something to take away."""
        return self._add("DELETE", path, roles, scope=scope, status_code=204, **more)

    def _add(self, method: str, path: str, roles: tuple[str, ...], **more: Any) -> Callable[[F], F]:
        statuses = _statuses(method, f"{self.router.prefix}{path}", roles)
        told = {status: answers[status] for status in statuses}
        return super()._add(method, path, roles, responses=told | more.pop("responses", {}), **more)


def _statuses(method: str, path: str, roles: tuple[str, ...]) -> Iterator[int | str]:
    """The problems with which a route may answer."""
    if "public" not in roles:
        yield 401
        yield 403
    if "{" in path:
        yield 404
    if method != "GET":
        yield from (409, 413)
    yield from (422, 429, "default")
