"""A table scored from its first block to one result: on this machine, or as jobs of the network.

What is scored stays when the command, a job, a pool or a Ray head dies: the same command goes on
with the blocks that are missing, on whichever pool it names.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qianhang import models
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.pack import Pack, find
from qianhang.runs import placement, record, request, serving, workplace
from qianhang.runs.scoring import carry
from qianhang.runs.scoring.blocks import Folder, Plan
from qianhang.runs.scoring.merge import Sums, merge
from qianhang.runs.scoring.work import asked_columns
from qianhang.runs.work import Ticket
from qianhang.store import Files

if TYPE_CHECKING:
    from qianhang.core.spec import Spec
    from qianhang.models import ModelVersion
    from qianhang.store import Settings, Store

__all__ = ["BY_ROW", "Ask", "Scored", "Way", "blocks", "fit", "score"]

# Tasks that answer each row for itself; the others read rows together.
BY_ROW = ("classify", "retrieve", "spatial", "survive")


@dataclass(frozen=True, slots=True)
class Ask:
    """One table to score.

    table : a file; out : the Parquet file of the result, in a folder that the pool's machines see
    pool : local, auto, or one that has joined; version : of the model, None for the newest accepted
    rows : of a block; members : jobs at once, each with one core
    minutes : after which a job is stopped; memory_mb : MiB above which it is
    again : whether to forget the blocks that are there
    """

    scenario: str
    table: Path
    out: Path
    pool: str = "local"
    version: int | None = None
    rows: int = 100_000
    members: int = 1
    minutes: int = 90
    memory_mb: int = 4096
    again: bool = False
    org: str = record.ROOT


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of it.

    found : blocks that were there before; pools : where the others were scored; cpu_s : of the jobs
    peak_mb : MiB resident that one of them held at most
    """

    model: str
    sums: Sums
    found: int
    pools: tuple[str, ...]
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Way:
    """How far it is: blocks done, of how many where that is known."""

    done: int
    total: int | None


def score(ask: Ask, *, settings: Settings, tell: Callable[[Way], None] = lambda _: None) -> Scored:
    """Counts of the answers now in `ask.out`, and of the rejects beside it.

    Raises UsageError where the scenario does not answer row by row or another process writes this
    result, ModelError where no model is accepted, ContractError where the table as a whole breaks
    its contract or changes meanwhile, PoolUnavailable or JobFailed where the jobs do not end.
    """
    pack = fit(ask)
    with workplace.open_store(settings) as store:
        placement.check(store, ask.pool)
        kept, spec = serving.chosen(store, pack, ask.version, ask.org)
        if kept is None:
            raise _not_by_row(pack)
        total = blocks(ask, spec)
        before = _stamp(ask.table)
        with _alone(ask.out) as folder:
            plan = _plan(ask, pack, spec, kept)
            _lay_down(store, folder, plan, spec, pack, again=ask.again)
            found = len(folder.done())

            def look() -> None:
                tell(Way(len(folder.done()), total))

            look()
            done = carry.carry(_order(ask, plan), folder, store, settings, look=look)
            if _stamp(ask.table) != before:
                raise ContractError("QH818", f"{ask.table.name} changed while it was scored")
            sums = merge(folder, ask.rows, ask.out)
            shutil.rmtree(folder.path)
            return Scored(plan.model, sums, found, done.pools, done.cpu_s, done.peak_mb)


def fit(ask: Ask) -> Pack:
    """The pack, where it and the names of the files will do.

    Raises UsageError where they do not.
    """
    pack = find(ask.scenario)
    if pack.manifest.task not in BY_ROW:
        raise _not_by_row(pack)
    if ask.out.suffix != ".parquet" or not ask.out.parent.is_dir():
        raise UsageError("QH802", f"out: found {ask.out}, expected a .parquet file in a folder")
    if ask.pool == "local" and ask.members > 1:
        raise UsageError("QH802", f"jobs: found {ask.members}, expected 1 where the pool is local")
    return pack


def _not_by_row(pack: Pack) -> UsageError:
    return UsageError(
        "QH816", f"{pack.id}: found task {pack.manifest.task}, whose answers read many rows "
        f"together; expected one of {', '.join(BY_ROW)}",
        hint=f"qianhang predict {pack.id}",
    )  # fmt: skip


def blocks(ask: Ask, spec: Spec) -> int | None:
    """How many blocks the table has, where its file tells.

    Raises ContractError where it is no table, or lacks a column.
    """
    from qianhang.data.header import match
    from qianhang.data.parts import Parts
    from qianhang.data.readers import open_table

    table = open_table(ask.table)
    match(table, asked_columns(spec))
    return Parts(table, (), ask.rows, lambda _: False).count


def _plan(ask: Ask, pack: Pack, spec: Spec, kept: ModelVersion) -> Plan:
    from qianhang.data import file_sha256

    identity = {
        "pack": pack.source_hash,
        "code": request.code_hash(),
        "case": spec.case,
        "seed": spec.seed,
        "params": dict(spec.params),
        "versions": request.software(pack),
        "manifest": kept.manifest,
        "table": file_sha256(ask.table),
        "rows": ask.rows,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return Plan(key, pack.id, kept.id, kept.manifest, str(ask.table.resolve()), ask.rows)


def _lay_down(
    store: Store, folder: Folder, plan: Plan, spec: Spec, pack: Pack, *, again: bool
) -> None:
    """The plan, the ticket and the model in the folder; blocks of the same plan stay."""
    known = folder.known()
    if again:
        for name in ("blocks", "round.json", "total.json"):
            shutil.rmtree(folder.path / name, ignore_errors=True)
            (folder.path / name).unlink(missing_ok=True)
    elif known not in ("", plan.key):
        raise UsageError(
            "QH817", f"{folder.path} holds blocks of another table, model or version of the code",
            hint="write elsewhere, or --again",
        )  # fmt: skip
    folder.begin(plan)
    params = {name: str(value) for name, value in spec.params.items()}
    Ticket(str(pack.folder), spec.case, spec.seed, params, plan.table).write(folder.path)
    there = Files(str(folder.model))
    saved = models.manifest(store.files, plan.manifest)
    for sha in (plan.manifest, *saved.files.values()):
        there.put(store.files.get(sha))


def _order(ask: Ask, plan: Plan) -> carry.Order:
    return carry.Order(
        plan.key, ask.org, plan.scenario, ask.pool, ask.members, ask.minutes, ask.memory_mb
    )


@contextmanager
def _alone(out: Path) -> Iterator[Folder]:
    """The folder of the result, held by this process alone."""
    path = out.resolve().with_name(f".{out.name}.score")
    path.mkdir(exist_ok=True)
    with (path / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{out} is being written by another process"
            raise UsageError("QH817", message, hint="wait for it") from None
        yield Folder(path)


def _stamp(table: Path) -> tuple[int, int]:
    about = table.stat()
    return about.st_size, about.st_mtime_ns
