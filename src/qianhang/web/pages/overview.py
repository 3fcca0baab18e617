"""The start: the overview for whoever is signed in, the public portal for everybody else."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import quote

from starlette.responses import Response

from qianhang.compute.green.pue import LIMIT
from qianhang.plan import boundary
from qianhang.runs import shelf
from qianhang.web import sheets
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.portal import start
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import network, overview, payers, plans, tiles
from qianhang.web.views.spending import spent

__all__ = ["routes"]

routes = Pages()


@routes.get("/", "public")
def first(ask: Who) -> Response:
    """The overview, or the portal's start for a stranger."""
    if ask.person is None:
        return start(ask)
    return _overview(ask)


@routes.get("/map.json", "signed")
def drawn(ask: Who) -> Response:
    """The operator's own map, where one was imported."""
    found = boundary.boundary(ask.store)
    if found is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=3600", "ETag": f'"{found.sha256[:16]}"'}
    body = boundary.content(ask.store, found)
    return Response(body, media_type="application/geo+json", headers=headers)


@routes.get("/map.csv", "signed")
@routes.get("/map.xlsx", "signed")
def counted(ask: Who) -> Response:
    """The numbers of the map, or of the cities of one province, as CSV or XLSX."""
    stood = plans.stood(ask, plans.seen_plans(ask), on=plans.today(ask))
    found = tiles.map_of(tiles.tallies(ask, stood), measure="", province=ask.query("province"))
    kind, part = ask.request.url.path.rpartition(".")[2], found.chosen
    title = ask.t("overview.map") if part is None else part.name if ask.lang == "zh" else part.en
    table = tiles.table(found.cities if part else found.provinces)
    content = sheets.sheet_of(table, kind=kind, lang=ask.lang, title=title)
    kept = quote(f"{title}.{kind}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{kept}"}
    return Response(content, media_type=sheets.KINDS[kind], headers=headers)


def _overview(ask: Asked) -> Response:
    seen = plans.seen_plans(ask)
    stood = plans.stood(ask, seen, on=plans.today(ask))
    counts = overview.states(stood)
    first_late, late = overview.late(stood)
    known = tiles.tallies(ask, stood)
    own = boundary.boundary(ask.store)
    drawn = tiles.regions(known, own.regions, lang=ask.lang) if own else {}
    province = ask.query("province") or tiles.only_province(known)
    chosen = tiles.map_of(known, measure=ask.query("measure"), province=province)
    return page(
        ask, "overview/overview.html", plans=seen, counts=counts, shares=plans.shares(counts),
        targets=counts.total(), late=first_late, late_count=late, shelf=overview.scenarios(ask),
        load=overview.load(ask), compute=network.load(ask), spent=spent(ask),
        names=payers.names(ask), news=overview.changed(ask, seen), map=chosen,
        elsewhere=tiles.elsewhere(known),
        boundary=own, regions={name: asdict(one) for name, one in drawn.items()},
        titles={e.id: e.title for e in shelf.entries()},
        office=ask.who.may("programme_office"), pue_limit=LIMIT,
    )  # fmt: skip
