"""Connections that send no request, or one that never ends, are not kept."""

from __future__ import annotations

import asyncio
import socket
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Connection"]

_CLOSE = b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """One connection of a browser.

    head_s : seconds for the address and the headers of a request, and for a first one to come
    head_bytes : what they may be long together
    stuck_s : seconds after which a reader that takes nothing of an answer is given up
    """

    head_s: ClassVar[float] = 15.0
    head_bytes: ClassVar[int] = 32 * 1024
    stuck_s: ClassVar[float] = 60.0
    _late: asyncio.TimerHandle | None = None
    _length = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A browser has connected."""
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        if (
            line is not None
            and line.family != socket.AF_UNIX
            and hasattr(socket, "TCP_USER_TIMEOUT")
        ):
            wait_ms = int(self.stuck_s * 1000)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, wait_ms)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._length += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._length = 0
            self._stop_waiting()
        elif self._length > self.head_bytes:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._late is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        super().on_url(url)
        if len(self.url) > self.head_bytes:
            raise ValueError("the address is too long")

    def on_headers_complete(self) -> None:
        """Address and headers are there, perhaps in one piece with what came before."""
        if sum(len(name) + len(value) for name, value in self.headers) > self.head_bytes:
            raise ValueError("the headers are too long")
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._late = self.loop.call_later(self.head_s, self._refuse, b"408 Request Timeout")

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: bytes) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            self.transport.write(_CLOSE % status)
            self.transport.close()
