"""Each address is answered by the route that comes first, as if all were tried one by one."""

import re

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Route, Router
from starlette.testclient import TestClient

from qianhang.web.directory import Directory

PATHS = ("/", "/a", "/a/b", "/a/{x}", "/a/{x}/c", "/m/{x:path}/{n:int}", "/m/{x}", "/api/v1/a/{x}")


def _route(path, method):
    return Route(path, lambda _: PlainTextResponse(f"{method} {path}"), methods=[method])


@pytest.fixture(scope="module")
def both():
    """A client of the routes one by one, and one of the same behind the directory."""
    plain = [_route(path, method) for path in PATHS for method in ("GET", "POST")]
    return [TestClient(Router(one)) for one in (plain, [Directory(plain), *plain])]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/", "/a/b", "/a/x", "/a/x/c", "/m/x", "/m/x/y/3", "/m/x/y", "/n", "/api/v1/a/x", "/api/v1", "/api"]
)  # fmt: skip
def test_the_directory_answers_as_the_routes_one_by_one(both, method, path):
    told = [client.request(method, path, follow_redirects=False) for client in both]
    first, second = ((a.status_code, a.text, a.headers.get("allow")) for a in told)
    assert first == second


def test_every_route_of_the_console_is_found_by_its_own_address(site):
    directory, *routes = site.app.router.routes
    for one in routes:
        if not isinstance(one, Route):
            continue
        path = re.sub(r"\{\w+(:\w+)?\}", "1", one.path)
        scope = {"type": "http", "path": path, "root_path": ""}
        for method in one.methods:
            match, child = directory.matches(scope | {"method": method})
            assert match is Match.FULL
            expected = next(
                r for r in routes if r.matches(scope | {"method": method})[0] is Match.FULL
            )
            assert child["route"] is expected


def test_a_route_of_every_section_is_refused():
    with pytest.raises(ValueError, match="every section"):
        Directory([_route("/{x}/a", "GET")])
