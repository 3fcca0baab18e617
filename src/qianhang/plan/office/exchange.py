"""The ledger as JSON: the same lines as in the workbook, out and back in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from qianhang.core.errors import ContractError
from qianhang.core.words import LANGUAGES, Lang
from qianhang.plan.office.lines import COLUMNS, Line
from qianhang.plan.office.sheets import Given, Sheet, read_sheet

__all__ = ["SCHEMA", "dump", "read_file", "read_json"]

SCHEMA = "qianhang-ledger/1"
_LARGEST = 20 << 20


def dump(found: Sequence[Line], *, plan: str, ref: str, on: date, lang: Lang = "zh") -> str:
    """The lines as JSON, each with what was given out beside what may be edited."""
    body = {
        "schema": SCHEMA,
        "plan": plan,
        "ref": ref,
        "on": on.isoformat(),
        "language": lang,
        "lines": [line.cells() for line in found],
        "given": {line.id: line.cells() for line in found},
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def read_json(text: str, name: str = "ledger.json") -> Sheet:
    """What stands in such a file.

    Raises ContractError naming line and field where it is not one.
    """
    try:
        body = json.loads(text)
    except ValueError as cause:
        raise ContractError("QH184", f"{name}: no JSON ({cause})") from None
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        found = body.get("schema") if isinstance(body, dict) else type(body).__name__
        raise ContractError("QH184", f"{name}: schema {found!r}, expected {SCHEMA!r}")
    listed, given = body.get("lines", []), body.get("given", {})
    if not isinstance(listed, list) or not isinstance(given, dict):
        raise ContractError("QH184", f"{name}: expected a list of lines and a table given")
    rows = [_given(n, raw, name) for n, raw in enumerate(listed, start=1)]
    seen: dict[str, int] = {}
    for row in rows:
        if row.id in seen:
            message = f"{name}, line {row.row}: {row.id} stands in line {seen[row.id]} already"
            raise ContractError("QH184", message)
        seen |= {row.id: row.row} if row.id else {}
    was = {key: _texts(cells) for key, cells in given.items() if isinstance(cells, dict)}
    lang: Lang = next((known for known in LANGUAGES if known == body.get("language")), "zh")
    return Sheet(name, tuple(rows), was, lang)


def read_file(path: Path) -> Sheet:
    """What stands in a ledger that came back, JSON or a workbook by its suffix.

    Raises ContractError for what is not there, too large, no UTF-8, or no ledger.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ContractError("QH184", f"{path}: larger than {_LARGEST >> 20} MiB")
        raw = path.read_bytes()
    except OSError as cause:
        raise ContractError("QH184", f"{path}: {cause.strerror}") from None
    if path.suffix.lower() != ".json":
        return read_sheet(raw, path.name)
    try:
        return read_json(raw.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as cause:
        raise ContractError("QH184", f"{path}: no UTF-8 text (byte {cause.start})") from None


def _given(number: int, raw: Any, name: str) -> Given:
    if not isinstance(raw, dict):
        raise ContractError("QH184", f"{name}, line {number}: expected fields, found {raw!r}")
    unknown = [field for field in raw if field not in COLUMNS]
    if unknown:
        message = f"{name}, line {number}: field {unknown[0]!r} is not known"
        raise ContractError("QH184", message, hint=", ".join(COLUMNS))
    cells = _texts(raw)
    return Given(number, cells.pop("id", ""), cells)


def _texts(raw: Mapping[str, Any]) -> dict[str, str]:
    return {k: "" if v is None else str(v).strip() for k, v in raw.items()}
