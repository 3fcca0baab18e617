"""A store with the tables of billing, on SQLite and on a PostgreSQL server of the tests' own."""

import os
import shutil
import sys
import traceback
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.store import Settings, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("billing")
    Store.open(Settings(home=folder), parts=(schema.PART,)).close()
    return folder


@pytest.fixture
def settings(tmp_path, empty_books):
    return Settings(home=shutil.copytree(empty_books, tmp_path / "home"))


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=(schema.PART,)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared(request, settings, tmp_path):
    """Settings of a store that several processes open: on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        return settings
    server = request.getfixturevalue("postgres_server")
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={server}")
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    return Settings(home=tmp_path, database_url=f"postgresql://me@/{name}?host={server}")


@pytest.fixture
def race(shared):
    """race(work, count) -> exit codes of processes that did work(store, number) at once; a
    process waits at a pipe until all are there."""

    def run(work, count=2):
        Store.open(shared, parts=(schema.PART,)).close()
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
