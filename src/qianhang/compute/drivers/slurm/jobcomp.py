"""The file in which Slurm's jobcomp/filetxt writes down every job that ended."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from qianhang.compute.drivers.slurm.cluster import ClusterJob, life_of, unreachable
from qianhang.compute.drivers.slurm.dialects import read

__all__ = ["completed"]

_FIELD = re.compile(r"(\w+)=(.*?)(?= \w+=|\s*$)")


def completed(path: Path, name: str) -> list[ClusterJob]:
    """The jobs of this name that the file knows, in the order in which they ended.

    Raises PoolUnavailable where the file is there and cannot be read.
    """
    try:
        with path.open(encoding="utf8", errors="replace") as lines:
            ours = [line for line in lines if f" Name={name} " in line]
    except FileNotFoundError:
        return []
    except OSError as cause:
        raise unreachable(f"file {path}: {cause.strerror}") from cause
    return read(lambda: [_job(dict(_FIELD.findall(line))) for line in ours])


def _job(fields: dict[str, str]) -> ClusterJob:
    code, _, signum = fields["ExitCode"].partition(":")
    state = fields["JobState"].split()[0]
    life_of(state)
    return ClusterJob(
        fields["JobId"],
        fields["Name"],
        state,
        code=int(code),
        signal=int(signum or 0) or None,
        wall_s=_wall_s(fields),
        nodes=fields.get("NodeList", "").replace("(null)", ""),
    )


def _wall_s(fields: dict[str, str]) -> float:
    """Zero of a job that never started: its start is no time, or the time of its end."""
    try:
        began, ended = (
            datetime.datetime.fromisoformat(fields[k]) for k in ("StartTime", "EndTime")
        )
    except ValueError:
        return 0.0
    return max((ended - began).total_seconds(), 0.0)
