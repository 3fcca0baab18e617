"""The NASEM feed library and the feeds of an offer in it."""

from __future__ import annotations

import functools
from importlib import resources

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.schema import nearest

__all__ = ["feeds", "library"]

_FOREIGN = ("Pasture", "Calf Liquid Feed")
_OVERRIDES = {"dm": "Fd_DM", "cp": "Fd_CP", "ndf": "Fd_NDF", "starch": "Fd_St"}


def library(inputs: Inputs) -> pd.DataFrame:
    """The library (284, 88), per cent or mg/kg of dry matter, names stripped."""
    path = inputs.get("library")
    if path is not None:
        return _read(str(path)).copy()
    place = resources.files("nasem_dairy.data.feed_library") / "NASEM_feed_library.csv"
    with resources.as_file(place) as found:
        return _read(str(found)).copy()


@functools.lru_cache(maxsize=2)
def _read(path: str) -> pd.DataFrame:
    table = pd.read_csv(path)
    return table.assign(Fd_Name=table["Fd_Name"].str.strip())


def feeds(inputs: Inputs) -> pd.DataFrame:
    """The library's row for each row of the offer, with the analyses that the offer gives instead.

    Raises ContractError for a feed that is not in the library, stands twice, or is for calves or
    grazing.
    """
    offer, table = inputs.table, library(inputs).set_index("Fd_Name")
    names = offer["feed"].astype(str)
    for row, name in enumerate(names, start=2):
        _check(name, row, table)
    if names.duplicated().any():
        twice = names[names.duplicated()].iloc[0]
        raise ContractError("QH107", f"column feed: {twice!r} stands in more than one row")
    chosen = table.loc[list(names)].reset_index()
    for column, there in _OVERRIDES.items():
        if column in offer:
            given = pd.Series(offer[column].to_numpy(float))
            chosen[there] = given.where(given.notna(), chosen[there])
    return chosen


def _check(name: str, row: int, table: pd.DataFrame) -> None:
    if name not in table.index:
        guess = nearest(name, table.index)
        raise ContractError(
            "QH107",
            f"column feed, row {row}: {name!r} is not in the feed library",
            hint=f"did you mean {guess!r}?" if guess else "see the list in the pack's README",
        )
    kind = str(table.at[name, "Fd_Category"])
    if kind in _FOREIGN or "calves" in name:
        raise ContractError(
            "QH107",
            f"column feed, row {row}: {name!r} is {kind}, expected a feed for cows in a barn",
            hint="grazing and calves are outside this scenario",
        )
