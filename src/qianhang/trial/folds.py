"""Which rows a model may learn from and which it is scored on, as the split of a case says.

Random folds exist only for tables that have no time, place or group column.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Column, Split
from qianhang.core.spec import Spec
from qianhang.engines.classify.inner import group_folds

__all__ = ["Fold", "cut", "labelled"]

Ints = NDArray[np.int64]
RANDOM_REFUSED = "QH131"
CANNOT_CUT = "QH132"


@dataclass(frozen=True, slots=True)
class Fold:
    """One cut: row numbers to learn from and to be scored on; the rest is left out."""

    name: str
    train: Ints
    test: Ints


def cut(
    table: pd.DataFrame, split: Split, *, spec: Spec, events: NDArray[np.bool_] | None = None
) -> tuple[Fold, ...]:
    """The folds of `table`, in order.

    events : (n,) flags that group folds shall share out evenly, or None
    Raises ContractError where a random split is asked of ordered or grouped rows, where the
    column to cut by is missing, or where a part would be empty.
    """
    makers = {
        "forward": _forward,
        "season_out": _unit_out,
        "unit_out": _unit_out,
        "group": _group,
        "spatial_block": _spatial,
        "given": _given,
        "none": _random,
    }
    flags = np.zeros(len(table), dtype=bool) if events is None else np.asarray(events, dtype=bool)
    folds = tuple(makers[split.kind](_Cut(table, split, spec, flags)))
    for fold in folds:
        if not len(fold.train) or not len(fold.test):
            raise ContractError(
                CANNOT_CUT,
                f"split {split.kind}, fold {fold.name}: {len(fold.train)} rows to learn from, "
                f"{len(fold.test)} to be scored on",
                hint="give more rows, or fewer folds",
            )
    return folds


def labelled(fold: Fold, rows: int) -> NDArray[np.str_]:
    """(rows,) "train", "test" or "" for each row of the table that was cut."""
    labels = np.full(rows, "", dtype="<U5")
    labels[fold.train] = "train"
    labels[fold.test] = "test"
    return labels


@dataclass(frozen=True, slots=True)
class _Cut:
    table: pd.DataFrame
    split: Split
    spec: Spec
    events: NDArray[np.bool_]

    def column(self, *roles: str) -> str:
        """The column to cut by: the split's own, else the first that plays one of the roles."""
        named = [n for n, c in self.spec.columns.items() if c.role in roles]
        grouped = list(self.spec.group_by) if "group" in roles else []
        for name in (self.split.column, *grouped, *named):
            if name and (name in self.table.columns or name == self.table.index.name):
                return name
        raise ContractError(
            CANNOT_CUT,
            f"split {self.split.kind}: the table has no column to cut by",
            hint="name it in [split] column, or give a column the role " + " or ".join(roles),
        )

    def values(self, name: str) -> pd.Series[Any]:
        if name in self.table.columns:
            return self.table[name].reset_index(drop=True)
        return self.table.index.to_series().reset_index(drop=True)

    def times(self) -> pd.DatetimeIndex:
        """The time of each row."""
        if isinstance(self.table.index, pd.DatetimeIndex):
            return self.table.index
        return pd.DatetimeIndex(self.values(self.column("time")))

    def numbered(self, number: Ints) -> Iterator[Fold]:
        """A fold for each number: its rows against all others."""
        for k in np.unique(number):
            yield Fold(str(int(k) + 1), np.flatnonzero(number != k), np.flatnonzero(number == k))


def _forward(given: _Cut) -> Iterator[Fold]:
    """Later rows scored, everything before them learnt from, fold after fold."""
    times, split = given.times(), given.split
    order = np.argsort(times.asi8, kind="stable")
    ordered = times[order]
    start = round(len(times) * (1.0 - split.test_share))
    if split.test_from:
        start = int(ordered.searchsorted(_moment(split.test_from, times)))
    stop = len(times)
    if split.test_to:
        stop = int(ordered.searchsorted(_moment(split.test_to, times)))
    edges = np.linspace(start, stop, max(split.folds, 1) + 1).round().astype(int)
    for low, high in zip(edges, edges[1:], strict=False):
        # Rows of one moment stay on one side, whatever the share says.
        first = int(ordered.searchsorted(ordered[low])) if low < stop else low
        last = int(ordered.searchsorted(ordered[high])) if high < stop else stop
        name = str(ordered[first].date()) if first < stop else "empty"
        yield Fold(name, np.sort(order[:first]), np.sort(order[first:last]))


