"""A store with the tables of access, on SQLite and on a PostgreSQL server of the tests' own."""

import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from qianhang.access import accounts, organisations, passwords, schema
from qianhang.access.person import Grant
from qianhang.store import Settings, Store

pytest.importorskip("argon2")
pytest.importorskip("pyotp")
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PLACES = os.pathsep.join(
    [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes():
    """Hashes of 1 MiB: what they cost in earnest is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_MEMORY_KIB", 1024)
        passwords._hasher.cache_clear()
        yield
    passwords._hasher.cache_clear()


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("access")
    Store.open(Settings(home=folder), parts=(schema.PART,)).close()
    return folder


@pytest.fixture
def settings(tmp_path, empty):
    return Settings(home=shutil.copytree(empty, tmp_path / "home"))


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=(schema.PART,)) as opened:
        yield opened


@pytest.fixture(scope="session")
def server():
    """A server on a socket in a folder of its own; PostgreSQL refuses to run as root."""
    pytest.importorskip("psycopg")
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
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


def _program(name):
    found = shutil.which(name, path=PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared(request, settings, tmp_path):
    """Settings of a store that several processes open: on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        return settings
    server = request.getfixturevalue("server")
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={server}")
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    return Settings(home=tmp_path, database_url=f"postgresql://me@/{name}?host={server}")


@pytest.fixture
def opened(shared):
    """opened() -> another open store on the shared settings, closed after the test."""
    every = []

    def open_one():
        every.append(Store.open(shared, parts=(schema.PART,)))
        return every[-1]

    yield open_one
    for one in every:
        one.close()


@pytest.fixture
def race(shared):
    """race(work, count) -> exit codes of processes that did work(store, number) at once; a
    process waits at a pipe until all are there."""

    def run(work, count=4):
        go, start = os.pipe()
        pids = [_child(shared, work, n, (go, start)) for n in range(count)]
        os.close(go)
        os.close(start)
        return sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)

    return run


def _child(shared, work, number, pipe):
    pid = os.fork()
    if pid:
        return pid
    try:
        with Store.open(shared, parts=(schema.PART,)) as store:
            os.close(pipe[1])
            # Reads the end of the file once nobody holds the other end: all have started.
            os.read(pipe[0], 1)
            code = work(store, number)
        os._exit(code)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        os._exit(99)


@pytest.fixture
def org(store):
    """org(name, kind, parent) -> id, the same as the name."""

    def add(name, kind="county", parent="root", **more):
        with store.write() as tx:
            return organisations.add_organisation(
                tx, name, kind=kind, parent=parent, org=name, by="t", at=NOW, **more
            ).id

    return add


@pytest.fixture
def member(store):
    """member(login, roles at an organisation ...) -> Account with the password PASSWORD."""

    def add(login="li.na", *grants, org="root", **more):
        return make(store, login, *grants, org=org, **more)

    return add


PASSWORD = "a long and quiet sentence"


@pytest.fixture
def password():
    return PASSWORD


@pytest.fixture
def make_account():
    """make_account(store, login, (org, role) ...) -> Account."""
    return make


def make(store, login, *grants, org="root", **more):
    with store.write() as tx:
        return accounts.create(
            tx, login, name="李娜", org=org, password=PASSWORD, by="t", at=NOW,
            grants=[Grant(*g) for g in grants], **more,
        )  # fmt: skip
