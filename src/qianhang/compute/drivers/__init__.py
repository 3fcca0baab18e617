"""The drivers that there are, one file each."""

from __future__ import annotations

from pathlib import Path

from qianhang.compute.driver import Driver
from qianhang.compute.drivers.local import LocalDriver
from qianhang.core.errors import PoolUnavailable

__all__ = ["driver"]


def driver(name: str, *, folder: Path) -> Driver:
    """The driver of the pool of this name, its state in `folder`.

    Raises PoolUnavailable naming the pools that exist.
    """
    if name != "local":
        raise PoolUnavailable("QH501", f"pool {name!r} does not exist", hint="pools: local")
    return LocalDriver(folder)
