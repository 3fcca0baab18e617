"""A server process seen from outside: its CPU seconds, its memory, what it answers."""

from __future__ import annotations

import http.client
import math
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Server", "running"]

_PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers on a port of this host."""

    pid: int
    port: int

    def cpu_s(self) -> float:
        """CPU seconds of all its threads, those that have ended too, in steps of the kernel's."""
        told = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf8").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kb(self) -> int:
        """Its resident memory, kB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0])

    def costs_ms(
        self, asked: Sequence[tuple[str, Mapping[str, str]]], *, count: int = 100, goes: int = 10
    ) -> list[float]:
        """CPU milliseconds of an answer to each path with its headers, on one connection.

        The paths take turns, `count` requests a go, so that a busy minute hits them all alike; the
        least of each one's goes counts, after a first that is not.
        Raises RuntimeError for an answer other than 200.
        """
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        least = [math.inf] * len(asked)
        for go in range(goes + 1):
            for at, (path, headers) in enumerate(asked):
                began = self.cpu_s()
                for _ in range(count):
                    line.request("GET", path, headers=dict(headers))
                    answer = line.getresponse()
                    answer.read()
                    if answer.status != 200:
                        raise RuntimeError(f"{path}: {answer.status}")
                if go:
                    least[at] = min(least[at], 1e3 * (self.cpu_s() - began) / count)
        line.close()
        return least

    def follow(self, path: str, headers: Mapping[str, str]) -> socket.socket:
        """An open connection on which the events of `path` come."""
        line = socket.create_connection(("127.0.0.1", self.port))
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{told}\r\n".encode())
        return line


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], *, folder: Path, ready: str
) -> Iterator[Server]:
    """The server that the command starts (PORT replaced by a free one), once `ready` answers."""
    port = free_port()
    filled = [part.replace("PORT", str(port)) for part in command]
    with (folder / "server.log").open("wb") as log:
        child = subprocess.Popen(filled, env=environ, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(child, port, ready)
        yield Server(child.pid, port)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()


def _wait(child: subprocess.Popen[bytes], port: int, ready: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while child.poll() is None and time.monotonic() < until:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        try:
            line.request("GET", ready)
            line.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            line.close()
    raise RuntimeError(f"the server did not answer; exit code {child.poll()}")
