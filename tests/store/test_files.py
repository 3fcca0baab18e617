"""Files: content-addressed, whole or absent, checked when read."""

import errno
import hashlib
import os
import resource
import subprocess
import time

import pytest

from qianhang.core.errors import StoreError
from qianhang.store import Files

# sha256 of "abc", from FIPS 180-4, appendix B.1
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture(params=["folder", "memory"])
def files(request, tmp_path):
    return Files(str(tmp_path / "files") if request.param == "folder" else f"memory://{tmp_path}")


def held(folder):
    return [p for p in folder.rglob("*") if p.is_file()]


def test_bytes_come_back_under_their_sha256(files):
    assert files.put(b"abc") == ABC
    assert files.get(ABC) == b"abc"
    assert files.has(ABC)
    assert files.damage(ABC) == ""


def test_a_path_is_stored_as_its_bytes_are(files, tmp_path):
    content = os.urandom(3_000_000)
    (tmp_path / "big").write_bytes(content)
    assert files.put(tmp_path / "big") == hashlib.sha256(content).hexdigest()
    out = files.copy(hashlib.sha256(content).hexdigest(), tmp_path / "out")
    assert out.read_bytes() == content


def test_the_same_bytes_are_kept_once(tmp_path):
    files = Files(str(tmp_path / "f"))
    assert files.put(b"abc") == files.put(b"abc")
    assert len(held(tmp_path / "f")) == 1


def test_absent_and_changed_bytes_are_told_apart(tmp_path):
    files = Files(str(tmp_path / "f"))
    files.put(b"abc")
    held(tmp_path / "f")[0].write_bytes(b"abd")
    assert files.damage(ABC) == "changed"
    with pytest.raises(StoreError, match="not what was stored") as caught:
        files.get(ABC)
    assert caught.value.code == "QH706"
    with pytest.raises(StoreError, match="not what was stored"):
        files.copy(ABC, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert files.damage("0" * 64) == "absent"
    with pytest.raises(StoreError, match="is not in"):
        files.get("0" * 64)


def test_putting_the_bytes_again_repairs_them(tmp_path):
    files = Files(str(tmp_path / "f"))
    files.put(b"abc")
    held(tmp_path / "f")[0].write_bytes(b"abd")
    files.put(b"abc")
    assert files.get(ABC) == b"abc"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_only_a_hash_is_a_name(files, name):
    with pytest.raises(ValueError, match="not a sha256"):
        files.get(name)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_at_the_flush_leaves_nothing(tmp_path, monkeypatch, number):
    def full(_handle):
        raise OSError(number, os.strerror(number))

    files = Files(str(tmp_path / "f"))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError) as caught:
        files.put(b"abc")
    assert caught.value.code == "QH703"
    assert held(tmp_path / "f") == []


def test_a_file_size_limit_hit_halfway_leaves_nothing(tmp_path, child, ended):
    """The kernel's own limit stops the write after 64 KiB of 1 MiB."""
    files = Files(str(tmp_path / "f"))

    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        with pytest.raises(StoreError) as caught:
            files.put(os.urandom(1 << 20))
        assert caught.value.code == "QH703"

    assert ended(child(work)) == 0
    assert held(tmp_path / "f") == []


def test_a_full_disk_leaves_nothing(tmp_path):
    """A real file system of 1 MiB, where the machine lets us mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.call(mount, stderr=subprocess.DEVNULL):
        pytest.skip("mounting is not allowed here")
    try:
        files = Files(str(place / "f"))
        files.put(b"abc")
        with pytest.raises(StoreError) as caught:
            files.put(os.urandom(2 << 20))
        assert caught.value.code == "QH703"
        assert len(held(place)) == 1
        assert files.get(ABC) == b"abc"
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_what_killed_writers_left_is_swept_once_it_is_a_day_old(tmp_path):
    partial = tmp_path / "f" / ".partial"
    partial.mkdir(parents=True)
    for name, age_s in (("old", 90_000), ("fresh", 60)):
        (partial / f".{name}.part").write_bytes(b"half")
        stamp = time.time() - age_s
        os.utime(partial / f".{name}.part", (stamp, stamp))
    Files(str(tmp_path / "f")).put(b"abc")
    assert [p.name for p in partial.iterdir()] == [".fresh.part"]


def test_read_only_files_are_read_but_not_written(tmp_path):
    Files(str(tmp_path / "f")).put(b"abc")
    files = Files(str(tmp_path / "f"), read_only=True)
    assert files.get(ABC) == b"abc"
    assert files.put(b"abc") == ABC
    with pytest.raises(StoreError) as caught:
        files.put(b"other")
    assert caught.value.code == "QH702"


def test_an_unknown_scheme_is_a_wrong_setting():
    with pytest.raises(StoreError) as caught:
        Files("nonsense://user:hunter2@x/y")
    assert caught.value.code == "QH708"
    assert "hunter2" not in str(caught.value)
