"""`qianhang serve`: the console and the HTTP API."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import click

from qianhang.core.errors import MissingExtra
from qianhang.core.words import say

__all__ = ["serve_command"]


@click.command(help=say("cli.serve.help"))
@click.option("--host", default="127.0.0.1", show_default=True, help=say("cli.serve.host"))
@click.option("--port", default=8017, show_default=True, help=say("cli.serve.port"))
@click.option("--workers", default=1, show_default=True, help=say("cli.serve.workers"))
@click.option("--public-url", default="", help=say("cli.serve.public_url"))
@click.option("--slots", default=2, show_default=True, help=say("cli.serve.slots"))
@click.option(
    "--rate", default=1200, show_default=True, type=click.IntRange(1), help=say("cli.serve.rate")
)
@click.option("--proxies", default="", help=say("cli.serve.proxies"))
def serve_command(host: str, port: int, public_url: str, **asked: Any) -> None:
    if importlib.util.find_spec("fastapi") is None:
        how = 'pip install "qianhang[web]"'
        raise MissingExtra("QH810", "the console needs the library fastapi", hint=how)
    from qianhang.store import Settings
    from qianhang.web.assets import missing
    from qianhang.web.first import greeting
    from qianhang.web.serve import serve

    if missing():
        raise MissingExtra(
            "QH810",
            f"the console's files {', '.join(missing())} were not fetched when this was installed",
            hint="with the npm registry in reach: make serve, or pip install the wheel",
        )
    address = public_url or f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104  # compared, not bound
    for line in greeting(Settings.load(), address):
        click.echo(line)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    serve(host=host, port=port, public_url=public_url, **asked)
