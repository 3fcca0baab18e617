"""A store as one file: every row, every file, and a manifest of what they are.

The archive is a plain tar: `files/<sha256>`, `rows/<table>.jsonl.gz` with one JSON object a row,
`uploads/<organisation>/...` with what people sent, and last `manifest.json`. Rows are written down
in the same way by SQLite and PostgreSQL, so that a backup of the one restores into the other.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from qianhang.core.errors import StoreError
from qianhang.store.files import named_write_errors
from qianhang.store.log import Check
from qianhang.store.migrate import OWN, Part, revisions
from qianhang.store.schema import log_head
from qianhang.store.sent import Sent, pack
from qianhang.store.store import Store

__all__ = ["FORMAT", "FORMATS", "MANIFEST", "Manifest", "Rows", "back_up"]

FORMAT, MANIFEST = 2, "manifest.json"
# Archives of the first format hold no uploads.
FORMATS = (1, FORMAT)
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a table there are, and the sha256 of the member that holds them."""

    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds.

    anchor : the head of its log; files : sha256 -> bytes; uploads : path below the uploads -> file
    """

    format: int
    made: str
    version: str
    parts: Mapping[str, str]
    tables: Mapping[str, Rows]
    files: Mapping[str, int]
    anchor: str
    uploads: Mapping[str, Sent] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(one.count for one in self.tables.values())

    @property
    def sent(self) -> int:
        """How many bytes the uploads have."""
        return sum(one.size for one in self.uploads.values())


def back_up(
    store: Store,
    target: Path,
    *,
    home: Path,
    parts: Sequence[Part],
    at: datetime,
    version: str,
) -> Manifest:
    """What the archive at `target` holds: the store as it was at one moment.

    home : the folder below which the uploads lie
    Raises StoreError where a file of the store is absent or changed, where the target is there
    already, or cannot be written; nothing is left behind.
    """
    try:
        out = target.open("xb")
    except FileExistsError:
        raise StoreError("QH709", f"{target} is there already", hint="give another name") from None
    except OSError as cause:
        raise StoreError("QH701", f"{target}: {cause.strerror or cause}") from cause
    try:
        with out, named_write_errors(str(target)):
            target.chmod(0o600)
            return _write(store, out, home=home, parts=parts, at=at, version=version)
    except BaseException:
        target.unlink()
        raise


def _write(
    store: Store,
    out: BinaryIO,
    *,
    home: Path,
    parts: Sequence[Part],
    at: datetime,
    version: str,
) -> Manifest:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        with store.read() as connection:
            head = connection.execute(sa.select(log_head)).one()
            known = revisions(connection, (OWN, *parts))
            tables = {t.name: _rows(archive, connection, t, at) for t in _tables(connection)}
        # A file is there before the row that names it, so what is there by now is enough.
        files = {sha: _file(archive, store, sha, at) for sha in store.files.kept()}
        made = Manifest(
            FORMAT, at.isoformat(), version, known, tables, files,
            Check(head.seq, 0, head.hash).anchor, pack(archive, home, at=at),
        )  # fmt: skip
        body = json.dumps(asdict(made), ensure_ascii=False, indent=1).encode("utf8")
        archive.addfile(_member(MANIFEST, len(body), at), io.BytesIO(body))
    return made


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """Every table of the database, those first to which others refer."""
    found = sa.MetaData()
    found.reflect(connection)
    return [t for t in found.sorted_tables if not t.name.startswith("version_")]


def _rows(
    archive: tarfile.TarFile, connection: sa.Connection, table: sa.Table, at: datetime
) -> Rows:
    count, order = 0, list(table.primary_key.columns)
    query = sa.select(table).order_by(*order).execution_options(yield_per=1000)
    with tempfile.TemporaryFile() as pad:
        with (
            gzip.GzipFile(fileobj=pad, mode="wb", mtime=0, compresslevel=6) as out,
            connection.execute(query) as found,
        ):
            for row in found.mappings():
                out.write(_line(row))
                count += 1
        size = pad.tell()
        sha = _sha256(pad)
        pad.seek(0)
        archive.addfile(_member(f"rows/{table.name}.jsonl.gz", size, at), pad)
    return Rows(count, sha)


def _line(row: Mapping[Any, Any]) -> bytes:
    text = json.dumps(dict(row), ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.encode("utf8") + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"a backup cannot hold {type(value).__name__}")


def _file(archive: tarfile.TarFile, store: Store, sha: str, at: datetime) -> int:
    content = store.files.get(sha)
    archive.addfile(_member(f"files/{sha}", len(content), at), io.BytesIO(content))
    return len(content)


def _member(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.mtime, found.mode = size, int(at.timestamp()), 0o600
    return found


def _sha256(source: BinaryIO) -> str:
    source.seek(0)
    digest = hashlib.sha256()
    for block in _blocks(source):
        digest.update(block)
    return digest.hexdigest()


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block
