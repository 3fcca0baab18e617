"""Why a program cannot be met: the cheapest relaxations, and a smallest set of rows that clash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from qianhang.engines.optimise.linear import (
    Array,
    Program,
    Solution,
    identity,
    solve,
    stacked,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["diagnose", "elastic", "irreducible"]


def elastic(program: Program, weight: Array) -> Program:
    """The program in which every row may be broken, each unit at its weight, at no other cost.

    weight : (m,) above zero. Variables are x, then what each row is short of, then over.
    """
    m, n = program.matrix.shape
    slack = identity(m, like=program.matrix)
    return Program(
        cost=np.concatenate([np.zeros(n), weight, weight]),
        matrix=stacked([program.matrix, slack, -slack], across=True),
        row_low=program.row_low,
        row_high=program.row_high,
        low=np.concatenate([program.low, np.zeros(2 * m)]),
        high=np.concatenate([program.high, np.full(2 * m, np.inf)]),
    )


def diagnose(
    program: Program, *, names: Sequence[str], weight: Array | None = None
) -> pd.DataFrame:
    """The rows that a least relaxation gives up, worst first; empty for a program that can be met.

    Columns row, limit (low, high), needed, reached, short (unit of the row), share (of needed).
    weight : (m,) dislike of one unit; a row's own limit counts as 1 where it is not given
    """
    import pandas as pd

    m, n = program.matrix.shape
    limit = np.where(np.isfinite(program.row_low), program.row_low, program.row_high)
    if weight is None:
        weight = 1 / np.maximum(np.abs(limit), 1e-9)
    best = solve(elastic(replace(program, integer=None), weight))
    broken: list[dict[str, object]] = []
    if best.found:
        broken = [_row(program, best, i, names[i]) for i in range(m) if _amount(best, i, n, m) > 0]
    columns = ["row", "limit", "needed", "reached", "short", "share"]
    table = pd.DataFrame(broken, columns=columns)
    table = table[table["share"] > 1e-7]
    return table.sort_values("share", ascending=False, ignore_index=True)


def irreducible(program: Program, *, names: Sequence[str]) -> tuple[str, ...]:
    """Rows that cannot be met together, though they could if any one of them were dropped.

    Deletion filter (Chinneck and Dravnieks 1991); () for a program that can be met.
    """
    kept = list(range(len(program.row_low)))
    if solve(program).status != "infeasible":
        return ()
    for row in tuple(kept):
        trial = [i for i in kept if i != row]
        if solve(_only(program, trial)).status == "infeasible":
            kept = trial
    return tuple(names[i] for i in kept)


def _only(p: Program, rows: Sequence[int]) -> Program:
    keep = np.array(rows, dtype=int)
    return replace(p, matrix=p.matrix[keep], row_low=p.row_low[keep], row_high=p.row_high[keep])


def _amount(best: Solution, i: int, n: int, m: int) -> float:
    return float(best.x[n + i] + best.x[n + m + i])


def _row(p: Program, best: Solution, i: int, name: str) -> dict[str, object]:
    m, n = p.matrix.shape
    low = best.x[n + i] > best.x[n + m + i]
    needed = float(p.row_low[i] if low else p.row_high[i])
    short = _amount(best, i, n, m)
    return {
        "row": name,
        "limit": "low" if low else "high",
        "needed": needed,
        "reached": needed - short if low else needed + short,
        "short": short,
        "share": short / max(abs(needed), 1e-9),
    }
