"""Artefacts as rows and bytes: wanted, kept, listed, taken home, deleted once they are old.

Equal contents are kept once. Whoever adds or deletes bytes takes turns at the head of the log, so
that none is deleted that somebody begins to need.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.artefacts import tables
from qianhang.compute.door.moments import stamp
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.compute.artefacts.folder import Copied
    from qianhang.store import Files, Store, Transaction

__all__ = [
    "BESIDE",
    "Artefact",
    "Full",
    "Harvest",
    "Limits",
    "State",
    "again",
    "close",
    "content",
    "discard",
    "expire",
    "files_of",
    "harvest",
    "held",
    "keep",
    "limits",
    "listed",
    "lost",
    "named",
    "newest",
    "remove",
    "set_limits",
    "want",
]

State = Literal[
    "wanted", "kept", "empty", "too_much", "full", "away", "unsupported", "not_due", "gone"
]
BESIDE = "artefacts"  # where the bytes lie, beside the store's own files
_HARVEST, _TABLE = tables.harvest, tables.artefact
_AGAIN: tuple[State, ...] = ("empty", "too_much", "full", "away")  # nothing was kept, and may be
_SETTING = "artefacts"
_PIECE = 200
_MOST, _MOST_DAYS = 10**9, 36_500


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept: of one file, of a job, of an organisation, MB; how many files, how long."""

    file_mb: int = 2_000
    job_mb: int = 10_000
    org_mb: int = 100_000
    files: int = 1_000
    days: int = 30

    def __post_init__(self) -> None:
        for name in self.__slots__:
            found, most = getattr(self, name), _MOST_DAYS if name == "days" else _MOST
            if not 1 <= found <= most:
                raise UsageError("QH528", f"limit {name} is {found}, allowed: 1 to {most:,}")


@dataclass(frozen=True, slots=True)
class Harvest:
    """What became of a job's outputs.

    state : wanted until the job has ended and they are collected; kept; empty where nothing was
        there; too_much, full (of the organisation); away where the folder cannot be seen,
        unsupported where it never can; not_due after a failure; gone once deleted
    skipped : path -> why it was passed over; missing : patterns that meant nothing
    """

    job: str
    org: str
    state: State
    files: int
    size: int
    at: str
    skipped: Mapping[str, str]
    missing: tuple[str, ...]
    found: str
    expected: str

    @property
    def again(self) -> bool:
        """Whether they may be collected once more."""
        return self.state in _AGAIN


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file that was kept of a job; size in bytes; gone : when it was deleted, else ""."""

    job: str
    number: int
    path: str
    size: int
    sha: str
    org: str
    at: str
    gone: str


class Full(Exception):
    """The organisation keeps so many bytes that these do not go in beside them."""

    def __init__(self, held: int, more: int, most: int) -> None:
        super().__init__(f"{held:,} and {more:,} bytes, allowed: {most:,}")
        self.found, self.expected = f"{held:,} + {more:,} bytes", f"{most:,}"


def files_of(store: Store) -> Files:
    """Where the bytes lie: beside the store's own files, which are kept for good."""
    return store.files.beside(BESIDE)


def want(tx: Transaction, job: str, org: str, *, at: datetime) -> None:
    """The job's outputs are to be collected once it has ended."""
    row = {"job": job, "org": org, "state": "wanted", "token": "", "files": 0, "size": 0}
    tx.execute(sa.insert(_HARVEST).values(row | {"detail": "{}", "tried": "", "at": stamp(at)}))


def keep(
    tx: Transaction, job: str, made: Sequence[Copied], *, token: str, detail: Mapping[str, Any],
    org_bytes: int, at: datetime,
) -> bool:  # fmt: skip
    """Whether these files are the job's artefacts now: no other collection counts.

    Raises Full where the organisation would keep more than so many bytes.
    """
    org = _still_wanted(tx, job)
    if org is None:
        return False
    more = sum(one.size for one in made)
    total = sa.func.coalesce(sa.func.sum(_TABLE.c.size), 0)
    query = sa.select(total).where(_TABLE.c.org == org, _TABLE.c.gone == "")
    held = int(tx.execute(query).scalar_one())
    if held + more > org_bytes:
        raise Full(held, more, org_bytes)
    files = tx.files.beside(BESIDE)
    for one in made:  # what another's retention deleted since it was put is put again
        if not files.has(one.sha):
            files.put(one.place)
    moment = stamp(at)
    rows = [
        {"job": job, "number": number, "path": one.path, "size": one.size, "sha": one.sha,
         "org": org, "at": moment, "gone": ""}
        for number, one in enumerate(made, 1)
    ]  # fmt: skip
    if rows:
        tx.execute(sa.insert(_TABLE), rows)
    state = "kept" if rows else "empty"
    _set(tx, job, state, token=token, detail=detail, at=at, files=len(rows), size=more)
    lines = "".join(f"{one.sha}  {one.path}\n" for one in made)
    facts: dict[str, Any] = {"count": len(rows), "bytes": more, "org": org}
    facts["epoch"] = int(token.rpartition(".")[2])
    facts["manifest"] = hashlib.sha256(lines.encode()).hexdigest()
    tx.append("compute.artefact.kept", job, payload=facts, at=at)
    return True


