"""`qianhang serve`: the console on one host, with one worker process or several."""

from __future__ import annotations

import logging
import os

from qianhang.store import Settings
from qianhang.web.app import create_app

__all__ = ["application", "serve"]

# How a worker process that uvicorn starts learns what the command line said.
_PUBLIC_URL, _SLOTS = "QIANHANG_SERVE_PUBLIC_URL", "QIANHANG_SERVE_SLOTS"


def application() -> object:
    """The application of one worker, by the settings in the environment."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return create_app(
        Settings.load(),
        public_url=os.environ.get(_PUBLIC_URL, ""),
        slots=int(os.environ.get(_SLOTS, "2")),
    )


def serve(*, host: str, port: int, workers: int, public_url: str, slots: int, proxies: str) -> None:
    """Answer on `host:port` until told to stop; open requests are finished first.

    workers : processes; more than one wants PostgreSQL, since SQLite's writers take turns
    proxies : addresses whose X-Forwarded-For is believed, joined by commas
    """
    import uvicorn

    os.environ[_PUBLIC_URL], os.environ[_SLOTS] = public_url, str(slots)
    uvicorn.run(
        "qianhang.web.serve:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=20,
        timeout_keep_alive=15,
        limit_concurrency=1200,
        h11_max_incomplete_event_size=32768,
    )
