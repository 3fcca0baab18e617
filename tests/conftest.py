"""What every test shares: real data where they lie, a store of its own, no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from qianhang.store import Part, Settings, Store

PLACES = os.pathsep.join(
    [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


# The folders that pytest makes are closed to other users, so that no job could work there as one.
os.environ["QIANHANG_POOL_USER"] = "service"


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a store that several processes open: on SQLite, then on PostgreSQL.

    `settings`, and the store's `parts`, are fixtures of the folder that asks.
    """
    if request.param == "sqlite":
        return settings
    server = request.getfixturevalue("postgres_server")
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={server}")
    name = f"t{uuid.uuid4().hex}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    return Settings(home=tmp_path, database_url=f"postgresql://me@/{name}?host={server}")


@pytest.fixture
def race(shared: Settings, parts: tuple[Part, ...]) -> Callable[..., list[int]]:
    """race(work, count) -> exit codes of processes that did work(store, number) at once.

    Each waits at a pipe until all are there.
    """

    def run(work: Callable[[Store, int], int], count: int = 4) -> list[int]:
        Store.open(shared, parts=parts).close()
        go, start = os.pipe()
        pids = [_child(shared, parts, lambda s, n=n: work(s, n), (go, start)) for n in range(count)]
        os.close(go)
        os.close(start)
        return sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)

    return run


def _child(
    shared: Settings, parts: tuple[Part, ...], work: Callable[[Store], int], pipe: tuple[int, int]
) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        with Store.open(shared, parts=parts) as store:
            os.close(pipe[1])
            # Reads the end of the file once nobody holds the other end: all have started.
            os.read(pipe[0], 1)
            code = work(store)
        os._exit(code)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        os._exit(99)
