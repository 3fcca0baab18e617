"""What is asked for by programs, not people: is the server alive, how much has it done, styles."""

from __future__ import annotations

from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from qianhang.charts.style import RULES
from qianhang.core.errors import StoreError
from qianhang.runs import census
from qianhang.web.asked import Who
from qianhang.web.meters import process_text
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages()


@routes.get("/healthz", "public")
async def alive() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@routes.get("/readyz", "public")
def ready(ask: Who) -> PlainTextResponse:
    """The store answers too."""
    try:
        census.reach(ask.store)
    except StoreError as cause:
        return PlainTextResponse(f"{cause.code}\n", status_code=503)
    return PlainTextResponse("ready\n")


@routes.get("/style/pictures.css", "public")
def pictures(_: Who) -> Response:
    """How the pictures in a report are drawn, in the colours of the page around them."""
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(RULES, media_type="text/css; charset=utf-8", headers=headers)


@routes.get("/metrics", "public")
def metrics(ask: Who) -> PlainTextResponse:
    """Requests, the work in the store, this process, as Prometheus reads them."""
    state = ask.request.app.state
    text = state.meters.text() + state.stock.text() + process_text()
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")
