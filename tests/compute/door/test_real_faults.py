"""The door before a real local pool whose disk is full, and whose jobs are cancelled at any moment."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.testing.door_bed import network, put


@pytest.fixture
def now(now):
    """The test's clock, from the real moment on: real jobs tell real times."""
    now.at = datetime.now(UTC)
    return now


@pytest.fixture
def spool(tmp_path):
    """The pool's folder, a disk of 256 KiB of its own."""
    place = tmp_path / "p1"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def until(door, now, over, *, patience_s=60.0):
    """Look until it is so."""
    end = time.monotonic() + patience_s
    while not over():
        assert time.monotonic() < end, jobs.listed(door.store)
        door.tick(now(0.5))
        time.sleep(0.05)


def test_jobs_on_a_full_disk_wait_and_those_that_fill_it_end_as_they_ended(
    store, tmp_path, now, spool
):
    """Full before anything is handed over, then filled by each job: none is lost or refused."""
    plant.add(store, network(tmp_path, "p1"), by="t", at=now())
    filler = spool / "filler"
    with filler.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(b"x" * 4096)
    names = [put(store, now, script="head -c 400000 /dev/zero > more; exit 0") for _ in range(3)]
    door = Supervisor(store, tmp_path, holder="one")
    for _ in range(4):
        door.tick(now(11))
    assert {one.state for one in attempts.live(store)} == {"submitting"}
    filler.unlink()

    def over():
        ended = [one.job.id for one in jobs.listed(store) if not one.open]
        for name in ended:  # whoever looks after the disk makes room
            (spool / "jobs" / name / "more").unlink(missing_ok=True)
        return len(ended) == len(names)

    until(door, now, over)
    assert [jobs.get(store, name).state for name in names] == ["finished"] * 3
    assert [len(attempts.of(store, name)) for name in names] == [1] * 3


def test_jobs_cancelled_by_another_thread_while_they_are_handed_over_leave_nothing(
    store, tmp_path, now
):
    plant.add(store, network(tmp_path, "p1"), by="t", at=now())
    mark = f"31{os.getpid()}"
    names = [put(store, now, script=f"sleep {mark}") for _ in range(12)]
    door = Supervisor(store, tmp_path, holder="one")

    def cancels():
        for name in names:
            jobs.cancel(store, name, by="t", at=datetime.now(UTC))
            time.sleep(0.02)

    other = threading.Thread(target=cancels)
    other.start()
    until(door, now, lambda: not other.is_alive() and not jobs.listed(store, states=jobs.OPEN))
    other.join()
    assert {jobs.get(store, name).state for name in names} == {"cancelled"}
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"sleep {mark}" not in left.splitlines()
