"""A disk that fills up at different moments of a run: one clear error, nothing half-written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.journal import told
from qianhang.compute.simulate.journal import again
from qianhang.core.errors import StoreError
from qianhang.runs import Request, carry_out, open_store, read_store
from qianhang.runs.door import supervisor
from qianhang.store import Settings
from qianhang.testing.door_bed import Clock, network, put, until_over

SIZE_KB = 2000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root: sudo make test")
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", str(place)]
    subprocess.run(command, check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("free_kb", [20, 170, 240])
def test_a_full_disk_is_one_clear_error_and_the_store_goes_on(pack, faults, disk, free_kb):
    """Too little to open the store, to begin the run, to keep the model: whichever comes first."""
    settings = Settings.load(environ={**os.environ, "QIANHANG_HOME": str(disk)})
    filler = disk / "filler"
    filler.write_bytes(b"0" * 1024 * (SIZE_KB - free_kb))
    with pytest.raises(StoreError, match="QH703"):
        carry_out(Request(str(pack.folder), data=faults), settings=settings)
    filler.unlink()
    record, _ = carry_out(Request(str(pack.folder), data=faults), settings=settings)
    assert record.state == "finished"
    with read_store(settings) as store:
        assert store.verify().ok


def test_a_door_whose_store_is_full_waits_and_goes_on_by_itself(disk, tmp_path):
    """The pool lies on another disk: its tasks go on meanwhile, and none is run again."""
    settings, now = Settings.load(environ={**os.environ, "QIANHANG_HOME": str(disk)}), Clock()
    subprocess.run(["mount", "-o", "remount,size=6000k", str(disk)], check=True)
    with open_store(settings) as store:
        plant.add(store, network(tmp_path, "p1"), by="test", at=now())
        names = [put(store, now) for _ in range(6)]
        door = supervisor(store, settings)
        door.tick(now(1))
        filler, failed = disk / "filler", []
        with filler.open("wb", buffering=0) as out, suppress(OSError):
            while True:
                out.write(b"0" * 1024)
        for _ in range(20):
            try:
                door.tick(now(1))
            except StoreError as cause:
                failed.append(cause.code)
        filler.unlink()
        assert set(failed) == {"QH703"}
        until_over(door, now)
        door.release()
        assert {jobs.get(store, name).state for name in names} == {"finished"}
        assert [len(attempts.of(store, name)) for name in names] == [1] * 6
        ran = [file.read_text().count("\n") for file in tmp_path.glob("p1/jobs/*/runs.txt")]
        assert ran == [1] * 6
        assert again(told(store)).alike
        assert store.verify().ok
