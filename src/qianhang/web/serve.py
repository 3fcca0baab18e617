"""`qianhang serve`: the console on one host, with one worker process or several."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from qianhang.compute.drivers.kernel import PDEATHSIG, prctl
from qianhang.store import Settings
from qianhang.web import log_lines
from qianhang.web.app import create_app
from qianhang.web.connections import Connection
from qianhang.web.rates import PER_MINUTE

__all__ = ["application", "serve"]

# How a worker process that uvicorn starts learns what the command line said.
_PUBLIC_URL, _SLOTS = "QIANHANG_SERVE_PUBLIC_URL", "QIANHANG_SERVE_SLOTS"
_RATE, _WORKERS = "QIANHANG_SERVE_RATE", "QIANHANG_SERVE_WORKERS"


def application() -> object:
    """The application of one worker, by the settings in the environment."""
    log_lines.begin()
    workers = int(os.environ.get(_WORKERS, "1"))
    if workers > 1:
        _end_with_the_main_process()
    app = create_app(
        Settings.load(),
        public_url=os.environ.get(_PUBLIC_URL, ""),
        slots=int(os.environ.get(_SLOTS, "2")),
        rate=int(os.environ.get(_RATE, PER_MINUTE)),
        workers=workers,
    )
    _before_the_end(app.state.live.close)
    _before_the_end(app.state.job_logs.close)
    return app


def _end_with_the_main_process() -> None:
    """A worker whose main process was killed would keep the port from whoever starts us again."""
    prctl(PDEATHSIG, signal.SIGTERM)
    main = multiprocessing.parent_process()
    if main is not None and os.getppid() != main.pid:
        raise SystemExit("the main process has ended")


def _before_the_end(work: Callable[[], None]) -> None:
    """Do this as soon as the server is told to stop: it waits for streams, which do not end."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def stop(sign: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(work)
            if callable(before):
                before(sign, frame)

        signal.signal(number, stop)


def serve(
    *,
    host: str,
    port: int,
    workers: int,
    public_url: str,
    slots: int,
    proxies: str,
    rate: int = PER_MINUTE,
) -> None:
    """Answer on `host:port` until told to stop; open requests are finished first.

    workers : processes; more than one wants PostgreSQL, since SQLite's writers take turns
    rate : requests a minute that one account may send to the API, all workers together
    proxies : addresses whose X-Forwarded-For is believed, joined by commas
    """
    import uvicorn

    log_lines.begin()
    os.environ[_PUBLIC_URL], os.environ[_SLOTS] = public_url, str(slots)
    os.environ[_RATE], os.environ[_WORKERS] = str(rate), str(workers)
    uvicorn.run(
        "qianhang.web.serve:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=20,
        timeout_keep_alive=15,
        timeout_worker_healthcheck=30,
        limit_concurrency=1200,
        http=Connection,
    )
