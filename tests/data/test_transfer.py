"""Transfers from a server on this machine that breaks off, lies, hangs or is not there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qianhang.core.errors import DatasetError
from qianhang.data import codes
from qianhang.data.transfer import Patience, download

BODY = bytes(range(256)) * 2_000  # 512,000 bytes
SUM = hashlib.sha256(BODY).hexdigest()
CHUNK = 16_384
THREE = Patience(tries=3, pause_s=0.0)


class Handler(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None]]
    gate: threading.Event

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range")))
        getattr(self, f"_{self.path.strip('/').replace('-', '_')}")()

    def _send(self, body: bytes, *, start: int = 0, stop: int | None = None) -> None:
        """Answers with body[start:]; of which only bytes up to `stop` are really sent."""
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:stop])

    def _start(self) -> int:
        asked = self.headers.get("Range")
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def _whole(self) -> None:
        self._send(BODY, start=self._start())

    def _breaks_off(self) -> None:
        first = len([a for a in self.asked if a[0] == self.path]) == 1
        self._send(BODY, start=self._start(), stop=200_000 if first else None)

    def _always_breaks_off(self) -> None:
        self._send(BODY, start=self._start(), stop=self._start() + 100_000)

    def _no_ranges(self) -> None:
        first = len([a for a in self.asked if a[0] == self.path]) == 1
        self._send(BODY, stop=200_000 if first else None)

    def _other(self) -> None:
        self._send(b"x" * len(BODY), start=self._start())

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):  # the client hangs up, as it should
            for _ in range(100):
                self.wfile.write(BODY)

    def _moved(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/whole")
        self.end_headers()

    def _gone(self) -> None:
        self.send_error(404)

    def _sick(self) -> None:
        self.send_error(503)

    def _hangs(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.gate.wait(10)

    def _slow(self) -> None:
        self.gate.wait(10)
        self._whole()


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, str | None]], threading.Event]]:
    asked: list[tuple[str, str | None]] = []
    gate = threading.Event()
    handler = type("Own", (Handler,), {"asked": asked, "gate": gate})
    service = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=service.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{service.server_port}", asked, gate
    gate.set()
    service.shutdown()
    service.server_close()


def get(url: str, target: Path, **how: object) -> Path:
    return download(url, target, **{"known": SUM, "patience": THREE, **how})


def nothing_left(folder: Path) -> bool:
    return not any(p.is_file() for p in folder.rglob("*"))


def test_file_arrives_whole_and_progress_is_told(server, tmp_path) -> None:
    told = []
    target = tmp_path / "new" / "a.bin"
    assert get(f"{server[0]}/whole", target, progress=lambda *t: told.append(t)) == target
    assert target.read_bytes() == BODY
    assert told[-1] == ("a.bin", len(BODY), len(BODY))
    assert [p.name for p in target.parent.iterdir()] == ["a.bin"]


def test_transfer_that_breaks_off_goes_on_where_it_stopped(server, tmp_path) -> None:
    get(f"{server[0]}/breaks-off", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert [r for _, r in server[1]] == [None, f"bytes={200_000 // CHUNK * CHUNK}-"]


def test_next_call_goes_on_where_the_last_one_gave_up(server, tmp_path) -> None:
    """Three tries bring 6 whole pieces of 16,384 bytes each; the second call asks for the rest."""
    with pytest.raises(DatasetError, match="breaks off"):
        get(f"{server[0]}/always-breaks-off", tmp_path / "a.bin")
    assert (tmp_path / "a.bin.part").stat().st_size == 18 * CHUNK
    assert not (tmp_path / "a.bin").exists()
    get(f"{server[0]}/whole", tmp_path / "a.bin")
    assert server[1][-1] == ("/whole", f"bytes={18 * CHUNK}-")
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_server_without_ranges_is_asked_from_the_start(server, tmp_path) -> None:
    get(f"{server[0]}/no-ranges", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_part_of_another_edition_is_thrown_away(server, tmp_path) -> None:
    (tmp_path / "a.bin.part").write_bytes(b"y" * 1000)
    get(f"{server[0]}/whole", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert [r for _, r in server[1]] == ["bytes=1000-", None]


def test_wrong_sum_is_refused_and_nothing_is_left(server, tmp_path) -> None:
    with pytest.raises(DatasetError) as caught:
        get(f"{server[0]}/other", tmp_path / "a.bin")
    assert caught.value.code == codes.CHECKSUM
    assert nothing_left(tmp_path)


def test_more_bytes_than_registered_are_not_taken(server, tmp_path) -> None:
    with pytest.raises(DatasetError) as caught:
        get(f"{server[0]}/endless", tmp_path / "a.bin", size=len(BODY))
    assert caught.value.code == codes.CHECKSUM
    assert nothing_left(tmp_path)


def test_older_file_stays_when_the_new_one_cannot_be_had(server, tmp_path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(DatasetError):
        get(f"{server[0]}/other", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("path", "reason", "asked"),
    [("gone", "404", 1), ("sick", "503", 3), ("hangs", "no answer in time|cannot be reached", 3)],
)
def test_server_that_does_not_serve_is_named_with_its_reason(
    server, tmp_path, path: str, reason: str, asked: int
) -> None:
    how = {"patience": replace(THREE, read_s=0.3)} if path == "hangs" else {}
    with pytest.raises(DatasetError, match=reason) as caught:
        get(f"{server[0]}/{path}", tmp_path / "a.bin", **how)
    assert caught.value.code == codes.DOWNLOAD
    assert len(server[1]) == asked
    assert nothing_left(tmp_path)


def test_server_that_is_down_is_said_to_be(tmp_path) -> None:
    with pytest.raises(DatasetError, match="cannot be reached"):
        get("http://127.0.0.1:9/a", tmp_path / "a.bin")
    assert nothing_left(tmp_path)


def test_redirect_is_followed(server, tmp_path) -> None:
    assert get(f"{server[0]}/moved", tmp_path / "a.bin").read_bytes() == BODY


def test_two_processes_fetch_once(server, tmp_path) -> None:
    url, asked, gate = server
    code = (
        "import sys; from pathlib import Path; from qianhang.data.transfer import download;"
        f"download({url + '/slow'!r}, Path(sys.argv[1]), known={SUM!r}); print('done')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.bin")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    gate.set()
    assert [p.communicate(timeout=60)[0].strip() for p in both] == ["done", "done"]
    assert len(asked) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_disk_without_room_is_seen_before_the_first_byte(server, tmp_path, monkeypatch) -> None:
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    with pytest.raises(DatasetError, match="No space left") as caught:
        get(f"{server[0]}/whole", tmp_path / "a.bin", size=len(BODY))
    assert caught.value.code == codes.NO_ROOM
    assert "512,000 bytes" in caught.value.message
    assert nothing_left(tmp_path)


def test_disk_that_fills_up_on_the_way_leaves_nothing(server, tmp_path) -> None:
    """The kernel itself stops the file at 100,000 bytes, by the limit on file size."""
    code = (
        "import resource, sys; from pathlib import Path; import pooch, requests;"
        "from qianhang.core.errors import DatasetError;"
        "from qianhang.data.transfer import download;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"try: download({server[0] + '/whole'!r}, Path(sys.argv[1]), known={SUM!r})\n"
        "except DatasetError as cause: print(cause.code)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.bin")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == codes.NO_ROOM
    assert nothing_left(tmp_path)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="needs root to mount")
def test_full_file_system_leaves_nothing(server, tmp_path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(DatasetError) as caught:
            get(f"{server[0]}/whole", disk / "a.bin")
        assert caught.value.code == codes.NO_ROOM
        assert os.strerror(errno.ENOSPC) in caught.value.message
        assert nothing_left(disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_folder_that_may_not_be_written_is_named(server, tmp_path) -> None:
    """Root may write anywhere, so the call is then made as nobody, who may not even look in."""
    tmp_path.chmod(0o500)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(DatasetError) as caught:
            get(f"{server[0]}/whole", tmp_path / "a.bin")
    finally:
        os.seteuid(before)
    assert caught.value.code == codes.NO_ROOM
