"""Two real Slurm clusters and this machine, with daemons and the door killed while they work."""

from __future__ import annotations

import pytest

from qianhang.testing.chaos import Plan, chaos
from qianhang.testing.slurm_bed import missing


def test_with_daemons_killed_no_job_is_lost_or_run_twice_to_commit(tmp_path):
    if lacks := missing():
        pytest.skip(f"a Slurm cluster needs {', '.join(lacks)}")
    found = chaos(tmp_path, Plan(jobs=60, door=3, slurmctld=1, slurmd=1, limit_s=120.0))
    assert found.ok, found
    assert found.kills == {"door": 3, "slurmctld": 1, "slurmd": 1}
    assert found.states == {"finished": 60}
    assert found.replayed.same == found.replayed.decisions >= 60 + found.again
