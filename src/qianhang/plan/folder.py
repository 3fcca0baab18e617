"""What a folder holds beside the documents that are read from it, and why that is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qianhang.core.errors import ContractError
from qianhang.plan.reading.files import LIMIT, documents_in
from qianhang.plan.reading.kinds import kind_of

__all__ = ["Passed", "passed_over"]


@dataclass(frozen=True, slots=True)
class Passed:
    """One file that is not read; code, why, hint : of the error that naming it alone would give.

    code is "" for a file that could be read, but whose name is not that of a document
    """

    path: Path
    code: str
    why: str
    hint: str


def passed_over(folder: Path) -> Iterator[Passed]:
    """The files under a folder that `documents_in` leaves out, in order; hidden ones not named.

    Archives are looked into for their kind and never unpacked.
    """
    read = set(documents_in(folder))
    for path in sorted(folder.rglob("*")):
        hidden = any(p.startswith((".", "~$")) for p in path.relative_to(folder).parts)
        if path in read or hidden or not path.is_file():
            continue
        yield _passed(path)


def _passed(path: Path) -> Passed:
    try:
        size = path.stat().st_size
        if size > LIMIT:
            raise ContractError("QH127", f"{path.name}: found {size / 2**20:,.0f} MB")
        if not size:
            raise ContractError("QH114", f"{path.name}: the file is empty")
        kind = kind_of(path.read_bytes(), name=path.name)
    except ContractError as cause:
        return Passed(path, cause.code, cause.message, cause.hint)
    except OSError as cause:
        return Passed(path, "QH124", f"{path.name}: {cause.strerror}", "")
    found = f"{path.name}: found {kind} under the ending {path.suffix!r}"
    return Passed(path, "", found, "name the file itself to read it")
