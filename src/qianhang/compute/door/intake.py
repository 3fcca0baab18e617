"""What somebody submits as one task: its jobs admitted together, or none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from qianhang.compute.door import jobs
from qianhang.compute.door.jobs import Asked

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["submit"]


def submit(
    store: Store, asked: Sequence[Asked], *, at: datetime, key: str = "", project: str = ""
) -> list[tuple[str, bool]]:
    """(id, whether it is new) of each job of a task, in order.

    key : of the whole task, "" for none: those after the first are told apart by their number
    project : in place of the one that the task names, where given
    Raises UsageError as `jobs.admit` does, and then admits none.
    """
    made = []
    with store.write() as tx:
        for number, one in enumerate(asked):
            own = f"{key}.{number}" if number and key else key
            job = replace(one.job, key=own, project=project or one.job.project)
            made.append(jobs.admit(tx, replace(one, job=job), at=at))
    return made
