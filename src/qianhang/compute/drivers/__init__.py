"""The drivers that there are, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qianhang.compute.driver import Driver
from qianhang.compute.drivers.local import LocalDriver
from qianhang.core.errors import PoolUnavailable, UsageError

__all__ = ["driver", "remote"]


def driver(name: str, *, folder: Path) -> Driver:
    """The driver of the pool of this name, its state in `folder`.

    Raises PoolUnavailable naming the pools that exist.
    """
    if name != "local":
        raise PoolUnavailable("QH501", f"pool {name!r} does not exist", hint="pools: local")
    return LocalDriver(folder)


def remote(kind: str, settings: Mapping[str, Any], *, folder: Path) -> Driver:
    """The driver of an operator's pool, from its kind and what its settings say.

    folder : for what the driver itself has to keep; one for each pool
    Raises UsageError for an unknown kind, or a setting that the kind lacks.
    """
    if kind == "slurm":
        from qianhang.compute.drivers.slurm import SlurmDriver, SlurmSettings

        return SlurmDriver(SlurmSettings.of(settings))
    settings_class, driver_class = _kind(kind)
    try:
        made = settings_class(**settings)
    except TypeError as cause:
        message = f"pool of kind {kind}: {str(cause).partition('() ')[2]}"
        raise UsageError("QH547", message, hint=f"see {settings_class.__name__}") from cause
    found: Driver = driver_class(made, folder=folder)
    return found


def _kind(kind: str) -> tuple[type, type]:
    if kind == "ray":
        from qianhang.compute.drivers.ray import RayDriver, RaySettings

        return RaySettings, RayDriver
    if kind == "kubernetes":
        from qianhang.compute.drivers.kubernetes import KubernetesDriver, KubernetesSettings

        return KubernetesSettings, KubernetesDriver
    raise UsageError("QH547", f"no driver of kind {kind!r}", hint="kinds: kubernetes, ray, slurm")
