"""Logs of real machines as jobs with the run time that each really had."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import NamedTuple

from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network
from qianhang.core.errors import UsageError

__all__ = ["Slice", "Traced", "cut", "philly", "read", "swf"]


class Traced(NamedTuple):
    """A job of a log and what it really took, s on the log's own chips."""

    job: Job
    run_s: float


def swf(rows: Iterable[tuple[int, ...]]) -> list[Traced]:
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
    """The jobs of a log by order of submission: Parquet or CSV with known columns, SWF text, or a
    door's own journal (.jsonl).

    Raises UsageError QH533 where the columns are none that we know.
    """
    text = path.suffix in {".swf", ".gz", ".txt"}
    if path.suffix == ".jsonl":
        found = _lived(path)
    else:
        found = swf(_swf_text(path)) if text else _frame(path)
    return sorted(found, key=lambda one: (one.job.submitted, one.job.id))


_SWF = ("job", "submit_s", "run_s", "procs", "req_time_s", "user", "group")
_PHILLY = ("job_id", "submit_s", "duration_s", "gpus", "vc")


@dataclass(frozen=True, slots=True)
class Slice:
    """Which jobs of a log, and what is made of them.

    first : at most so many; since, until : submitted from, and before, ISO time or seconds
    movable : share of the jobs that may leave their home pool; None: each as the log says
    noise : sigma of the lognormal error of the estimates; 0: as the log says
    """

    first: int | None = None
    since: str = ""
    until: str = ""
    movable: float | None = None
    noise: float = 0.0
    seed: int = 0


def cut(path: Path, network: Network, *, asked: Slice) -> list[Traced]:
    """The slice of a log, without jobs whose home is no pool of the network.

    A draw each for estimate and movability is made for every job of the window, by order of
    submission, so that the same seed gives the same jobs.
    """
    pools = {pool.id for pool in network.pools}
    found = _window(path, asked)
    homes = any(one.job.home in pools for one in found)
    draw, kept = random.Random(asked.seed), []  # noqa: S311 - a study, not a secret
    for job, run_s in found:
        if homes and job.home not in pools:
            continue
        estimate = max(run_s * exp(draw.gauss(0.0, asked.noise)), 1.0) if asked.noise else (
            job.estimate_s)  # fmt: skip
        stays = asked.movable is not None and draw.random() >= asked.movable
        home = job.home if stays else ""
        made = replace(job, estimate_s=estimate, home=home, pools=(home,) if home else ())
        kept.append(Traced(made, run_s))
    return kept[: asked.first]


def _window(path: Path, asked: Slice) -> list[Traced]:
    found = read(path)
    low, high = _moment(path, asked.since), _moment(path, asked.until)
    return [
        one
        for one in found
        if (low is None or one.job.submitted >= low) and (high is None or one.job.submitted < high)
    ]


def _moment(path: Path, text: str) -> float | None:
    """Seconds of the log: as they stand, or of an ISO time by the log's own time stamps."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    import pandas as pd

    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.DataFrame()
    try:
        at = pd.Timestamp(text)
        zero = frame["timestamp"].iloc[0] - pd.Timedelta(seconds=int(frame["submit_s"].iloc[0]))
    except (ValueError, KeyError, IndexError):
        raise UsageError(
            "QH533", f"{path.name}: {text!r} is no moment of this log",
            hint="seconds, or an ISO time where the log has a column timestamp",
        ) from None  # fmt: skip
    return float((at - zero).total_seconds())


def _lived(path: Path) -> list[Traced]:
    from qianhang.compute.simulate import journal, lived

    return lived.traced(journal.read(path))


def _frame(path: Path) -> list[Traced]:
    import pandas as pd

    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    for names, make in ((_SWF, swf), (_PHILLY, philly)):
        if set(names) <= set(frame.columns):
            return make(zip(*(frame[name].tolist() for name in names), strict=True))
    raise UsageError(
        "QH533",
        f"{path.name}: columns {', '.join(map(str, frame.columns[:8]))} are none of a known log",
        hint=f"known: {', '.join(_SWF)}; or {', '.join(_PHILLY)}; or SWF text",
    )


def _swf_text(path: Path) -> Iterator[tuple[int, ...]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf8") as lines:
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