def close(
    tx: Transaction, job: str, state: State, *, detail: Mapping[str, Any] | None = None,
    at: datetime,
) -> None:  # fmt: skip
    """The job's outputs will not be collected, for this reason."""
    org = _still_wanted(tx, job)
    if org is None:
        return
    _set(tx, job, state, token="", detail=detail or {}, at=at)
    if state != "not_due":
        tx.append("compute.artefact.none", job, payload={"org": org, "state": state}, at=at)


def _still_wanted(tx: Transaction, job: str) -> str | None:
    """The organisation, where nobody collected the outputs yet; others wait from here on."""
    tx.take_turns()
    query = sa.select(_HARVEST.c.org).where(_HARVEST.c.job == job, _HARVEST.c.state == "wanted")
    org = tx.execute(query).scalar()
    return None if org is None else str(org)


def _set(
    tx: Transaction, job: str, state: str, *, token: str, detail: Mapping[str, Any], at: datetime,
    files: int = 0, size: int = 0,
) -> None:  # fmt: skip
    told = json.dumps(detail, ensure_ascii=False, sort_keys=True)
    values = {"state": state, "token": token, "detail": told, "at": stamp(at)}
    where = _HARVEST.c.job == job
    tx.execute(sa.update(_HARVEST).where(where).values(values | {"files": files, "size": size}))


def again(store: Store, job: str, *, by: str, at: datetime) -> None:
    """The job's outputs are wanted once more, where nothing was kept of them.

    Raises UsageError where something was, or none are wanted of the job.
    """
    where = (_HARVEST.c.job == job) & _HARVEST.c.state.in_(_AGAIN)
    with store.write() as tx:
        tx.take_turns()
        fresh = {"state": "wanted", "tried": ""}
        if not tx.execute(sa.update(_HARVEST).where(where).values(fresh)).rowcount:
            raise UsageError(
                "QH527", f"job {job[:40]} has no outputs that were not kept",
                hint="outputs are collected by themselves once the job has ended",
            )  # fmt: skip
        tx.append("compute.artefact.again", job, payload={"by": by}, at=at)


def harvest(store: Store, job: str) -> Harvest | None:
    """What became of the job's outputs, None where its task names none."""
    with store.read() as connection:
        query = sa.select(_HARVEST).where(_HARVEST.c.job == job)
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    told = json.loads(row["detail"])
    plain = {n: row[n] for n in ("job", "org", "state", "files", "size", "at")}
    return Harvest(
        **plain, skipped=told.get("skipped", {}), missing=tuple(told.get("missing", ())),
        found=told.get("found", ""), expected=told.get("expected", ""),
    )  # fmt: skip


def listed(store: Store, job: str) -> tuple[Artefact, ...]:
    """The job's files, in the order of their paths, deleted ones too."""
    query = sa.select(_TABLE).where(_TABLE.c.job == job).order_by(_TABLE.c.number)
    with store.read() as connection:
        return tuple(Artefact(**row) for row in connection.execute(query).mappings())


def named(store: Store, job: str, number: int) -> Artefact:
    """One file of a job.

    Raises UsageError where there is none, or none any more.
    """
    query = sa.select(_TABLE).where(_TABLE.c.job == job, _TABLE.c.number == number)
    with store.read() as connection:
        row = connection.execute(query).mappings().first()
    if row is None or row["gone"]:
        what = "was deleted" if row else "does not exist"
        raise UsageError("QH527", f"artefact {number} of job {job[:40]} {what}")
    return Artefact(**row)


def content(store: Store, found: Artefact) -> Iterator[bytes]:
    """The file's bytes, in blocks; they end before the last one where they are not what was kept.

    Raises StoreError where the bytes are absent or changed.
    """
    return files_of(store).stream(found.sha)


def held(connection: sa.Connection) -> dict[str, int]:
    """sha256 -> bytes of what is kept, the newest first."""
    query = sa.select(_TABLE.c.sha, _TABLE.c.size).where(_TABLE.c.gone == "")
    order = (_TABLE.c.at.desc(), _TABLE.c.job, _TABLE.c.number)
    return {row.sha: row.size for row in connection.execute(query.order_by(*order))}


