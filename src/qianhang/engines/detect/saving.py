"""Estimators as named bytes: arrays in npz without objects, everything else in JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["pack_arrays", "unpack_arrays"]


def pack_arrays(arrays: Mapping[str, Any], notes: Mapping[str, Any]) -> dict[str, bytes]:
    """arrays.npz and notes.json, the same bytes for the same content."""
    buffer = io.BytesIO()
    held: dict[str, Any] = {k: np.asarray(v) for k, v in arrays.items()}
    np.savez(buffer, **held)
    return {
        "arrays.npz": buffer.getvalue(),
        "notes.json": json.dumps(dict(notes), sort_keys=True, ensure_ascii=False).encode(),
    }


def unpack_arrays(files: Mapping[str, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the notes that `pack_arrays` wrote."""
    with np.load(io.BytesIO(files["arrays.npz"]), allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    notes: dict[str, Any] = json.loads(files["notes.json"])
    return arrays, notes
