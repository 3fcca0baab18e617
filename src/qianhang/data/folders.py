"""Where data files are looked for, from the environment."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "data_folders", "offline"]


def data_folders() -> tuple[Path, ...]:
    """The folders that QIANHANG_DATA names, in order; separated as in PATH."""
    names = os.environ.get("QIANHANG_DATA", "").split(os.pathsep)
    return tuple(Path(n).expanduser() for n in names if n.strip())


def cache_folder() -> Path:
    """Where fetched files are kept: QIANHANG_HOME/cache/data, else the user's cache."""
    home = os.environ.get("QIANHANG_HOME", "")
    if home:
        return Path(home).expanduser() / "cache" / "data"
    import pooch

    return Path(pooch.os_cache("qianhang")) / "data"


def offline() -> bool:
    """Whether QIANHANG_OFFLINE forbids any transfer."""
    return os.environ.get("QIANHANG_OFFLINE", "").lower() in ("1", "true", "yes")
