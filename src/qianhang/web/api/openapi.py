"""The description of the API itself."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from qianhang.web.asked import Who
from qianhang.web.described import described
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("", tag="openapi")


@routes.get("/openapi.json", "public", include_in_schema=False)
def get_openapi(ask: Who) -> Response:
    """Every operation, with its roles, scope, shapes and problems, as OpenAPI 3.1."""
    state = ask.request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = orjson.dumps(described(ask.request.app))
    return Response(state.openapi, media_type="application/json")
