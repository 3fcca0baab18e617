"""The two ends of a probe of a line, run by any Python 3 alone: one listens, the other sends.

Bandwidth is what arrived over TCP within some seconds, by the listener's clock; delay is the median
round trip of small messages, by the sender's. Who does not know the secret is not answered.

    QH_WIRE='{"secret": ...}' python3 wire.py listen | send
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import socket
import statistics
import struct
import sys
import time
from typing import Any

MARK = "QH-WIRE "
PING = 64
BLOCK = 1 << 20
HELLO = struct.Struct("!64sc")
BYE = 42  # exit code of whoever was told goodbye


def listen(secret: str, *, port: int = 0, bind: str = "", wait_s: float = 60.0) -> int:
    """Answer the sender until it says goodbye (0), or nobody came for so long (1)."""
    with socket.create_server((bind, port), backlog=64) as server:
        server.settimeout(0.2)
        tell({"port": server.getsockname()[1], "host": socket.gethostname()})
        alive, until = 0, time.monotonic() + wait_s
        while alive or time.monotonic() < until:
            with contextlib.suppress(OSError):  # nobody came just now
                line = server.accept()[0]
                if os.fork() == 0:
                    server.close()
                    os._exit(answer(line, secret))
                line.close()
                alive += 1
            while alive:
                done, status = os.waitpid(-1, os.WNOHANG)
                if done == 0:
                    break
                alive, until = alive - 1, time.monotonic() + wait_s
                if os.waitstatus_to_exitcode(status) == BYE:
                    return 0
    return 1


def answer(line: socket.socket, secret: str) -> int:
    """One connection: small messages sent back, or bytes counted."""
    with line:
        line.settimeout(30.0)
        try:
            told, kind = HELLO.unpack(exactly(line, HELLO.size))
            if not hmac.compare_digest(told, secret.encode()):
                return 1
            if kind == b"P":
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while True:
                    line.sendall(exactly(line, PING))
            elif kind == b"D":
                count(line)
        except (OSError, EOFError):
            return 0
        return BYE if kind == b"Q" else 0


def count(line: socket.socket) -> None:
    """Tell how many bytes came, and when the first and the last did."""
    block = memoryview(bytearray(BLOCK))
    line.recv_into(block)  # starts the clock, and is not counted
    start, total = time.monotonic(), 0
    while size := line.recv_into(block):
        total += size
    end = time.monotonic()
    line.sendall(json.dumps({"bytes": total, "start": start, "end": end}).encode())


def send(
    secret: str, *, host: str, port: int, seconds: float = 3.0, streams: int = 1, pings: int = 50
) -> int:
    """Tell the round trips and what arrived, then let the listener go."""
    trips = sorted(measure(secret, host, port, pings))
    found = stream(secret, host, port, seconds, streams)
    with contextlib.suppress(OSError), greet(secret, host, port, b"Q"):
        pass
    span = max(f["end"] for f in found) - min(f["start"] for f in found)
    arrived = sum(f["bytes"] for f in found)
    tell(
        {
            "bytes": arrived, "seconds": span, "streams": streams, "pings": pings,
            "gbps": arrived * 8 / span / 1e9 if span > 0 else 0.0,
            "ms": statistics.median(trips) * 1e3, "ms_least": trips[0] * 1e3,
            "ms_most": trips[-1] * 1e3, "host": socket.gethostname(),
        }
    )  # fmt: skip
    return 0


def measure(secret: str, host: str, port: int, pings: int) -> list[float]:
    """Round trips, s, the first few left out."""
    with greet(secret, host, port, b"P") as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        trips = []
        for _ in range(pings + 3):
            began = time.perf_counter()
            line.sendall(bytes(PING))
            exactly(line, PING)
            trips.append(time.perf_counter() - began)
        return trips[3:]


def stream(secret: str, host: str, port: int, seconds: float, streams: int) -> list[dict[str, Any]]:
    """What each stream's listener counted; each stream is a process of its own."""
    ends = []
    for _ in range(streams):
        out, into = os.pipe()
        if os.fork() == 0:
            os.close(out)
            code = 1
            try:
                os.write(into, json.dumps(pour(secret, host, port, seconds)).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(into)
        ends.append(out)
    found = []
    for out in ends:
        with os.fdopen(out, "rb") as pipe:
            told = pipe.read()
        if not told:
            raise OSError("a stream broke off")
        found.append(json.loads(told))
    return found


def pour(secret: str, host: str, port: int, seconds: float) -> Any:
    """Send for so long; what the other end counted."""
    block = bytes(BLOCK)
    with greet(secret, host, port, b"D") as line:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            line.sendall(block)
        line.shutdown(socket.SHUT_WR)
        told = b""
        while more := line.recv(4096):
            told += more
    return json.loads(told)


def greet(secret: str, host: str, port: int, kind: bytes) -> socket.socket:
    """A connection that has said who it is and what it wants."""
    line = socket.create_connection((host, port), timeout=30.0)
    line.sendall(HELLO.pack(secret.encode(), kind))
    return line


def exactly(line: socket.socket, size: int) -> bytes:
    """So many bytes.

    Raises EOFError where the line ends before.
    """
    found = b""
    while len(found) < size:
        more = line.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def tell(values: dict[str, Any]) -> None:
    """One line for whoever reads the log."""
    sys.stdout.write(MARK + json.dumps(values) + "\n")
    sys.stdout.flush()


def main(verb: str, given: dict[str, Any]) -> int:
    """The exit code of one end; given : its settings."""
    rest = {name: value for name, value in given.items() if name != "secret"}
    end = listen if verb == "listen" else send
    return end(given["secret"], **rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], json.loads(os.environ["QH_WIRE"])))
