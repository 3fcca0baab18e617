"""Documents that people send, put into the ledger one after the other; each answers for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from fastapi import UploadFile

from qianhang.core.errors import QianhangError, UsageError
from qianhang.plan.items import Plan
from qianhang.plan.ledger import Kept, keep
from qianhang.plan.reading.files import LIMIT
from qianhang.plan.reading.read import read_bytes
from qianhang.web.asked import Asked

__all__ = ["Came", "come"]

_MOST = 20
_COUNTED = ("sections", "tasks", "targets", "systems", "measures")


@dataclass(frozen=True, slots=True)
class Came:
    """What became of one file: kept, with what was read from it, or an error."""

    name: str
    kept: Kept | None = None
    counts: dict[str, int] | None = None
    error: QianhangError | None = None


def come(
    ask: Asked, files: Sequence[UploadFile], *, org: str, region: str, parent: Plan | None
) -> tuple[Came, ...]:
    """Each file in the ledger of the organisation, or why it is not.

    Raises UsageError for no file, or too many at once.
    """
    sent = [f for f in files if f.filename]
    if not 0 < len(sent) <= _MOST:
        raise UsageError("QH883", f"{len(sent)} files were sent, expected 1 to {_MOST}")
    return tuple(_one(ask, file, org=org, region=region, parent=parent) for file in sent)


def _one(ask: Asked, file: UploadFile, *, org: str, region: str, parent: Plan | None) -> Came:
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name[:120]
    try:
        data = file.file.read(LIMIT + 1)
        document = read_bytes(data, name=name)
        kept = keep(
            ask.store, document, raw=data, by=ask.by, at=ask.now, region=region, parent=parent,
            org=org, media=PurePosixPath(name).suffix.lstrip(".").lower()[:40] or "txt",
        )  # fmt: skip
    except QianhangError as cause:
        return Came(name, error=cause)
    return Came(name, kept, {kind: len(getattr(document, kind)) for kind in _COUNTED})
