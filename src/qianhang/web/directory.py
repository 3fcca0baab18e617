"""Which of hundreds of routes answers an address: looked up, where the router tries one by one."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.convertors import PathConvertor
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

__all__ = ["Directory"]

_Key = tuple[str, str, int]


class Directory(BaseRoute):
    """Stands before the routes and answers for whichever of them comes first.

    What none of them answers is left to the router, which knows what to say of it.

    routes : in the order in which they are tried
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        known = [one for one in routes if isinstance(one, Route)]
        # A part of an address that may hold slashes: the number of its parts says nothing there.
        self._deep = {_section(one.path) for one in known if _takes_slashes(one)}
        self._found: dict[_Key, list[Route]] = {}
        if any(_section(one.path).startswith("{") for one in known):
            raise ValueError("a route whose address begins with a value belongs to every section")
        for one in known:
            for method in one.methods or ():
                self._found.setdefault(self._key(method, one.path), []).append(one)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """What the first route says that answers the whole request."""
        if scope["type"] == "http" and not scope.get("root_path"):
            for route in self._found.get(self._key(scope["method"], scope["path"]), ()):
                match, child = route.matches(scope)
                if match is Match.FULL:
                    return match, {**child, "route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer of the route that was found."""
        await scope["route"].handle(scope, receive, send)

    def _key(self, method: str, path: str) -> _Key:
        section = _section(path)
        return method, section, 0 if section in self._deep else path.count("/")


def _section(path: str) -> str:
    """The first part of an address, of the API's the first after its version."""
    parts = path.split("/", 4)
    return "/".join(parts[1:4]) if parts[1:3] == ["api", "v1"] else parts[1]


def _takes_slashes(route: Route) -> bool:
    return any(isinstance(one, PathConvertor) for one in route.param_convertors.values())
