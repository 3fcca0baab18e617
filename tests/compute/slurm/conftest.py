"""Real clusters for the tests: where Slurm is missing they are left out, in CI that is a failure."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from qianhang.compute import Limits, Task
from qianhang.compute.drivers.slurm import SlurmDriver, SlurmSettings
from qianhang.testing.slurm_bed import missing, slurm_bed

CHIPS = {"ascend910b": 8}


def need_slurm(*, rest=False):
    if lacks := missing(rest=rest):
        message = f"a Slurm cluster needs {', '.join(lacks)}"
        if os.environ.get("QIANHANG_SERVICES") == "required":
            pytest.fail(message)
        pytest.skip(message)


def pool_of(bed, *, rest=False, **given):
    """The driver of a bed, quick to look again."""
    common = {
        "folder": bed.shared,
        "gres": {"ascend-910b": "gpu:ascend910b"},
        "python": sys.executable,
        "programs": None,
        "fresh_s": 0.05,
        "lag_s": 0.5,
        "beat_s": 0.2,
        "silent_s": 2.0,
        **given,
    }
    if rest:
        return SlurmDriver(
            SlurmSettings(url=bed.url, token_file=bed.token_file, user="root", **common)
        )
    return SlurmDriver(SlurmSettings(conf=bed.conf, **common))


@pytest.fixture(scope="session")
def shared_bed():
    """One cluster with REST for every test that breaks nothing."""
    need_slurm(rest=True)
    with slurm_bed(name="one", chips=CHIPS, rest=True) as bed:
        yield bed


@pytest.fixture
def breakable():
    """A cluster of the test's own, to kill parts of."""
    need_slurm()
    with slurm_bed(name="two", chips=CHIPS) as bed:
        yield bed


@pytest.fixture(params=["commands", "rest"])
def pool(request, shared_bed):
    return pool_of(shared_bed, rest=request.param == "rest")


_COUNT = iter(range(10**6))


def task(code, workdir=Path("/tmp"), *, token=None, env=None, chips=None, **limits):
    """A Python program as a task with a token of its own."""
    name = token or f"t{os.getpid()}-{next(_COUNT)}"
    small = {"memory_mb": 256, **limits}
    return Task(
        name, (sys.executable, "-c", code), workdir, env or {}, Limits(**small), chips or {}
    )


def wait_until(claim, patience_s=30.0):
    until = time.monotonic() + patience_s
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.fixture
def kit():
    """pool_of, task, wait_until, alive: tests cannot import from here."""
    return SimpleNamespace(
        pool_of=pool_of,
        pool_of_same=lambda pool: SlurmDriver(pool.settings),
        task=task,
        wait_until=wait_until,
        alive=alive,
        nowhere=Path("/nowhere"),
    )
