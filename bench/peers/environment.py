"""Environments of peers: what we are compared with stands apart from what we need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def python_with(peer: str, *packages: str) -> Path | None:
    """The Python of the peer's own environment, made where there is none; None where it fails."""
    place = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / f"qianhang-{peer}"
    python = place / "bin" / "python"
    if not (place / "installed").is_file():
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=False)
        install = [python, "-m", "pip", "install", "--quiet", *packages]
        if made.returncode or subprocess.run(install, check=False).returncode:
            return None
        (place / "installed").touch()
    return python
