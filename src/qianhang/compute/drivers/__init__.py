"""The drivers that there are, one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from qianhang.compute.driver import Driver
from qianhang.compute.drivers.local import LocalDriver
from qianhang.compute.drivers.slurm import SlurmDriver, SlurmSettings
from qianhang.core.errors import PoolUnavailable, UsageError

__all__ = ["driver", "driver_of"]


def driver(name: str, *, folder: Path) -> Driver:
    """The driver of the pool of this name, its state in `folder`.

    Raises PoolUnavailable naming the pools that exist.
    """
    if name != "local":
        raise PoolUnavailable("QH501", f"pool {name!r} does not exist", hint="pools: local")
    return LocalDriver(folder)


def driver_of(kind: str, settings: Mapping[str, Any], *, name: str) -> Driver:
    """The driver of a pool of this kind, called `name`, with the settings of its table.

    Raises UsageError for a kind that does not exist, or settings that are not its.
    """
    try:
        make = _KINDS[kind]
    except KeyError:
        hint = f"kinds: {', '.join(sorted(_KINDS))}"
        raise UsageError("QH543", f"pool {name}: kind {kind!r} does not exist", hint=hint) from None
    return make(name, settings)


def _local(_: str, settings: Mapping[str, Any]) -> Driver:
    threads = settings.get("threads")
    folder = Path(str(settings["folder"]))
    return LocalDriver(folder, threads=int(threads) if threads else None, attached=False)


def _slurm(name: str, settings: Mapping[str, Any]) -> Driver:
    return SlurmDriver(SlurmSettings.of(settings), name=name)


_KINDS: Mapping[str, Callable[[str, Mapping[str, Any]], Driver]] = MappingProxyType(
    {"local": _local, "slurm": _slurm}
)
