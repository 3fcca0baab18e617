"""The named inputs of a scenario, after the contract check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inputs"]


class Inputs(Mapping[str, Any]):
    """Input name -> pandas frame or path; `table` is the main table."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, pd.DataFrame | Path]) -> None:
        self._values: Mapping[str, Any] = MappingProxyType(dict(values))

    @property
    def table(self) -> pd.DataFrame:
        """The main table, (n, columns), indexed by time where the contract has a time column."""
        value: pd.DataFrame = self._values["table"]
        return value

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def replace(self, **values: pd.DataFrame | Path) -> Inputs:
        """A copy in which the given inputs stand instead."""
        return Inputs({**self._values, **values})

    def blind(self) -> Inputs:
        """A copy without inputs whose name starts with truth, which no pack sees."""
        return Inputs({n: v for n, v in self._values.items() if not n.startswith("truth")})
