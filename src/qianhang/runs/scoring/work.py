"""The part of a scoring inside a job: `python -m qianhang.runs.scoring.work FOLDER MEMBER MEMBERS`.

It scores the blocks of its share that nobody has scored yet, and never opens the store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import UsageError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Column
from qianhang.core.pack import Pack
from qianhang.core.spec import Spec
from qianhang.runs.scoring.blocks import Facts, Folder
from qianhang.runs.steps import told
from qianhang.runs.work import Ticket

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from qianhang.data.parts import Part

__all__ = ["asked_columns", "share"]

LEAVE = 75
_OUTCOMES = ("target", "event", "duration")
_KEYS = ("group", "place", "id", "time")


def asked_columns(spec: Spec) -> dict[str, Column]:
    """The contract without what is to be foretold: name -> column."""
    return {name: one for name, one in spec.columns.items() if one.role not in _OUTCOMES}


def share(member: int, members: int, blocks: int | None) -> Callable[[int], bool]:
    """Whether a block is the member's: neighbours where their number is known, else by turns."""
    if blocks is None:
        return lambda number: number % members == member
    low, high = member * blocks // members, (member + 1) * blocks // members
    return lambda number: low <= number < high


@dataclass(frozen=True, slots=True)
class _Scorer:
    """A model and the contract that its rows have to keep."""

    pack: Pack
    spec: Spec
    model: Any
    columns: dict[str, Column]

    def score(self, part: Part, by: str) -> tuple[Facts, pd.DataFrame, pd.DataFrame]:
        """Facts, answers and rejects of a part; each of its rows is in one of them, or blank."""
        import pandas as pd

        from qianhang.data.contract import check_table
        from qianhang.data.findings import REJECT_COLUMNS

        answers = pd.DataFrame({"row": pd.Series(dtype="int64")})
        rejects = pd.DataFrame({name: pd.Series(dtype=object) for name in REJECT_COLUMNS})
        if not part.bare:
            checked = check_table(part.table, self.columns, mode="partition")
            rejects = checked.rejects
            if len(checked.frame):
                answers = self._answers(checked.frame, checked.rows)
        rejects = rejects.astype({"row": "int64"})
        refused = int(rejects["row"].nunique())
        if len(answers) + refused + part.blank != part.rows:
            raise self._not_by_row(f"{len(answers)} answers, {refused} rejects", part.rows)
        facts = Facts(part.number, part.first, part.rows, len(answers), refused, part.blank, by)
        return facts, answers, rejects

    def _answers(self, frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        """One row for each of the frame's, in the order of the file, with its keys and its row."""
        import pandas as pd

        from qianhang import trial

        named = frame.index.name
        if named is None:
            frame.index = pd.Index(rows)
        inputs = Inputs({"table": frame})
        if hasattr(self.pack.code, "read"):
            inputs = self.pack.code.read(inputs, spec=self.spec)
        task = self.pack.manifest.task
        found = trial.serve(self.pack.code, self.model, inputs, task=task, spec=self.spec)
        if len(found) != len(frame):
            raise self._not_by_row(f"{len(found)} answers", len(frame))
        if named is None and set(found.index) == set(rows):
            found = found.loc[rows]
        keys = [n for n, c in self.columns.items() if c.role in _KEYS]
        held = frame.reset_index() if named else frame
        # A key that the file has not is the pack's own, and begins anew in each block.
        told = found.drop(columns=[n for n in keys if n in found])
        parts = [held[[n for n in keys if n in held]], told]
        whole = pd.concat([one.reset_index(drop=True) for one in parts], axis=1)
        for name in whole.select_dtypes("category"):
            whole[name] = whole[name].astype(object)
        whole.insert(0, "row", rows.astype("int64"))
        return whole.sort_values("row", kind="stable", ignore_index=True)

    def _not_by_row(self, found: str, rows: int) -> UsageError:
        return UsageError(
            "QH816", f"{self.pack.id}: found {found}, expected one answer for each of {rows} rows",
            hint=f"qianhang predict {self.pack.id}",
        )  # fmt: skip


def _work(folder: Folder, member: int, members: int, by: str) -> None:
    from qianhang import models
    from qianhang.data.header import match
    from qianhang.data.parts import Parts
    from qianhang.data.readers import open_table
    from qianhang.store import Files

    plan = folder.plan()
    pack, _, spec = Ticket.read(folder.path).resolve()
    model = models.load(Files(str(folder.model)), plan.manifest, local=pack.code)
    columns = asked_columns(spec)
    table = open_table(Path(plan.table))
    wanted = list(match(table, columns).positions.values())
    scorer = _Scorer(pack, spec, model, columns)
    done = folder.done()
    count = Parts(table, wanted, plan.rows, lambda _: True).count
    mine = share(member, members, count)
    parts = Parts(table, wanted, plan.rows, lambda n: mine(n) and n not in done)
    for part in parts:
        _leave_if_told()
        if folder.has(part.number):  # by another attempt, since we looked
            continue
        facts, answers, rejects = scorer.score(part, by)
        folder.put(facts, answers, rejects)
        print(f"block {facts.number}: {facts.answers:,} answers, {facts.rejects:,} rejects")
    folder.end(parts.total)


def _leave_if_told() -> None:
    """End with the code for it, where the pool wants its cores back; what is scored is kept."""
    told_to = Path(os.environ.get("QIANHANG_FOLDER", os.devnull)) / "leave"
    if told_to.exists():
        sys.exit(LEAVE)


def _main(path: str, member: str, members: str) -> int:
    folder, by = Folder(Path(path)), os.environ.get("QIANHANG_TOKEN", "local")
    folder.plan()  # told by the log alone where the folder cannot be seen
    folder.errors(by).mkdir(parents=True, exist_ok=True)
    return told(lambda: _work(folder, int(member), int(members), by), folder.errors(by))


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:4]))
