"""What every test shares: real data where they lie, a store of its own, no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PLACES = os.pathsep.join(
    [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder with the registered real data; in CI it must be there."""
    for place in os.environ.get("QIANHANG_DATA", "").split(os.pathsep):
        if place and Path(place).is_dir():
            return Path(place)
    message = "QIANHANG_DATA does not name a folder with the registered data sets"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store folder of the test's own."""
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QIANHANG_DATABASE_URL", raising=False)
    monkeypatch.delenv("QIANHANG_FILES_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The folder of the socket of a server of the tests' own; PostgreSQL refuses to run as root."""
    pytest.importorskip("psycopg")
    initdb, pg_ctl = (shutil.which(name, path=PLACES) for name in ("initdb", "pg_ctl"))
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp())
    user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, **user)
    data = str(folder / "data")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    init = [initdb, "-D", data, "-U", "me", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    start = [pg_ctl, "-D", data, "-w", "-l", str(folder / "server.log"), "-o", options, "start"]
    subprocess.run(init, check=True, **quiet)
    subprocess.run(start, check=True, **quiet)
    yield folder
    subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "stop"], check=True, **quiet)
    shutil.rmtree(folder)
