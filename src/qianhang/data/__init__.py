"""Data sets, readers, the contract check, quality and provenance.

Importing this package costs nothing: each name is loaded from its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qianhang.data.contract import Checked, check
    from qianhang.data.datasets import DataFile, DataSet
    from qianhang.data.folders import cache_folder, data_folders
    from qianhang.data.grade import grade_inputs
    from qianhang.data.opening import FileRecord, Opened, open_inputs
    from qianhang.data.provenance import content_hash, file_sha256, fingerprint
    from qianhang.data.quality import groups_across, leak_probe, near_duplicates
    from qianhang.data.readers import Note
    from qianhang.data.registry import all_datasets, dataset, names, read_dataset
    from qianhang.data.sources import FileState, Located, fetch, locate, verify
    from qianhang.data.tables import read_table
    from qianhang.data.textual import near_duplicate_texts

__all__ = [
    "Checked",
    "DataFile",
    "DataSet",
    "FileRecord",
    "FileState",
    "Located",
    "Note",
    "Opened",
    "all_datasets",
    "cache_folder",
    "check",
    "content_hash",
    "data_folders",
    "dataset",
    "fetch",
    "file_sha256",
    "fingerprint",
    "grade_inputs",
    "groups_across",
    "leak_probe",
    "locate",
    "names",
    "near_duplicate_texts",
    "near_duplicates",
    "open_inputs",
    "read_dataset",
    "read_table",
    "verify",
]

_HOMES = {
    "contract": "Checked check",
    "datasets": "DataFile DataSet",
    "sources": "FileState Located fetch locate verify",
    "folders": "cache_folder data_folders",
    "grade": "grade_inputs",
    "opening": "FileRecord Opened open_inputs",
    "provenance": "content_hash file_sha256 fingerprint",
    "quality": "groups_across leak_probe near_duplicates",
    "readers": "Note",
    "registry": "all_datasets dataset names read_dataset",
    "tables": "read_table",
    "textual": "near_duplicate_texts",
}
_HOME = {name: home for home, held in _HOMES.items() for name in held.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
