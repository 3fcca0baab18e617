"""Pools: the network on a map and as a table, and a pool's own page."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import HTMLResponse
from starlette.responses import Response

from qianhang.compute.door import census
from qianhang.web import sheets
from qianhang.web.asked import Who
from qianhang.web.pages.compute import compute_page
from qianhang.web.routes import Pages
from qianhang.web.views import pools

__all__ = ["routes"]

routes = Pages("/compute")


@routes.get("", "signed")
def network(ask: Who) -> HTMLResponse:
    """Every pool with its load, on the map of tiles and as a table."""
    found = pools.lines(ask)
    return compute_page(
        ask, "pools", tab="pools", pools=found, open=census.open_jobs(ask.store, ask.who.covers),
        map=pools.map_of(found, province=ask.query("province")),
    )  # fmt: skip


@routes.get("/pools.csv", "signed")
@routes.get("/pools.xlsx", "signed")
def listed(ask: Who) -> Response:
    """The pools as a table, as CSV or XLSX."""
    kind, title = ask.request.url.path.rpartition(".")[2], ask.t("compute_tab.pools")
    content = sheets.sheet_of(pools.table(pools.lines(ask)), kind=kind, lang=ask.lang, title=title)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{title}.{kind}')}"}
    return Response(content, media_type=sheets.KINDS[kind], headers=headers)
