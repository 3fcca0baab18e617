"""A pod's container played by a process of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Container"]


class Container:
    """One container: a process in a group of its own."""

    def __init__(self, container: Mapping[str, Any], log: Path) -> None:
        self.told = Path(container["terminationMessagePath"])
        env = {each["name"]: each["value"] for each in container["env"]}
        with log.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603  # a test's own command
                container["command"],
                env={"PATH": os.environ["PATH"], **env},
                cwd="/",
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.kill_at = float("inf")

    def ask_to_end(self, grace_s: float) -> None:
        """Ask it to end; `press` kills it after the grace."""
        self.process.send_signal(signal.SIGTERM)
        self.kill_at = min(self.kill_at, time.monotonic() + grace_s)

    def press(self) -> None:
        """Kill it where its grace is over."""
        if time.monotonic() > self.kill_at:
            self.kill()

    def kill(self) -> None:
        """End it and all in its group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        """What the container left for its node; gone with it."""
        if not self.told.exists():
            return ""
        said = self.told.read_text(encoding="utf8")
        self.told.unlink()
        return said
