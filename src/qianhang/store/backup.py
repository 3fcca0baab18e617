"""A store as one file: every row, every file, and a manifest of what they are.

The archive is a plain tar: `files/<sha256>`, `rows/<table>.jsonl.gz` with one JSON object a row,
`<name>/<sha256>` of files that lie beside the store's own for a time, `uploads/<organisation>/...`
with what people sent, and last `manifest.json`. Rows are written down
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from qianhang.core.errors import StoreError
from qianhang.store.files import Files, named_write_errors
from qianhang.store.log import Check
from qianhang.store.migrate import OWN, Part, revisions
from qianhang.store.schema import log_head
from qianhang.store.sent import Sent, pack
from qianhang.store.store import Store

__all__ = ["FORMAT", "FORMATS", "MANIFEST", "Beside", "Manifest", "Rows", "back_up"]

FORMAT, MANIFEST = 3, "manifest.json"
# Archives of the first format hold no uploads, those of the second nothing that lies beside.
FORMATS = (1, 2, FORMAT)
_BLOCK = 1 << 20
# Name beside the store's files -> sha256 of what is wanted of it, as the rows of a moment tell.
Beside = Callable[[sa.Connection], Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a table there are, and the sha256 of the member that holds them."""

    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds.

    anchor : the head of its log; files : sha256 -> bytes; uploads : path below the uploads -> file
    beside : name -> sha256 -> bytes
    """

    format: int
    made: str
    version: str
    parts: Mapping[str, str]
    tables: Mapping[str, Rows]
    files: Mapping[str, int]
    anchor: str
    uploads: Mapping[str, Sent] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

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
    beside: Beside = lambda _: {},
) -> Manifest:
    """What the archive at `target` holds: the store as it was at one moment.

    home : the folder below which the uploads lie; beside : which files it holds further, where
        they are not deleted meanwhile
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
            return _write(store, out, home=home, parts=parts, at=at, version=version,
                          beside=beside)  # fmt: skip
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
    beside: Beside,
) -> Manifest:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        with store.read() as connection:
            head = connection.execute(sa.select(log_head)).one()
            known = revisions(connection, (OWN, *parts))
            tables = {t.name: _rows(archive, connection, t, at) for t in _tables(connection)}
            wanted = beside(connection)
        # A file is there before the row that names it, so what is there by now is enough.
        files = _files(archive, "files", store.files, store.files.kept(), at)
        more = {n: _files(archive, n, store.files.beside(n), s, at) for n, s in wanted.items()}
        made = Manifest(
            FORMAT, at.isoformat(), version, known, tables, files,
            Check(head.seq, 0, head.hash).anchor, pack(archive, home, at=at), more,
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


def _files(
    archive: tarfile.TarFile, name: str, files: Files, wanted: Sequence[str], at: datetime
) -> dict[str, int]:
    """sha256 -> bytes of each that went in; what was deleted since it was wanted did not."""
    sizes = {}
    for sha in wanted:
        with tempfile.TemporaryFile() as pad:
            try:
                pad.writelines(files.stream(sha))
            except StoreError:
                if name != "files" and not files.has(sha):
                    continue
                raise
            sizes[sha] = pad.tell()
            pad.seek(0)
            archive.addfile(_member(f"{name}/{sha}", sizes[sha], at), pad)
    return sizes


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
