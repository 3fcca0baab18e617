"""Where runs happen: the store with every part's tables, and jobs that run our own modules."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import qianhang
from qianhang import compute, models
from qianhang.access import schema as access_schema
from qianhang.billing import schema as billing_schema
from qianhang.billing.vouchers import tables as voucher_tables
from qianhang.compute import schema as compute_schema
from qianhang.compute.applications import tables as application_tables
from qianhang.compute.artefacts import tables as artefact_tables
from qianhang.compute.green import tables as green_tables
from qianhang.core import errors
from qianhang.core.errors import JobFailed
from qianhang.plan import schema as plan_schema
from qianhang.runs.steps import Listener, Parser, plain, silent
from qianhang.runs.studies import tables as studies_tables
from qianhang.safety import schema as safety_schema
from qianhang.store import Part, Settings, Store

__all__ = ["PARTS", "carry_job", "environment", "in_job", "open_store", "read_store"]

T = TypeVar("T")
PARTS = (
    models.PART,
    plan_schema.PART,
    access_schema.PART,
    safety_schema.PART,
    billing_schema.PART,
    voucher_tables.PART,
    compute_schema.PART,
    green_tables.PART,
    application_tables.PART,
    artefact_tables.PART,
    Part("runs", "qianhang.runs.migrations", "runs_0004"),
    studies_tables.PART,
)


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """The store of these settings with the tables of every service, migrated."""
    return Store.open(settings, parts=PARTS, read_only=read_only)


def read_store(settings: Settings | None = None) -> Store:
    """The store of these (or the environment's) settings, for looking only."""
    return open_store(settings or Settings.load(), read_only=True)


def carry_job(
    module: str,
    arguments: tuple[str, ...],
    *,
    token: str,
    folder: Path,
    settings: Settings,
    pool: compute.Driver,
    limits: compute.Limits,
    listen: Listener = silent,
) -> tuple[compute.Usage, str]:
    """Resources used by, and the log of, one of our modules run as a job on a pool.

    Raises the named error that the job told, JobFailed where it ended without a word.
    """
    job = compute.Task(
        token=token,
        argv=(sys.executable, "-X", "utf8", "-m", module, *arguments),
        workdir=folder,
        env=environment(settings),
        limits=limits,
    )
    ref = pool.submit(job)
    ended = compute.follow(pool, ref, on_log=Parser(listen))
    log = plain(pool.log(ref).decode("utf8", "replace"))
    path = folder / "error.json"
    if path.is_file():
        said = json.loads(path.read_text(encoding="utf8"))
        kind = getattr(errors, said["kind"], JobFailed)
        raise errors.retold(said, kind)
    ended.raise_for_failure(log[-2000:])
    return ended.usage, log


def in_job(
    module: str,
    arguments: tuple[str, ...],
    *,
    folder: Path,
    settings: Settings,
    collect: Callable[[], T],
) -> T:
    """What `collect` makes of the folder that the job left; the folder is gone afterwards."""
    try:
        carry_job(
            module,
            arguments,
            token=folder.name,
            folder=folder,
            settings=settings,
            pool=compute.driver("local", folder=settings.home / "jobs"),
            limits=compute.Limits(),
        )
        return collect()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(settings: Settings) -> dict[str, str]:
    """What a job is told by its environment: where data lie and where our package is."""
    source = str(Path(qianhang.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH", "")
    return {
        "PYTHONPATH": os.pathsep.join(p for p in (source, inherited) if p),
        "QIANHANG_HOME": str(settings.home),
        "QIANHANG_DATA": os.pathsep.join(str(p) for p in settings.data),
    }
