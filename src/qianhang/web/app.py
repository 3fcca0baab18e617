"""The application: every route, around them the shell, behind them one store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

import qianhang
from qianhang.runs import open_store
from qianhang.runs.dispatch import Dispatcher
from qianhang.runs.door import Door
from qianhang.store import Settings
from qianhang.web import api, pages, problems
from qianhang.web.assets import Assets
from qianhang.web.directory import Directory
from qianhang.web.job_log import JobLogs
from qianhang.web.live import Live
from qianhang.web.meters import Meters, Stock
from qianhang.web.rates import PER_MINUTE, Limiter
from qianhang.web.shell import Limits, Shell
from qianhang.web.site import Site

__all__ = ["create_app"]


def create_app(
    settings: Settings,
    *,
    public_url: str = "",
    slots: int = 2,
    rate: int = PER_MINUTE,
    workers: int = 1,
    limits: Limits | None = None,
) -> FastAPI:
    """The console and the API over the store of `settings`.

    slots : runs that this host carries out at once; 0 leaves the queue to other hosts
    rate : requests a minute that one account, or one address without, may send to the API
    workers : processes like this one: more than one count requests in the store, as one
    """
    site = Site(settings, open_store(settings), public_url)
    dispatcher, door = Dispatcher(settings, slots=slots), Door(settings)
    app = FastAPI(
        title="qianhang",
        version=qianhang.__version__,
        lifespan=_living(site, (dispatcher, door) if slots else ()),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.site = site
    app.state.meters, app.state.stock = Meters(), Stock(site.store)
    # Whoever else draws from the same buckets: other workers, and other hosts over the database.
    together = workers > 1 or settings.database_url.startswith("postgresql")
    app.state.limiter = Limiter(site.store if together else None, site.clock)
    app.state.rates = app.state.limiter.of("api", rate)
    app.state.figures = OrderedDict()  # see web/figures.py
    app.state.whys = OrderedDict()  # see web/views/jobs.py
    app.state.live = Live(site.store)
    app.state.job_logs = JobLogs(site.store, settings.home)
    app.state.dispatcher = dispatcher
    problems.install(app)
    for routes in (*pages.ROUTES, *api.ROUTES):
        # On one list: a router within the router is searched twice for each request.
        app.router.routes.extend(routes.router.routes)
    app.router.routes.insert(0, Directory(app.router.routes))
    app.mount("/static", Assets(), name="static")
    app.add_middleware(
        Shell, meters=app.state.meters, encrypted=site.encrypted, failed=problems.unknown,
        refused=problems.refused, limits=limits,
    )  # fmt: skip
    return app


def _living(
    site: Site, beside: Sequence[Dispatcher | Door]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What works beside the answers for as long as the application lives."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for one in beside:
            one.start()
        yield
        for one in beside:
            one.stop()
        site.store.close()

    return lifespan