def newest(connection: sa.Connection, most: int) -> tuple[str, ...]:
    """sha256 of what is kept, the newest first, of so many bytes in all at most."""
    found = []
    for sha, size in held(connection).items():
        if size <= most:
            most -= size
            found.append(sha)
    return tuple(found)


def lost(store: Store, *, at: datetime) -> int:
    """How many files are told as gone now because their bytes are not there: after a restore."""
    files = files_of(store)
    query = sa.select(_TABLE.c.job, _TABLE.c.sha).where(_TABLE.c.gone == "").distinct()
    with store.read() as connection:
        kept = [(row.job, row.sha) for row in connection.execute(query)]
    there = {sha: files.has(sha) for sha in {sha for _, sha in kept}}
    count = 0
    for job in sorted({job for job, sha in kept if not there[sha]}):
        absent = sorted(sha for one, sha in kept if one == job and not there[sha])
        with store.write() as tx:
            count += _told_gone(tx, job, absent, by="restore", at=at)
    return count


def _told_gone(tx: Transaction, job: str, shas: Sequence[str], *, by: str, at: datetime) -> int:
    kept = (_TABLE.c.job == job) & (_TABLE.c.gone == "")
    count = 0
    for start in range(0, len(shas), _PIECE):
        piece = kept & _TABLE.c.sha.in_(shas[start : start + _PIECE])
        count += tx.execute(sa.update(_TABLE).where(piece).values(gone=stamp(at))).rowcount
    if tx.execute(sa.select(_TABLE.c.sha).where(kept).limit(1)).first() is None:
        tx.execute(sa.update(_HARVEST).where(_HARVEST.c.job == job).values(state="gone"))
    tx.append("compute.artefact.gone", job, payload={"count": count, "by": by}, at=at)
    return count


def limits(store: Store) -> Limits:
    """What is kept at most."""
    query = sa.select(schema.setting.c.value).where(schema.setting.c.name == _SETTING)
    with store.read() as connection:
        text = connection.execute(query).scalar()
    return Limits(**json.loads(text)) if text else Limits()


def set_limits(store: Store, wanted: Limits, *, by: str, at: datetime) -> None:
    """These limits from now on; what is kept already stays for its days."""
    table = schema.setting
    values = {"value": json.dumps(asdict(wanted)), "by": by, "at": stamp(at)}
    with store.write() as tx:
        tx.take_turns()
        where = table.c.name == _SETTING
        if not tx.execute(sa.update(table).where(where).values(values)).rowcount:
            tx.execute(sa.insert(table).values(name=_SETTING, **values))
        facts = asdict(wanted) | {"by": by}
        tx.append("compute.artefact.limits", _SETTING, payload=facts, at=at)


def remove(store: Store, job: str, *, by: str, at: datetime) -> int:
    """How many files of the job were deleted now."""
    with store.write() as tx:
        return _remove(tx, job, by=by, at=at)


def expire(store: Store, at: datetime) -> int:
    """How many files were deleted now because they are older than they are kept."""
    before = stamp(at - timedelta(days=limits(store).days))
    old = sa.select(_TABLE.c.job).distinct().where(_TABLE.c.gone == "", _TABLE.c.at < before)
    count = 0
    while True:
        with store.read() as connection:
            jobs = list(connection.execute(old.limit(_PIECE)).scalars())
        if not jobs:
            return count
        for job in jobs:
            with store.write() as tx:
                count += _remove(tx, job, by="retention", at=at)


def _remove(tx: Transaction, job: str, *, by: str, at: datetime) -> int:
    tx.take_turns()
    kept = (_TABLE.c.job == job) & (_TABLE.c.gone == "")
    shas = set(tx.execute(sa.select(_TABLE.c.sha).where(kept)).scalars())
    if not shas:
        return 0
    count = _told_gone(tx, job, sorted(shas), by=by, at=at)
    discard(tx, shas)
    return count


def discard(tx: Transaction, shas: Collection[str]) -> None:
    """Delete the bytes of these contents that no artefact needs; others wait from here on."""
    tx.take_turns()
    files, ordered = tx.files.beside(BESIDE), sorted(shas)
    for start in range(0, len(ordered), _PIECE):
        piece = ordered[start : start + _PIECE]
        query = sa.select(_TABLE.c.sha).where(_TABLE.c.sha.in_(piece), _TABLE.c.gone == "")
        needed = set(tx.execute(query).scalars())
        for sha in piece:
            if sha not in needed:
                files.remove(sha)
