"""Where everything stands today: targets, scenarios, runs, compute, news, regions."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from qianhang.core.errors import UsageError
from qianhang.plan import atlas, boundary
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import finite
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import network, overview, plans, tiles

__all__ = ["routes"]

routes = Endpoints("/overview", tag="overview")
Kind = Literal["runs", "tiers", "models", "confirmed", "bulletins", "evidence", ""]
Counts = dict[str, int]


class TargetsStanding(BaseModel):
    """The confirmed targets of every plan that the reader may see."""

    total: int = Field(examples=[42])
    states: Counts = Field(description="State -> how many", examples=[{"met": 12, "behind": 3}])


class LateTarget(BaseModel):
    """A target that is overdue or behind."""

    plan: str = Field(description="Reference of the plan", examples=["P1"])
    code: str = Field(examples=["T3"])
    name: str = Field(examples=["重点行业应用场景数"])
    region: str = Field(description="Of the plan; its title where it names none")
    state: str = Field(description="overdue or behind", examples=["overdue"])
    attainment: float | None = Field(description="Reached, as a share of what was aimed at")
    deadline: int | None = Field(description="Year", examples=[2027])
    leaders: list[str] = Field(description="Units that lead it")


class IndustryShelf(BaseModel):
    """The scenarios of one industry."""

    industry: str = Field(examples=["water"])
    total: int
    verified: int = Field(description="Of tier silver and above")


class ScenarioShelf(BaseModel):
    """The catalogue, counted."""

    total: int
    verified: int = Field(description="Of tier silver and above")
    tiers: Counts = Field(description="Tier -> how many; none for those without")
    industries: list[IndustryShelf]


class NetworkLoad(BaseModel):
    """The compute network; jobs are those of the organisations that the reader covers."""

    pools: int
    cards: int = Field(description="Chips of all pools")
    busy: float = Field(description="Chips in use")
    waiting: int
    running: int
    away: list[str] = Field(description="Ids of pools that do not answer")
    above: list[str] = Field(description="Ids of pools whose meters tell a PUE above 1.25")


class PoolLoad(BaseModel):
    """The pool of the host that answers."""

    up: bool
    threads: int
    threads_free: int
    memory_mb: int = Field(description="MiB")


class Overview(BaseModel):
    """Everything on one page, as far as the reader may see it."""

    day: datetime.date = Field(description="Today in China")
    plans: int
    targets: TargetsStanding
    late: int = Field(description="Targets that are overdue or behind")
    latest: list[LateTarget] = Field(description="The first 12 of them, the overdue first")
    scenarios: ScenarioShelf
    runs_today: Counts = Field(description="State -> runs begun since midnight in China")
    waiting: int = Field(description="Runs in the queue, counted up to 100")
    running: int = Field(description="Runs under way, counted up to 100")
    compute: PoolLoad
    network: NetworkLoad
    changes: Counts = Field(description="Kind -> what changed since yesterday's first minute")


class OverviewChange(BaseModel):
    """One thing that changed."""

    kind: str = Field(description="runs, tiers, models, confirmed, bulletins or evidence")
    at: str = Field(description="UTC")
    subject: str = Field(description="What it is filed under")
    scenario: str = Field(description="Empty where there is none")
    run: str = Field(description="The run behind it; empty where there is none")
    word: str = Field(description="Tier reached, stage, grade, period; empty where there is none")
    count: int = Field(description="Of items")


class OverviewChanges(Page):
    """A page of changes, the oldest first."""

    items: list[OverviewChange]


class MapTile(BaseModel):
    """A region, its place on the grid of tiles, and what is known of it."""

    name: str = Field(examples=["浙江"])
    full: str = Field(examples=["浙江省"])
    en: str = Field(examples=["Zhejiang"])
    column: int = Field(description="From 0, from the left")
    row: int = Field(description="From 0, from the top")
    plans: int
    targets: int = Field(description="Confirmed targets")
    met: int
    share: float | None = Field(description="met / targets; null without targets")
    scenarios: int = Field(description="Scenarios that organisations there have run to the end")


class Unplaced(BaseModel):
    """What lies nowhere on the grid: a county, a zone, a company, an invented place."""

    name: str = Field(examples=["云泽市"])
    plans: int
    targets: int = Field(description="Confirmed targets")
    met: int
    share: float | None = Field(description="met / targets; null without targets")
    scenarios: int = Field(description="Scenarios that organisations there have run to the end")


class OwnMap(BaseModel):
    """The operator's own map, to be had at /api/v1/overview/map/boundary."""

    approval: str = Field(description="Approval number, to be printed on it")
    sha256: str
    regions: list[str]
    at: str = Field(description="When it was imported, UTC")


class OverviewMap(BaseModel):
    """The provinces and, where one is chosen, its cities; a province counts its cities too."""

    province: str | None = Field(description="Short name of the chosen one", examples=["浙江"])
    provinces: list[MapTile]
    cities: list[MapTile]
    elsewhere: list[Unplaced]
    boundary: OwnMap | None = Field(description="null where none was imported")


