"""The same promises on PostgreSQL, on a server of the test's own."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from qianhang import models
from qianhang.core.errors import StoreError
from qianhang.models import PART, Card, NewModel
from qianhang.store import Settings, Store, glance

pytest.importorskip("psycopg")
pytestmark = pytest.mark.postgresql
PLACES = os.pathsep.join(
    [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


def program(name):
    found = shutil.which(name, path=PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def server():
    """A server on a socket in a folder of its own; PostgreSQL refuses to run as root."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    folder = Path(tempfile.mkdtemp())
    user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, **user)
    data = str(folder / "data")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    start = [pg_ctl, "-D", data, "-w", "-l", str(folder / "server.log"), "-o", options, "start"]
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    init = [initdb, "-D", data, "-U", "me", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(init, check=True, **quiet)
    subprocess.run(start, check=True, **quiet)
    yield folder
    subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "stop"], check=True, **quiet)
    shutil.rmtree(folder)


@pytest.fixture
def settings(server, tmp_path, request):
    """A fresh database for each test."""
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={server}")
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    return Settings(home=tmp_path, database_url=f"postgresql://me@/{name}?host={server}")


def append(store, now, count=1, **payload):
    for _ in range(count):
        with store.write() as tx:
            tx.append("test", "s", payload=payload, at=now)


def test_the_chain_holds_and_names_what_was_changed(settings, now):
    with Store.open(settings, parts=[PART]) as store:
        append(store, now, 5, zh="热")
        assert store.verify().ok
        with pytest.raises(sa.exc.SQLAlchemyError, match="append-only"), store.write() as tx:
            tx.connection.exec_driver_sql("UPDATE log SET kind = 'x' WHERE seq = 3")
        with store.write() as tx:
            tx.connection.exec_driver_sql("DROP TRIGGER log_no_change ON log")
            tx.connection.exec_driver_sql("UPDATE log SET kind = 'x' WHERE seq = 3")
        assert store.verify().broken.seq == 3


def test_four_processes_open_and_append_at_once(settings, child, ended, now):
    def work():
        with Store.open(settings, parts=[PART]) as store:
            append(store, now, 100, pid=os.getpid())

    assert [ended(p) for p in [child(work) for _ in range(4)]] == [0] * 4
    with Store.open(settings, parts=[PART]) as store:
        check = store.verify()
        assert check.ok
        assert check.records == 400


def test_models_are_numbered_and_found(settings, now):
    with Store.open(settings, parts=[PART]) as store:
        sha = store.files.put(b'{"class_name":"pack:X","files":{},"format":1}')
        for _ in range(2):
            with store.write() as tx:
                new = NewModel("a.b", "accepted", sha, "run", Card({"zh": "一", "en": "one"}))
                models.register(tx, new, at=now)
        assert models.newest(store, "a.b").version == 2
        assert models.verify(store) == []


def test_a_read_only_store_and_a_glance_read(settings, now):
    with Store.open(settings) as store:
        append(store, now, 2)
    assert glance(settings, "SELECT count(*) FROM log WHERE kind = :k", {"k": "test"}) == [(2,)]
    assert glance(settings, "SELECT * FROM not_there") == []
    with Store.open(settings, read_only=True) as store:
        assert store.verify().records == 2
        with pytest.raises(StoreError, match="read-only"):
            append(store, now)


def test_a_server_that_is_down_gives_one_named_error(tmp_path):
    url = f"postgresql://me:hunter2@/x?host={tmp_path}"
    with pytest.raises(StoreError) as caught:
        Store.open(Settings(home=tmp_path, database_url=url))
    assert caught.value.code == "QH701"
    assert "hunter2" not in str(caught.value)
