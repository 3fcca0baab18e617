"""What a trained model has to offer so that it can be kept without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self, runtime_checkable

__all__ = ["Model"]


@runtime_checkable
class Model(Protocol):
    """Anything that turns into named files and back, and predicts the same afterwards."""

    def to_files(self) -> dict[str, bytes]:
        """The whole model as name -> bytes: JSON, npz without objects, a library's own text."""
        ...

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        ...