@routes.get("", "signed")
def get_overview(ask: Who) -> Overview:
    """Targets by state, scenarios by tier and industry, runs today, compute, news, counted."""
    seen = plans.seen_plans(ask)
    stood = plans.stood(ask, seen, on=plans.today(ask))
    counts, shelf = overview.states(stood), overview.scenarios(ask)
    latest, late = overview.late(stood)
    load = overview.load(ask)
    return Overview(
        day=plans.today(ask), plans=len(seen),
        targets=TargetsStanding(total=counts.total(), states=dict(sorted(counts.items()))),
        late=late, latest=[_late(one) for one in latest], scenarios=_shelf(shelf),
        runs_today=dict(load.today), waiting=load.waiting, running=load.running,
        compute=PoolLoad(
            up=load.pool.up, threads=load.pool.threads, threads_free=load.pool.threads_free,
            memory_mb=load.pool.memory_mb,
        ),
        network=_network(network.load(ask)),
        changes={kind: len(found) for kind, found in overview.changed(ask, seen).items()},
    )  # fmt: skip


def _network(found: network.Load) -> NetworkLoad:
    plain = ("pools", "cards", "busy", "waiting", "running")
    away = [one.pool.id for one in found.away]
    above = [one.pool.id for one in found.above]
    told = {name: getattr(found, name) for name in plain}
    return NetworkLoad(**told, away=away, above=above)


@routes.get("/changes", "signed")
def list_overview_changes(
    ask: Who,
    kind: Annotated[Kind, Query(description="Only of this kind")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> OverviewChanges:
    """What changed since yesterday's first minute in China."""
    found = overview.changed(ask, plans.seen_plans(ask))
    every = [one for name in found for one in found[name] if kind in ("", name)]
    page, next_ = sliced(
        every, cursor, limit=limit, key=lambda c: (c.at, c.kind, c.subject, c.run, c.word)
    )
    names = OverviewChange.model_fields
    items = [OverviewChange(**{name: getattr(c, name) for name in names}) for c in page]
    return OverviewChanges(items=items, next=next_)


@routes.get("/map", "signed")
def get_overview_map(
    ask: Who,
    province: Annotated[
        str, Query(max_length=20, description="Short or full name, such as 浙江", examples=["浙江"])
    ] = "",
) -> OverviewMap:
    """What each region has reached: all provinces, and the cities of the one that is named."""
    if province and atlas.find_province(province) is None:
        raise UsageError("QH862", f"no province {province!r}")
    stood = plans.stood(ask, plans.seen_plans(ask), on=plans.today(ask))
    known = tiles.tallies(ask, stood)
    found = tiles.map_of(known, measure="", province=province)
    return OverviewMap(
        province=found.chosen.short if found.chosen else None,
        provinces=[_tile(one) for one in found.provinces],
        cities=[_tile(one) for one in found.cities],
        elsewhere=[Unplaced(name=n, **_tally(one)) for n, one in tiles.elsewhere(known)],
        boundary=_own_map(ask),
    )


@routes.get(
    "/map/boundary",
    "signed",
    response_class=Response,
    responses={200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}}},
)
def download_map_boundary(ask: Who) -> Response:
    """The operator's own map as GeoJSON; print its approval number on it."""
    found = boundary.boundary(ask.store)
    if found is None:
        raise UsageError("QH862", "no map was imported", hint="qianhang map import")
    return Response(boundary.content(ask.store, found), media_type="application/geo+json")


def _late(found: overview.Late) -> LateTarget:
    one, values = found.standing, found.standing.item.values
    return LateTarget(
        plan=found.plan.ref, code=one.item.code, name=one.item.name,
        region=found.plan.region or found.plan.title, state=one.state,
        attainment=finite(one.assessment.attainment), deadline=values.get("deadline"),
        leaders=list(one.leaders),
    )  # fmt: skip


def _shelf(found: overview.Shelf) -> ScenarioShelf:
    return ScenarioShelf(
        total=found.total, verified=found.verified, tiers=dict(found.tiers),
        industries=[
            IndustryShelf(industry=name, total=total, verified=good)
            for name, total, good in found.industries
        ],
    )  # fmt: skip


def _tile(found: tiles.Tile) -> MapTile:
    plain = {n: getattr(found, n) for n in ("name", "full", "en", "column", "row")}
    return MapTile(**plain, **_tally(found.tally))


def _tally(found: tiles.Tally) -> dict[str, Any]:
    return {n: getattr(found, n) for n in ("plans", "targets", "met", "share", "scenarios")}


def _own_map(ask: Asked) -> OwnMap | None:
    found = boundary.boundary(ask.store)
    if found is None:
        return None
    return OwnMap(
        approval=found.approval, sha256=found.sha256, regions=list(found.regions), at=found.at
    )
