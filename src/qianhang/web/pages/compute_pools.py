"""Pools: the network on a map and as a table, and a pool's own page."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Form
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from qianhang.access import organisations
from qianhang.charts import Table
from qianhang.compute.door import census, listing, plant
from qianhang.compute.door.listing import Filter
from qianhang.web import sheets
from qianhang.web.asked import Asked, Who
from qianhang.web.figures import figure_of
from qianhang.web.pages.compute import back, compute_page
from qianhang.web.routes import Pages
from qianhang.web.views import pool_use, pools

__all__ = ["routes"]

routes = Pages("/compute")


@routes.get("", "signed")
def network(ask: Who) -> HTMLResponse:
    """Every pool with its load, on the map of tiles and as a table."""
    found = pools.lines(ask)
    return compute_page(
        ask, "pools", tab="pools", pools=found, rows=[(one.row,) for one in found],
        open=census.open_jobs(ask.store, ask.who.covers),
        map=pools.map_of(found, province=ask.query("province")),
    )  # fmt: skip


@routes.get("/pools.csv", "signed")
@routes.get("/pools.xlsx", "signed")
def listed(ask: Who) -> Response:
    """The pools as a table, as CSV or XLSX."""
    return _file(ask, pools.table(pools.lines(ask)), title=ask.t("compute_tab.pools"))


@routes.get("/pools/{pool}", "signed")
def pool(ask: Who, pool: str) -> HTMLResponse:
    """A pool: its stock, its use over a week, the reader's jobs on it; its operator's switch."""
    found = pools.one(ask, pool)
    drawn = figure_of(
        pool_use.chart(ask, found), ask.lang, key="use", address=f"/compute/pools/{pool}"
    )
    names = {one.id: one.name for one in organisations.organisations(ask.store)}
    recent = listing.lines(ask.store, ask.who.covers, Filter(pool=pool), limit=20)
    return compute_page(
        ask, "pool", tab="pools", one=found, figure=drawn, names=names, recent=recent
    )


@routes.get("/pools/{pool}/use.csv", "signed")
@routes.get("/pools/{pool}/use.xlsx", "signed")
def used(ask: Who, pool: str) -> Response:
    """The pool's use by the hour, as CSV or XLSX."""
    chart = pool_use.chart(ask, pools.one(ask, pool))
    return _file(ask, chart.table, title=ask.word(chart.title))


@routes.post("/pools/{pool}/turn", "pool_operator")
def turns(ask: Who, pool: str, state: Annotated[Literal["open", "draining"], Form()]) -> Response:
    """The pool drained or opened again by whoever runs it."""
    found = plant.held(ask.store, pool)
    pools.require(ask, found)
    plant.turn(ask.store, found.pool.id, state, by=ask.who.account.id, at=ask.now)
    return back(f"/compute/pools/{found.pool.id}", state)


def _file(ask: Asked, table: Table, *, title: str) -> Response:
    """The table as the address's ending says: CSV or XLSX."""
    kind = ask.request.url.path.rpartition(".")[2]
    content = sheets.sheet_of(table, kind=kind, lang=ask.lang, title=title)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{title}.{kind}')}"}
    return Response(content, media_type=sheets.KINDS[kind], headers=headers)
