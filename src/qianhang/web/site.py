"""What every request of one server process shares: settings, the open store, the clock."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request

from qianhang.store import Settings, Store

__all__ = ["Site", "now"]

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """One server process.

    public_url : where people reach the console, as `https://ai.example.gov.cn`; decides whether
        cookies are for encrypted connections only, and begins every link that is handed out
    clock : the time in UTC; a test gives its own
    """

    settings: Settings
    store: Store
    public_url: str = ""
    clock: Callable[[], datetime] = field(default=now)

    @property
    def encrypted(self) -> bool:
        """Whether people reach the console by https."""
        return self.public_url.startswith("https://")

    def address(self, request: Request) -> str:
        """Where a link that is handed out begins, without a slash at its end.

        Without a public URL it is the address at which the connection came in. The name that the
        request gives in its Host header, which anybody may write, is taken only where it is
        another name of that very address.
        """
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = request.scope.get("scheme", "http")
        at, port = request.scope.get("server") or (_machine(), None)
        if port is None:  # a socket of the file system
            at, port = _machine(), _PORTS[scheme]
        at = at.removeprefix("::ffff:").lower()
        known = {at, _machine(), *(("localhost", *_LOOPBACK) if at in _LOOPBACK else ())}
        ends = "" if port == _PORTS[scheme] else f":{port}"
        given = request.headers.get("host", "").lower()
        named = {f"{_bracketed(name)}{ends}" for name in known}
        return f"{scheme}://{given if given in named else _bracketed(at) + ends}"


@functools.cache
def _machine() -> str:
    return socket.gethostname().lower()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
