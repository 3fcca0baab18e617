"""`qianhang serve` as a process of its own, asked over real connections."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
PATIENCE_S = 120


@dataclass
class Served:
    """The process that was started, and where it answers."""

    process: subprocess.Popen
    url: str
    log: Path

    def fresh(self, **more):
        """A client whose connection nobody used before: any worker may answer it."""
        headers = {"Sec-Fetch-Site": "same-origin", **more.pop("headers", {})}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, **more)

    def get(self, path, **more):
        with self.fresh(**more) as client:
            return client.get(path)

    def stop(self):
        """Its exit code once it was told to stop."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def until():
    """until(check) -> what it gives as soon as that is true; a dead-line, no measure."""

    def wait(check):
        end = time.monotonic() + PATIENCE_S
        while not (found := check()):
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.1)
        return found

    return wait


@pytest.fixture
def serving(tmp_path, until):
    """serving(command, environ) -> Served; stopped at the end of the block."""

    def free():
        with socket.create_server(("127.0.0.1", 0)) as found:
            return found.getsockname()[1]

    def answers(process, url):
        assert process.poll() is None, (tmp_path / "server.log").read_text()
        try:
            return httpx.get(f"{url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    @contextmanager
    def start(*arguments, environ, command=(sys.executable, "-m", "qianhang")):
        port, log = free(), tmp_path / "server.log"
        with log.open("ab") as said:
            process = subprocess.Popen(
                [*command, "serve", "--port", str(port), *arguments],
                cwd=tmp_path, env=os.environ | environ, stdout=said, stderr=said,
            )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: answers(process, url))
            yield Served(process, url, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()

    return start
