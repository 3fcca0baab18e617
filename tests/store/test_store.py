"""The store: transactions, several processes at once, read-only and full disks."""

import os
import shutil
import sqlite3
import stat
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from qianhang.core.errors import StoreError
from qianhang.store import Settings, Store, glance


def append(store, now, count=1, **payload):
    for _ in range(count):
        with store.write() as tx:
            tx.append("test", "s", payload=payload, at=now)


def test_a_store_is_made_where_there_is_none_and_found_again(settings, now):
    with Store.open(settings) as store:
        append(store, now, 2)
    with Store.open(settings) as store:
        assert store.verify().records == 2


def test_sqlite_runs_with_wal_full_sync_and_foreign_keys(store):
    with store.read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1,
                     "busy_timeout": 30000}  # fmt: skip


def test_six_processes_open_a_fresh_store_at_once(settings, child, ended, now):
    go_r, go_w = os.pipe()

    def work():
        os.read(go_r, 1)
        with Store.open(settings) as store:
            append(store, now)

    pids = [child(work) for _ in range(6)]
    os.write(go_w, b"x" * 6)
    assert [ended(p) for p in pids] == [0] * 6
    with Store.open(settings) as store:
        assert store.verify().ok
        assert store.verify().records == 6


def test_two_processes_append_500_records_each_and_the_chain_is_whole(settings, child, ended, now):
    Store.open(settings).close()

    def work():
        with Store.open(settings) as store:
            append(store, now, 500, pid=os.getpid())

    pids = [child(work), child(work)]
    assert [ended(p) for p in pids] == [0, 0]
    with Store.open(settings) as store:
        check = store.verify()
        assert check.ok
        assert check.records == 1000
        by = [e.payload["pid"] for e in store.entries()]
        assert {by.count(p) for p in pids} == {500}


def test_a_reader_sees_one_state_while_others_write(store, now):
    append(store, now)
    with store.read() as connection:
        count = sa.text("SELECT count(*) FROM log")
        before = connection.execute(count).scalar()
        append(store, now, 3)
        assert connection.execute(count).scalar() == before
    assert store.verify().records == 4


def test_a_write_protected_store_is_read_and_refuses_writes_by_name(settings, now):
    with Store.open(settings) as store:
        append(store, now)
    (settings.home / "qianhang.db").chmod(stat.S_IRUSR)
    with Store.open(settings) as store:
        assert store.read_only
        assert store.verify().ok
        with pytest.raises(StoreError, match="read-only") as caught:
            append(store, now)
        assert caught.value.code == "QH702"
        with pytest.raises(StoreError, match="read-only"):
            store.files.put(b"abc")


def test_a_store_of_another_user_is_read_and_refuses_writes_by_name(child, ended, now):
    """As user nobody, on a folder and file that only root may write."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp())
    try:
        settings = Settings(home=folder / "home")
        with Store.open(settings) as store:
            append(store, now)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

        def work():
            os.setgid(65534)
            os.setuid(65534)
            with Store.open(settings) as store:
                assert store.verify().records == 1
                with pytest.raises(StoreError) as caught:
                    append(store, now)
                assert caught.value.code == "QH702"
            with pytest.raises(StoreError) as caught:
                Store.open(Settings(home=folder / "other"))
            assert caught.value.code == "QH701"

        assert ended(child(work)) == 0
    finally:
        shutil.rmtree(folder)


def test_looking_only_makes_the_store_first_where_there_is_none(settings, now):
    with Store.open(settings, read_only=True) as store:
        assert store.verify().records == 0
        with pytest.raises(StoreError):
            append(store, now)


def test_a_full_database_gives_one_named_error_and_keeps_the_old_state(store, now):
    append(store, now)

    def fill():
        with store.write() as tx:
            pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
            tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            tx.append("test", "s", payload={"text": "x" * 1_000_000}, at=now)

    with pytest.raises(StoreError) as caught:
        fill()
    assert caught.value.code == "QH703"
    assert store.verify().ok
    assert store.verify().records == 1


def test_a_store_held_by_another_process_is_busy_not_broken(settings, store, now, monkeypatch):
    other = sqlite3.connect(settings.home / "qianhang.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="locked") as caught:
        append(store, now)
    assert caught.value.code == "QH705"
    other.execute("ROLLBACK")
    other.close()
    append(store, now)
    assert store.verify().records == 1


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_file_gives_one_named_error(settings, now, damage):
    with Store.open(settings) as store:
        append(store, now, 50, text="x" * 500)
    path = settings.home / "qianhang.db"
    if damage == "text":
        path.write_bytes(b"this is not a database, " * 1000)
    else:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreError) as caught, Store.open(settings) as store:
        store.verify()
    assert caught.value.code == "QH704"


@pytest.mark.parametrize(
    ("url", "code"),
    [("mysql://x/y", "QH708"), ("nonsense", "QH708"), ("sqlite://", "QH708"),
     ("sqlite:////proc/nowhere/q.db", "QH701")],
)  # fmt: skip
def test_a_wrong_url_gives_one_named_error(tmp_path, url, code):
    with pytest.raises(StoreError) as caught:
        Store.open(Settings(home=tmp_path, database_url=url))
    assert caught.value.code == code


def test_a_home_that_is_a_file_gives_one_named_error(tmp_path):
    (tmp_path / "home").write_text("x")
    with pytest.raises(StoreError) as caught:
        Store.open(Settings(home=tmp_path / "home"))
    assert caught.value.code == "QH701"


def test_errors_of_the_callers_own_block_pass_through(store):
    with pytest.raises(FileNotFoundError), store.write():
        Path("/nowhere/at/all").read_text()
    with pytest.raises(sa.exc.SQLAlchemyError), store.write() as tx:
        tx.connection.exec_driver_sql("INSERT INTO log_head VALUES (1, 0, '')")


def test_a_glance_needs_no_store_and_no_table(settings, now):
    assert glance(settings, "SELECT 1") == []
    with Store.open(settings) as store:
        append(store, now, 2)
    assert glance(settings, "SELECT count(*) FROM log WHERE kind = :k", {"k": "test"}) == [(2,)]
    assert glance(settings, "SELECT * FROM not_there") == []
    (settings.home / "qianhang.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError):
        glance(settings, "SELECT 1 FROM log")
