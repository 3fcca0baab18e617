"""A disk that fills up at different moments of a run: one clear error, nothing half-written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qianhang.core.errors import StoreError
from qianhang.runs import Request, carry_out, read_store
from qianhang.store import Settings

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
