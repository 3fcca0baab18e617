"""Where work runs: a job, the pools that take it, what it used."""

from __future__ import annotations

from qianhang.compute.job import Job, Limits, Outcome, Usage
from qianhang.compute.pool import Pool, Probe, Status, follow
from qianhang.compute.pools import pool
from qianhang.compute.pools.local import LocalPool

__all__ = [
    "Job",
    "Limits",
    "LocalPool",
    "Outcome",
    "Pool",
    "Probe",
    "Status",
    "Usage",
    "follow",
    "pool",
]
