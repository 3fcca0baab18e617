"""Controllers as one JSON file: what every controller needs to be kept without pickle."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Self

__all__ = ["FILE", "Stored"]

FILE = "controller.json"


class Stored:
    """A frozen dataclass of numbers, texts and tuples of them that turns into JSON and back."""

    __slots__ = ()

    def to_files(self) -> dict[str, bytes]:
        """The controller as one JSON file."""
        fields: Any = self
        return {FILE: json.dumps(dataclasses.asdict(fields), sort_keys=True).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The controller that `to_files` wrote.

        Raises ValueError for a setting that this controller does not have.
        """
        values = json.loads(files[FILE])
        known: Any = cls
        names = {f.name for f in dataclasses.fields(known)}
        if set(values) != names:
            raise ValueError(f"{cls.__name__}: unknown or missing: {set(values) ^ names}")
        return cls(**{k: _tuples(v) for k, v in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
