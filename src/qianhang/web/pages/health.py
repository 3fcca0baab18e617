"""Whether the server lives, is ready, and how much it has done: for the operator's own tools."""

from __future__ import annotations

from fastapi.responses import PlainTextResponse

from qianhang.core.errors import StoreError
from qianhang.web.asked import Who
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages()


@routes.get("/healthz", "public")
def alive(_: Who) -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@routes.get("/readyz", "public")
def ready(ask: Who) -> PlainTextResponse:
    """The store answers too."""
    try:
        ask.store.entries(limit=1)
    except StoreError as cause:
        return PlainTextResponse(f"{cause.code}\n", status_code=503)
    return PlainTextResponse("ready\n")


@routes.get("/metrics", "public")
def metrics(ask: Who) -> PlainTextResponse:
    """Requests by route, status and time, as Prometheus reads them."""
    text = ask.request.app.state.meters.text()
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")
