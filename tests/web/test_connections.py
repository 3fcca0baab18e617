"""Clients that connect and then keep us waiting, or send heads without end, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

import pytest
import uvicorn

from qianhang.web.connections import Connection

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Hasty(Connection):
    head_s = 2.0
    head_bytes = 2000


async def application(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"well"})


@pytest.fixture(scope="module")
def port():
    line = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, http=Hasty, lifespan="off", log_level="error", timeout_keep_alive=3
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([line])), daemon=True)
    thread.start()
    yield line.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    line.close()


@pytest.fixture
def line(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as found:
        yield found


def rest(line: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while part := line.recv(65536):
            told += part
    return told


def answer(line: socket.socket) -> bytes:
    """One whole answer, whose length the server does not tell."""
    told = b""
    while not told.endswith(b"0\r\n\r\n"):
        part = line.recv(65536)
        assert part, told
        told += part
    return told


def test_a_connection_without_a_word_is_closed(line) -> None:
    assert rest(line).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nHost: ", b"\r\n"])
def test_a_head_that_trickles_is_closed(line, start: bytes) -> None:
    """Each byte is sent well within the time for all of them."""
    line.sendall(start)
    told, until = b"", time.monotonic() + 20
    line.settimeout(0.05)
    while not told and time.monotonic() < until:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"a" if start != b"\r\n" else b"\r\n")
        with contextlib.suppress(TimeoutError):
            told = line.recv(1000)
    assert told.startswith(b"HTTP/1.1 408 ")


def test_a_second_request_that_trickles_is_closed(line) -> None:
    line.sendall(REQUEST)
    assert b"well" in answer(line)
    line.sendall(REQUEST[:10])
    assert rest(line).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"a" * 3000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(400)),
        b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"a" * 3000,
    ],
    ids=["address", "header", "headers", "header-without-end"],
)
def test_a_head_that_is_too_long_is_refused(line, head: bytes) -> None:
    line.sendall(head)
    assert rest(line)[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 431 ")


def test_requests_one_after_the_other_are_answered(line) -> None:
    for _ in range(3):
        line.sendall(REQUEST)
        assert b"well" in answer(line)
        time.sleep(0.2)
    line.sendall(REQUEST * 5)
    assert rest(line).count(b"HTTP/1.1 200 ") == 5


def test_a_body_may_take_longer_than_a_head(line) -> None:
    line.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\n")
    for _ in range(5):
        time.sleep(0.5)
        line.sendall(b"a")
    assert b"well" in answer(line)
