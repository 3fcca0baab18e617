"""A run as its report shows it: the row, its tables, where its data come from, what it realises."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import DatasetError, PackError, UsageError
from qianhang.core.manifest import Manifest
from qianhang.core.pack import find
from qianhang.plan.systems import systems
from qianhang.runs.record import Record
from qianhang.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["manifest_of", "page", "tables_of", "view"]


def tables_of(store: Store, record: Record, *, only: str = "") -> dict[str, pd.DataFrame]:
    """Name -> frame, the tables that the run kept (or `only` one), each checked by its hash."""
    import pandas as pd

    kept: Mapping[str, str] = record.result.get("tables", {})
    wanted = {name: sha for name, sha in kept.items() if only in ("", name)}
    return {n: pd.read_parquet(io.BytesIO(store.files.get(sha))) for n, sha in wanted.items()}


def manifest_of(record: Record) -> Manifest | None:
    """The manifest of the run's pack as it stands now, or None where the pack is gone."""
    for place in (record.scenario, record.request.get("pack_folder", "")):
        try:
            return find(place).manifest
        except PackError:
            continue
    return None


def view(store: Store, record: Record) -> tuple[dict[str, Any], Manifest | None]:
    """The flat record that reports take, and the pack's manifest where the pack still exists."""
    body, manifest = record.as_dict(), manifest_of(record)
    body["log"] = store.files.get(body["log"]).decode("utf8", "replace")[-8000:]
    if manifest is not None:
        case = manifest.find_case(record.case)
        body["data"] = _provenance(body["data"], case.dataset)
        body["marks"] = _marks(body["source"], twin=case.twin)
        known = systems()
        body["covers"] = [
            {"id": i, "name": known[i].name if i in known else ""} for i in manifest.covers
        ]
    return body, manifest


def _marks(source: str, *, twin: bool) -> list[str]:
    if twin:
        return ["twin"]
    return [source] if source in ("simulator", "own", "sample") else []


def _provenance(data: Mapping[str, str], name: str) -> dict[str, Any]:
    if not name:
        return dict(data)
    from qianhang.data import dataset

    try:
        found = dataset(name)
    except DatasetError:
        return dict(data)
    source = found.source if isinstance(found.source, str) else "; ".join(found.source)
    more = {"source": source, "licence": found.licence, "licence_class": found.licence_class}
    more["citation"] = found.citation
    return {file: {"sha256": sha, **more} for file, sha in data.items()}


def page(store: Store, record: Record, *, lang: str = "both") -> str:
    """The run's report: one HTML file that asks nothing of any network.

    Raises UsageError where the run has not finished.
    """
    from qianhang.runs import report

    if record.state != "finished":
        raise UsageError(
            "QH805", f"run {record.id} is {record.state}", hint="only a finished run has a report"
        )
    body, manifest = view(store, record)
    text: str = report.render(body, tables_of(store, record), manifest, lang=lang)
    return text
