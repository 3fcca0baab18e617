"""A Ray head of the tests' own on this machine, which can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

__all__ = ["RayHead"]

_TRIES = 6


class RayHead:
    """One head with four threads and eight chips called ascend910b, which asks for a token.

    executable : the `ray` of an environment that has Ray
    env : variables that its own processes get
    """

    def __init__(self, executable: str, env: Mapping[str, str] | None = None) -> None:
        self.executable = executable
        self.env = dict(env or {})
        # Sockets lie in it, so its path has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="qh-ray-", dir="/tmp"))
        self.run_dir = self.folder / "runs"
        self.run_dir.mkdir()
        self.token_file = self.folder / "token"
        self.token_file.write_text(secrets.token_hex(32), encoding="ascii")
        self.token_file.chmod(0o600)
        self.ports = _free_ports(4)

    @property
    def address(self) -> str:
        """Where its Jobs API is."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def start(self) -> float:
        """Start it and wait until it answers with its resources; the seconds that took."""
        began = time.monotonic()
        dashboard, agent, control, client = map(str, self.ports)
        options = {
            "--port": control,
            "--dashboard-host": "127.0.0.1",
            "--dashboard-port": dashboard,
            "--dashboard-agent-listen-port": agent,
            "--ray-client-server-port": client,
            "--min-worker-port": "24500",
            "--max-worker-port": "24900",
            "--num-cpus": "4",
            "--resources": '{"ascend910b": 8}',
            "--object-store-memory": "100000000",
            "--temp-dir": str(self.folder / "ray"),
        }
        command = [self.executable, "start", "--head", "--disable-usage-stats"]
        command += [part for pair in options.items() for part in pair]
        token = self.token_file.read_text(encoding="ascii")
        env = {**os.environ, **self.env, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
        for _ in range(_TRIES):
            made = subprocess.run(  # noqa: S603  # the tests' own Ray
                command,
                env=env,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
            if made.returncode == 0:
                return time.monotonic() - began
            # On a busy machine its parts miss each other's deadlines.
            self.kill()
        raise RuntimeError(made.stdout.decode("utf-8", "replace")[-4000:])

    def kill(self) -> int:
        """End every process of it with SIGKILL; how many there were."""
        count = 0
        while pids := self._pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    count += 1
            time.sleep(0.05)
        return count

    def cpu_s(self) -> dict[int, float]:
        """Process id -> CPU seconds so far, for its own processes; those of jobs are not there."""
        tick = os.sysconf("SC_CLK_TCK")
        found = {}
        for pid in self._pids():
            with contextlib.suppress(OSError):
                told = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
                found[pid] = (int(told[11]) + int(told[12])) / tick
        return found

    def close(self) -> None:
        """End it and remove what it left."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _pids(self) -> list[int]:
        """Its own processes; those of jobs are not among them."""
        found = []
        mine = str(self.folder / "ray").encode()
        for place in Path("/proc").iterdir():
            if not place.name.isdigit() or int(place.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                environ = (place / "environ").read_bytes()
                command = (place / "cmdline").read_bytes()
                state = (place / "stat").read_text().rpartition(")")[2].split()[0]
                ours = mine in command or (mine in environ and b"ray::" in command)
                if ours and state != "Z":
                    found.append(int(place.name))
        return found


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports
