"""How good a data set is by what can be counted: completeness, validity, uniqueness, one grade.

Of the six dimensions of GB/T 36344-2018 these are 完整性, 规范性 with 准确性 (the contract's types,
categories and bounds) and the part of 一致性 that repeats break; 时效性 and 可访问性 are not judged
here, and no grade here stands for a review of a data set by an outside body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Manifest
from qianhang.data.clock import Step, parse_step, places
from qianhang.data.quality import repeated_rows

__all__ = ["LEAST", "Grade", "Quality", "grade_inputs", "measure"]

Grade = Literal["high", "standard", "low"]
# The least of every share for a grade; what misses the second is low.
LEAST: Mapping[Grade, float] = {"high": 0.98, "standard": 0.9}
_KEYS = frozenset({"group", "place", "id"})
_DAY_NS = 86_400_000_000_000
_PAUSE = 30  # days and steps without any row after which a record has paused, not lost rows


@dataclass(frozen=True, slots=True)
class Quality:
    """What was counted of one table, shares from 0 to 1.

    complete : cells that hold a value, of those that should be there, missing time steps included;
        a pause of the whole record (a summer without heating) is not missing
    valid : rows that kept the contract; unique : rows that are not the same as an earlier one
    """

    rows: int
    complete: float
    valid: float
    unique: float

    @property
    def grade(self) -> Grade:
        """high, standard or low, by the worst of the three."""
        worst = min(self.complete, self.valid, self.unique)
        return next((grade for grade, least in LEAST.items() if worst >= least), "low")


def measure(frame: pd.DataFrame, columns: Mapping[str, Column], *, refused: int = 0) -> Quality:
    """What can be counted of a checked table.

    frame (n, columns) : as `check` gives it; refused : rows that the contract turned away
    A column that the contract does not ask for and the table does not have is not missed.
    """
    rows = len(frame)
    counted = [name for name in frame if name in columns]
    held = int(frame[counted].notna().to_numpy().sum())
    due = (rows + _lost(frame, columns)) * len(counted)
    return Quality(
        rows=rows,
        complete=held / due if due else 1.0,
        valid=rows / (rows + refused) if rows + refused else 1.0,
        unique=1 - repeated_rows(frame) / rows if rows else 1.0,
    )


def grade_inputs(inputs: Inputs, manifest: Manifest, case: Case) -> dict[str, Any]:
    """The grade of everything that a run read, JSON-ready; `grade` "" where nothing has a contract.

    The worst table decides, and what no contract describes keeps the whole from being high.
    """
    contracts = {name: i.columns for name, i in manifest.inputs.items()} | {"table": case.columns}
    graded, ungraded = {}, []
    for name, value in inputs.items():
        if isinstance(value, pd.DataFrame) and contracts.get(name):
            graded[name] = measure(value, contracts[name])
        else:
            ungraded.append(name)
    if not graded:
        return {"grade": "", "ungraded": ungraded}
    whole = Quality(
        rows=sum(q.rows for q in graded.values()),
        complete=min(q.complete for q in graded.values()),
        valid=min(q.valid for q in graded.values()),
        unique=min(q.unique for q in graded.values()),
    )
    grade = "standard" if ungraded and whole.grade == "high" else whole.grade
    tables = {name: asdict(q) | {"grade": q.grade} for name, q in graded.items()}
    return {"grade": grade, **asdict(whole), "tables": tables, "ungraded": ungraded}


def _lost(frame: pd.DataFrame, columns: Mapping[str, Column]) -> int:
    """Rows that a regular clock should have between its first and its last, and has not.

    A pause that all keys share is none of them.
    """
    clock = columns.get(str(frame.index.name))
    step = parse_step(clock.step) if clock else None
    if step is None or len(frame) < 2 or not isinstance(frame.index, pd.DatetimeIndex):
        return 0
    index = frame.index if frame.index.tz else frame.index.tz_localize("UTC")
    utc = index.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ns]")
    numbers, _ = places(utc.view(np.int64), str(index.tz), step)
    keys = [n for n, c in columns.items() if c.role in _KEYS and n in frame]
    by: Any = [frame[key].to_numpy() for key in keys] or np.zeros(len(frame))
    spans = pd.Series(numbers).groupby(by, observed=True).agg(["min", "max", "size"])
    due = spans["max"] - spans["min"] + 1 - _paused(numbers, step)(spans["min"], spans["max"])
    return int((due - spans["size"]).clip(lower=0).sum())


def _paused(numbers: np.ndarray, step: Step) -> Callable[[Any, Any], np.ndarray]:
    """A function that tells how many steps the whole record paused between two of them."""
    least = _PAUSE if step.kind == "month" else max(_PAUSE, _PAUSE * _DAY_NS // step.size)
    seen = np.unique(numbers)
    ahead = np.diff(seen) - 1
    long = ahead > least
    ends, total = seen[1:][long], np.concatenate([[0], np.cumsum(ahead[long])])

    def until(number: Any) -> np.ndarray:
        before: np.ndarray = total[np.searchsorted(ends, number, side="right")]
        return before

    return lambda first, last: until(last) - until(first)
