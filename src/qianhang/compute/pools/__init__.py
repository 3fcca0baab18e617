"""The pools that there are, one file each."""

from __future__ import annotations

from pathlib import Path

from qianhang.compute.pool import Pool
from qianhang.compute.pools.local import LocalPool
from qianhang.core.errors import PoolUnavailable

__all__ = ["pool"]


def pool(name: str, *, folder: Path) -> Pool:
    """The pool of this name, its state in `folder`.

    Raises PoolUnavailable naming the pools that exist.
    """
    if name != "local":
        raise PoolUnavailable("QH501", f"pool {name!r} does not exist", hint="pools: local")
    return LocalPool(folder)
