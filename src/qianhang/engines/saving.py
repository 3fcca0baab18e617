"""Estimators as named bytes: arrays in npz without objects, everything else in JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

__all__ = [
    "fitted",
    "fitted_arrays",
    "pack_arrays",
    "packed",
    "under",
    "unpack_arrays",
    "unpacked",
]

_Model = TypeVar("_Model")


def packed(arrays: Mapping[str, Any]) -> bytes:
    """Arrays as npz, the same bytes for the same content."""
    buffer = io.BytesIO()
    held: dict[str, Any] = {k: np.asarray(v) for k, v in arrays.items()}
    np.savez_compressed(buffer, **held)
    return buffer.getvalue()


def unpacked(data: bytes) -> dict[str, Any]:
    """The arrays that `packed` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def pack_arrays(
    arrays: Mapping[str, Any], notes: Mapping[str, Any], *, name: str = "model"
) -> dict[str, bytes]:
    """<name>.npz and <name>.json."""
    text = json.dumps(dict(notes), sort_keys=True, ensure_ascii=False)
    return {f"{name}.npz": packed(arrays), f"{name}.json": text.encode()}


def unpack_arrays(
    files: Mapping[str, bytes], *, name: str = "model"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the notes that `pack_arrays` wrote."""
    notes: dict[str, Any] = json.loads(files[f"{name}.json"])
    return unpacked(files[f"{name}.npz"]), notes


def fitted_arrays(model: object, names: Iterable[str]) -> dict[str, Any]:
    """What a model has learnt, by name: of `coef` the attribute `coef_`."""
    return {name: getattr(model, f"{name}_") for name in names}


def fitted(kind: type[_Model], params: Mapping[str, Any], arrays: Mapping[str, Any]) -> _Model:
    """A model of a kind and settings that has learnt what `fitted_arrays` told."""
    model = kind(**params)
    for name, array in arrays.items():
        setattr(model, f"{name}_", array)
    return model


def under(files: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
    """The files whose names begin with a prefix, by the rest of their names."""
    return {n.removeprefix(prefix): data for n, data in files.items() if n.startswith(prefix)}
