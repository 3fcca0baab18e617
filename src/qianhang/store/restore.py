"""A backup made a store again, on SQLite or PostgreSQL, in an empty place only."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from qianhang.core.errors import StoreError
from qianhang.store.backup import FORMAT, FORMATS, MANIFEST, Manifest, Rows
from qianhang.store.files import Files
from qianhang.store.log import Check, verify
from qianhang.store.migrate import OWN, Part, upgrade
from qianhang.store.sent import Sent, put_back, uploads
from qianhang.store.settings import Settings
from qianhang.store.store import Store, Transaction

__all__ = ["read_manifest", "restore"]

_BLOCK, _AT_ONCE = 1 << 20, 500
_SHA, _NAME = re.compile(r"[0-9a-f]{64}"), re.compile(r"[a-z]{1,40}")


@dataclass(frozen=True, slots=True)
class _Archive:
    """An open archive; its members are only ever read, never unpacked under their own names."""

    tar: tarfile.TarFile
    manifest: Manifest

    def member(self, name: str) -> BinaryIO:
        """The bytes of a member.

        Raises StoreError where it is not there.
        """
        try:
            found = self.tar.extractfile(name)
        except KeyError:
            found = None
        if found is None:
            raise _spoilt(f"it has no {name}")
        return found  # type: ignore[return-value]  # typed as IO[bytes], which it is


def read_manifest(source: Path) -> Manifest:
    """What the archive says that it holds.

    Raises StoreError where it is not a backup, or one of another format.
    """
    with _opened(source) as archive:
        return archive.manifest


def restore(settings: Settings, source: Path, *, parts: Sequence[Part]) -> Check:
    """The check of the store at `settings`, which now holds what the archive does.

    Its tables are made as they were when it was written, filled, then brought up to date.
    Raises StoreError where something is in the store already, or the archive is not whole.
    """
    with _opened(source) as archive, Store.open(settings) as store:
        _empty(store, settings.home)
        _put_files(store.files, archive, "files", archive.manifest.files)
        for name, shas in archive.manifest.beside.items():
            if not _NAME.fullmatch(name):
                raise _spoilt(f"{name[:80]!r} is no name of files beside the store's")
            _put_files(store.files.beside(name), archive, name, shas)
        sent = archive.manifest.uploads
        with put_back(settings.home, sent, archive.member), store.write() as tx:
            _fill(tx, archive, parts)
            check = verify(tx.connection, files=store.files, anchor=archive.manifest.anchor)
            if not check.ok:
                raise _spoilt(f"{check.broken}")
    return check


@contextmanager
def _opened(source: Path) -> Iterator[_Archive]:
    try:
        with tarfile.open(source, mode="r:") as tar:
            yield _Archive(tar, _manifest(tar))
    except OSError as cause:
        raise StoreError("QH701", f"backup {source}: {cause.strerror or cause}") from cause
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, UnicodeDecodeError) as cause:
        raise _spoilt(f"{source.name}: {cause}") from cause


def _manifest(tar: tarfile.TarFile) -> Manifest:
    try:
        member = tar.extractfile(MANIFEST)
    except KeyError:
        raise _spoilt(f"it has no {MANIFEST}") from None
    try:
        body: dict[str, Any] = json.loads(member.read()) if member else {}
        _known(body["format"])
        body["tables"] = {name: Rows(**one) for name, one in body["tables"].items()}
        body["uploads"] = {n: Sent(**one) for n, one in body.get("uploads", {}).items()}
        return Manifest(**body)
    except (KeyError, TypeError, AttributeError, ValueError) as cause:
        raise _spoilt(f"{MANIFEST} cannot be read: {cause}") from cause


def _known(number: object) -> None:
    """Nothing, where this version reads archives of this format.

    Raises StoreError where it does not.
    """
    if number not in FORMATS:
        raise StoreError(
            "QH710", f"the backup is of format {str(number)[:20]}, expected at most {FORMAT}",
            hint="restore it with the version of qianhang that wrote it",
        )  # fmt: skip


def _empty(store: Store, home: Path) -> None:
    """Nothing, where the database holds our log without a record and nothing else, nor is there
    any upload.

    Raises StoreError where there is anything that a restore would spoil.
    """
    with store.read() as connection:
        tables = {*sa.inspect(connection).get_table_names()}
    others = sorted(tables - {"log", "log_head", OWN.version_table})
    others += ["uploads"] if next(uploads(home), None) else []
    if others or store.entries(limit=1):
        raise StoreError(
            "QH709", f"the store is not empty: it holds {', '.join(others[:5]) or 'records'}",
            hint="restore into an empty folder, or an empty database",
        )  # fmt: skip


def _put_files(files: Files, archive: _Archive, name: str, wanted: Iterable[str]) -> None:
    for sha in wanted:
        if not _SHA.fullmatch(sha):
            raise _spoilt(f"{sha[:80]!r} is no sha256")
        with tempfile.NamedTemporaryFile() as pad:
            source = archive.member(f"{name}/{sha}")
            while block := source.read(_BLOCK):
                pad.write(block)
            pad.flush()
            if files.put(Path(pad.name)) != sha:
                raise _spoilt(f"file {sha} is not what its name says")


def _fill(tx: Transaction, archive: _Archive, parts: Sequence[Part]) -> None:
    upgrade(tx.connection, (OWN, *parts), to=archive.manifest.parts)
    here = sa.MetaData()
    here.reflect(tx.connection)
    unknown = sorted(set(archive.manifest.tables) - set(here.tables))
    if unknown:
        raise _spoilt(f"no part of this version has the tables {', '.join(unknown[:5])}")
    for table in here.sorted_tables:
        if table.name in archive.manifest.tables:
            _fill_table(tx, archive, table)
    upgrade(tx.connection, (OWN, *parts))


def _fill_table(tx: Transaction, archive: _Archive, table: sa.Table) -> None:
    """The rows of the archive instead of those that migrating put there."""
    told = archive.manifest.tables[table.name]
    tx.execute(sa.delete(table))
    count = 0
    rows = _rows(archive, table.name, told.sha256)
    for some in iter(lambda: list(itertools.islice(rows, _AT_ONCE)), []):
        if set(some[0]) != set(table.columns.keys()):
            raise _spoilt(f"table {table.name} has other columns: {', '.join(some[0])[:200]}")
        tx.execute(sa.insert(table), some)
        count += len(some)
    if count != told.count:
        raise _spoilt(f"table {table.name} has {count} rows, expected {told.count}")
    _go_on_counting(tx, table)


def _rows(archive: _Archive, name: str, sha: str) -> Iterator[dict[str, Any]]:
    member = f"rows/{name}.jsonl.gz"
    digest = hashlib.sha256()
    source = archive.member(member)
    while block := source.read(_BLOCK):
        digest.update(block)
    if digest.hexdigest() != sha:
        raise _spoilt(f"{member} is not what it was")
    with gzip.open(archive.member(member), "rt", encoding="utf8") as lines:
        for line in lines:
            yield {key: _value(value) for key, value in json.loads(line).items()}


def _value(value: Any) -> Any:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


def _go_on_counting(tx: Transaction, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    if tx.connection.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        serial = sa.func.pg_get_serial_sequence(table.name, column.name)
        if tx.execute(sa.select(serial)).scalar() is not None:
            most = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
            tx.execute(sa.select(sa.func.setval(serial, most, sa.false())))


def _spoilt(what: str) -> StoreError:
    return StoreError("QH710", f"the backup is not whole: {what}", hint="take another copy of it")