def _moment(text: str, times: pd.DatetimeIndex) -> pd.Timestamp:
    moment = pd.Timestamp(text)
    return moment.tz_localize(times.tz) if moment.tzinfo is None else moment


def _unit_out(given: _Cut) -> Iterator[Fold]:
    """Whole seasons or units held out in turn, several to a fold where folds are fewer."""
    roles = ("time",) if given.split.kind == "season_out" else ("group", "place", "id")
    name = given.column(*roles)
    values = given.values(name)
    if pd.api.types.is_datetime64_any_dtype(values):
        values = pd.DatetimeIndex(values).year.to_series(index=values.index)
    codes, labels = pd.factorize(values, sort=True)
    folds = given.split.folds if given.split.folds > 1 else len(labels)
    if len(labels) > folds:
        yield from given.numbered(
            group_folds(codes, folds, seed=given.spec.seed, events=given.events)
        )
        return
    for code, label in enumerate(labels):
        yield Fold(str(label), np.flatnonzero(codes != code), np.flatnonzero(codes == code))


def _group(given: _Cut) -> Iterator[Fold]:
    """Groups dealt out over the folds, events evenly."""
    groups = pd.factorize(given.values(given.column("group", "id")))[0]
    folds = max(given.split.folds, 2)
    if len(np.unique(groups)) < folds:
        raise ContractError(
            CANNOT_CUT,
            f"split group: {len(np.unique(groups))} groups cannot make {folds} folds",
            hint="give more groups, or fewer folds",
        )
    yield from given.numbered(group_folds(groups, folds, seed=given.spec.seed, events=given.events))


def _spatial(given: _Cut) -> Iterator[Fold]:
    """Blocks of neighbours: the longer side is halved until every fold has its block."""
    named = [n.strip() for n in given.split.column.split(",") if n.strip()]
    names = named or [n for n, c in given.spec.columns.items() if c.role == "place"]
    if not names or any(n not in given.table.columns for n in names):
        raise ContractError(
            CANNOT_CUT,
            "split spatial_block: the table has no place columns",
            hint='name them in [split] column = "x,y"',
        )
    if len(names) == 1:
        codes = pd.factorize(given.table[names[0]])[0]
        number = group_folds(codes, max(given.split.folds, 2), seed=given.spec.seed)
    else:
        number = _halve(given.table[names].to_numpy(dtype=float), max(given.split.folds, 2))
    yield from given.numbered(number)


def _halve(points: NDArray[np.float64], folds: int) -> Ints:
    number = np.zeros(len(points), dtype=np.int64)
    parts = [(np.arange(len(points)), folds)]
    made = 0
    while parts:
        rows, share = parts.pop()
        if share == 1:
            number[rows] = made
            made += 1
            continue
        axis = int(np.argmax(np.ptp(points[rows], axis=0)))
        order = rows[np.argsort(points[rows, axis], kind="stable")]
        middle = math.ceil(len(order) * (share // 2) / share)
        parts += [(order[middle:], share - share // 2), (order[:middle], share // 2)]
    return number


def _given(given: _Cut) -> Iterator[Fold]:
    """The table's own column: train and test, or the number of the fold that scores the row."""
    values = given.values(given.column("group")).astype(str)
    if set(values) <= {"train", "test", ""}:
        train, test = np.flatnonzero(values == "train"), np.flatnonzero(values == "test")
        yield Fold("given", train, test)
        return
    yield from given.numbered(pd.factorize(values, sort=True)[0].astype(np.int64))


def _random(given: _Cut) -> Iterator[Fold]:
    """Rows dealt out at random: only where no column orders or groups them."""
    bound = _binding(given.spec.columns, given.spec)
    if bound:
        raise ContractError(
            RANDOM_REFUSED,
            f"a random split is refused: {', '.join(bound)} orders or groups the rows",
            hint='set [split] kind to "forward", "group", "unit_out" or "spatial_block"',
        )
    rows = np.arange(len(given.table))
    folds = max(given.split.folds, 2)
    if len(rows) < folds:
        raise ContractError(CANNOT_CUT, f"{len(rows)} rows cannot make {folds} folds")
    yield from given.numbered(group_folds(rows, folds, seed=given.spec.seed, events=given.events))


def _binding(columns: Mapping[str, Column], spec: Spec) -> list[str]:
    named = [n for n, c in columns.items() if c.role in ("time", "place", "group")]
    return list(dict.fromkeys([*spec.group_by, *named]))
