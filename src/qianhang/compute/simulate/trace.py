"""Logs of real machines as jobs with the run time that each really had."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from qianhang.compute.job import Job, Want
from qianhang.core.errors import UsageError

__all__ = ["Traced", "philly", "read", "swf"]


class Traced(NamedTuple):
    """A job of a log and what it really took, s on the log's own chips."""

    job: Job
    run_s: float


def swf(rows: Iterable[tuple[int, ...]], *, chips_per_node: int = 1) -> list[Traced]:
    """Jobs of the Standard Workload Format; rows without run time or processors are left out.

    rows : (job, submit s, run s, processors, requested s, user, group)
    A user is a project; the whole log is one organisation. A wanted time of none is the run time.
    """
    wants: dict[int, Want] = {}
    found = []
    for name, submit, run, procs, asked, user, _ in rows:
        if run <= 0 or procs <= 0:
            continue
        want = wants.setdefault(procs, Want(procs))
        job = Job(f"{name:07d}", "log", want, float(submit), float(max(asked, 1)),
                  project=f"u{user}")  # fmt: skip
        found.append(Traced(job, float(run)))
    return found


def philly(rows: Iterable[tuple[int, int, int, int, str]], *, node: int = 8) -> list[Traced]:
    """Jobs of the Philly extract, each of its own virtual cluster's organisation.

    rows : (job, submit s, run s, GPUs, virtual cluster)
    More GPUs than a node has are whole nodes; the log has no estimates: the run time stands there.
    """
    wants: dict[int, Want] = {}
    found = []
    for name, submit, run, gpus, cluster in rows:
        want = wants.get(gpus)
        if want is None:
            nodes = -(-gpus // node)
            want = wants[gpus] = Want(-(-gpus // nodes), nodes)
        job = Job(f"{name:07d}", cluster, want, float(submit), float(run), home=cluster)
        found.append(Traced(job, float(run)))
    return found


def read(path: Path) -> list[Traced]:
    """The jobs of a log by order of submission: Parquet or CSV with known columns, or SWF text.

    Raises UsageError QH533 where the columns are none that we know.
    """
    if path.suffix in {".swf", ".gz", ".txt"}:
        found = swf(_swf_text(path))
    else:
        found = _frame(path)
    return sorted(found, key=lambda one: (one.job.submitted, one.job.id))


_SWF = ("job", "submit_s", "run_s", "procs", "req_time_s", "user", "group")
_PHILLY = ("job_id", "submit_s", "duration_s", "gpus", "vc")


def _frame(path: Path) -> list[Traced]:
    import pandas as pd

    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    for names, make in ((_SWF, swf), (_PHILLY, philly)):
        if set(names) <= set(frame.columns):
            return make(zip(*(frame[name].tolist() for name in names), strict=True))  # type: ignore[operator]
    raise UsageError(
        "QH533",
        f"{path.name}: columns {', '.join(map(str, frame.columns[:8]))} are none of a known log",
        hint=f"known: {', '.join(_SWF)}; or {', '.join(_PHILLY)}; or SWF text",
    )


def _swf_text(path: Path) -> Iterator[tuple[int, ...]]:
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf8")
    with opened as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.lstrip().startswith(";"):
                continue
            cells = line.split()
            try:
                yield tuple(int(float(cells[at])) for at in (0, 1, 3, 4, 8, 11, 12))
            except (IndexError, ValueError):
                raise UsageError(
                    "QH533", f"{path.name}, line {number}: not 18 numbers of an SWF log"
                ) from None
