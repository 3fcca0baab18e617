"""What `qianhang serve` says as it starts: where it is, and the one-time link of a first start."""

from __future__ import annotations

from collections.abc import Iterator

from qianhang.access import tickets
from qianhang.core.words import say
from qianhang.runs import open_store
from qianhang.store import Settings
from qianhang.web.site import now

__all__ = ["greeting"]


def greeting(settings: Settings, address: str) -> Iterator[str]:
    """Lines for the terminal; the set-up link only while there is no account."""
    with open_store(settings) as store:
        secret = tickets.setup_ticket(store, now=now())
    yield say("cli.serve.at", address=address)
    if secret is not None:
        yield say("cli.serve.setup", link=address + tickets.link(secret))
