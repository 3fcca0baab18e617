"""The drivers that there are, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qianhang.compute.driver import Driver
from qianhang.compute.drivers.local import LocalDriver
from qianhang.compute.drivers.tenant import chosen
from qianhang.core.errors import PoolUnavailable, UsageError
from qianhang.store import Settings

__all__ = ["driver", "driver_of"]


def driver(name: str, *, folder: Path) -> Driver:
    """The driver of the pool of this name, its state in `folder`.

    Raises PoolUnavailable naming the pools that exist.
    """
    if name != "local":
        raise PoolUnavailable("QH501", f"pool {name!r} does not exist", hint="pools: local")
    return LocalDriver(folder)


def driver_of(
    kind: str, settings: Mapping[str, Any], *, folder: Path, name: str = "",
    home: Path | None = None,
) -> Driver:  # fmt: skip
    """The driver of an operator's pool, from its kind and what its settings say.

    folder : for what the driver itself has to keep; one for each pool
    name : what the pool is called, where its settings do not say it
    home : the store's folder, which no job of a local pool may look into
    Raises UsageError for an unknown kind, or a setting that the kind lacks.
    """
    settings = {"name": name, **settings} if name else settings
    if kind == "local":
        return _local(settings, folder=folder, home=home)
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


def _local(settings: Mapping[str, Any], *, folder: Path, home: Path | None) -> Driver:
    """Tasks of this machine that live on without the process that gave them."""
    unknown = sorted(set(settings) - {"folder", "name", "threads", "user"})
    if unknown:
        message = f"local pool: unknown setting {unknown[0]}"
        raise UsageError("QH547", message, hint="a local pool has folder, threads and user")
    threads = settings.get("threads")
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int)):
        message = f"local pool: threads is {threads!r}"
        raise UsageError("QH547", message, hint="a whole number is expected")
    user = chosen(str(settings.get("user") or Settings.load().pool_user))
    where = Path(str(settings.get("folder", folder)))
    return LocalDriver(where, threads=threads, attached=False, user=user, hidden=home)


def _kind(kind: str) -> tuple[type, type]:
    if kind == "ray":
        from qianhang.compute.drivers.ray import RayDriver, RaySettings

        return RaySettings, RayDriver
    if kind == "kubernetes":
        from qianhang.compute.drivers.kubernetes import KubernetesDriver, KubernetesSettings

        return KubernetesSettings, KubernetesDriver
    raise UsageError(
        "QH547", f"no driver of kind {kind!r}", hint="kinds: kubernetes, local, ray, slurm"
    )
