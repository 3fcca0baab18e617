"""Two worker processes on PostgreSQL behave as one server, and lose nothing when one is killed."""

import hashlib
import os
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from qianhang.access import accounts, keys, sessions
from qianhang.access.person import ROLES, Grant
from qianhang.core.pack import load_pack
from qianhang.runs import asks, open_store, process, tables, telling
from qianhang.runs.steps import Event
from qianhang.store import Settings
from qianhang.testing import write_pack

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
NAMES = count()
PASSWORD = "a long and quiet sentence"


def now():
    return datetime.now(UTC)


@pytest.fixture
def settings(postgres_server, tmp_path):
    """A database and a folder of the test's own."""
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={postgres_server}")
    name = f"workers{os.getpid()}_{next(NAMES)}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    url = f"postgresql://me@/{name}?host={postgres_server}"
    return Settings(home=tmp_path / "home", database_url=url)


@pytest.fixture
def store(settings):
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def environ(settings, tmp_path):
    """What the server finds: the store, and a pack `toy.small` that somebody installed."""
    site = tmp_path / "site"
    info = site / "many-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: many\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[qianhang.packs]\nmany = many\n")
    pack = load_pack(write_pack(site / "many", industry="toy", name="small", task="classify"))
    (site / "many" / "__init__.py").touch()
    uploads = settings.home / "uploads" / "root"
    uploads.mkdir(parents=True)
    pack.code.sample(0).table.to_csv(uploads / "rows.csv", index=False)
    return {
        "QIANHANG_HOME": str(settings.home),
        "QIANHANG_DATABASE_URL": settings.database_url,
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
    }


@pytest.fixture
def account(store):
    with store.write() as tx:
        return accounts.create(
            tx, "somebody", name="somebody", org="root", by="t", at=now(),
            identity=("t", "somebody"), grants=[Grant("root", role) for role in ROLES],
        )  # fmt: skip


@pytest.fixture
def cookies(store, account):
    with store.write() as tx:
        return {"qh": sessions.open(tx, account.id, now=now())[1]}


@pytest.fixture
def bearer(store, account):
    with store.write() as tx:
        _, secret = keys.create_key(
            tx, account.id, name="t", scopes=["read", "run"], by="t", at=now(),
            expires=datetime(2100, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    return {"Authorization": f"Bearer {secret}"}


def workers(served):
    """The process ids of the server's workers, as the kernel tells."""
    main = Path(f"/proc/{served.process.pid}")
    every = (main / "task" / main.name / "children").read_text().split()
    started = {int(p) for p in every if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()}
    return started


def answering(served):
    """Which worker answers a new connection."""
    return int(re.search(r'process_open_fds{worker="(\d+)"', served.get("/metrics").text)[1])


def both(served, until):
    """The two workers, once each of them has answered."""
    seen = set()
    until(lambda: seen.add(answering(served)) or len(seen) == 2)
    return seen


def running(store):
    """An ask that this process carries out, as everybody can see."""
    at = now().isoformat(timespec="milliseconds")
    empty = dict.fromkeys(("data", "run", "key", "ended", "stop"), "")
    row = empty | {
        "id": "20260101-000000-0000000000", "org": "root", "account": "t",
        "scenario": "toy.small", "case": "own", "seed": 0, "pool": "local", "params": "{}",
        "again": False, "state": "running", "asked": at, "claimed": at, "started": at,
        "heartbeat": at, "host": process.here(), "process": process.me(), "attempts": 1,
        "error": "{}",
    }  # fmt: skip
    with store.write() as tx:
        tx.execute(sa.insert(tables.ask), row)
    return row["id"]


def tell(store, ask, note):
    with store.write() as tx:
        at = now().isoformat(timespec="milliseconds")
        telling.tell(tx, ask, [(at, Event("train", "progress", note=note))])


def test_a_limit_and_a_lock_count_what_either_worker_has_seen(
    serving, environ, store, bearer, until
):
    """10 requests a minute pass, and what comes in meanwhile; a fifth wrong password locks."""
    with store.write() as tx:
        accounts.create(
            tx, "wang.fang", name="王", org="root", by="t", at=now(), password=PASSWORD
        )  # fmt: skip
    with serving("--workers", "2", "--slots", "0", "--rate", "10", environ=environ) as served:
        both(served, until)
        begun = now()
        answers = [served.get("/api/v1/me", headers=bearer).status_code for _ in range(40)]
        came_in = (now() - begun).total_seconds() * 10 / 60
        assert 10 <= answers.count(200) <= 11 + came_in
        assert set(answers) <= {200, 429}

        def enter(password):
            with served.fresh() as client:
                return client.post("/sign-in", data={"login": "wang.fang", "password": password})

        assert [enter("wrong").status_code for _ in range(5)] == [401] * 5
        assert {enter(PASSWORD).status_code for _ in range(4)} == {401}


def test_a_session_and_its_end_hold_at_both_workers(serving, environ, cookies, until):
    with serving("--workers", "2", "--slots", "0", environ=environ) as served:
        both(served, until)
        assert {served.get("/runs", cookies=cookies).status_code for _ in range(12)} == {200}
        with served.fresh(cookies=cookies) as client:
            assert client.post("/sign-out").status_code == 303
        assert {served.get("/runs", cookies=cookies).status_code for _ in range(12)} == {303}


def test_one_key_makes_one_ask_at_whichever_worker_and_each_is_carried_out_once(
    serving, environ, bearer, until, store
):
    with serving("--workers", "2", "--slots", "2", environ=environ) as served:
        both(served, until)

        def ask(number):
            body = {"scenario": "toy.small", "upload": "rows.csv", "seed": number % 2}
            key = hashlib.sha256(str(number % 2).encode()).hexdigest()
            with served.fresh(headers=bearer | {"Idempotency-Key": key}) as client:
                return client.post("/api/v1/asks", json=body)

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, range(8)))
        assert {a.status_code for a in answers} <= {202, 409}, answers[0].text
        made = {a.json()["id"] for a in answers if a.status_code == 202}
        assert len(made) == 2
        until(lambda: not any(a.open for a in asks.asks(store, None)))
        ended = asks.asks(store, None)
        assert {a.id for a in ended} == made
        assert [a.state for a in ended] == ["finished"] * 2, [a.error for a in ended]
        assert len({a.run for a in ended}) == 2
        with store.read() as connection:
            tried = connection.execute(sa.select(tables.ask.c.attempts)).scalars().all()
        assert tried == [1, 1]
        assert store.verify().ok


def test_followers_hear_the_same_from_either_worker_and_go_on_after_one_was_killed(
    serving, environ, cookies, until, store
):
    ask = running(store)
    path = f"/runs/asks/{ask}/events"

    def heard(after, notes):
        """What a follower who came back hears until the last of these notes."""
        got = []
        headers = {"Last-Event-ID": str(after)}
        with (
            served.fresh(cookies=cookies) as client,
            client.stream("GET", path, headers=headers) as lines,
        ):
            assert lines.status_code == 200
            for line in lines.iter_lines():
                got += re.findall(r'"note":"(\w+)"', line)
                if got and got[-1] == notes[-1]:
                    return got
        return got

    with serving("--workers", "2", "--slots", "0", environ=environ) as served:
        first = both(served, until)
        for note in ("one", "two"):
            tell(store, ask, note)
        assert [heard(0, ["two"]) for _ in range(8)] == [["one", "two"]] * 8
        assert first == workers(served)
        os.kill(min(first), signal.SIGKILL)
        tell(store, ask, "three")
        until(lambda: workers(served) - first)
        assert both(served, until) != first
        assert [heard(1, ["three"]) for _ in range(8)] == [["two", "three"]] * 8
        assert {served.get("/readyz").status_code for _ in range(4)} == {200}


def test_workers_end_with_the_main_process_and_leave_the_port_to_the_next(serving, environ, until):
    """Killed, not told: as where the memory ran out, and the system starts the server again."""
    with serving("--workers", "2", "--slots", "0", environ=environ) as served:
        left = both(served, until)
        served.process.kill()
        served.process.wait(60)
        until(lambda: not any(Path(f"/proc/{p}").exists() for p in left))
        port = int(served.url.rpartition(":")[2])
        socket.create_server(("127.0.0.1", port)).close()


def test_told_to_stop_it_finishes_open_requests_lets_followers_go_and_ends(
    serving, environ, cookies, bearer, store, until
):
    ask = running(store)
    with serving("--workers", "2", "--slots", "0", environ=environ) as served:
        both(served, until)
        port = int(served.url.rpartition(":")[2])
        body = b'{"scenario": "toy.small", "upload": "rows.csv"}'
        head = (
            f"POST /api/v1/asks HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: {bearer['Authorization']}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        follower = socket.create_connection(("127.0.0.1", port), timeout=60)
        follower.sendall(
            f"GET /runs/asks/{ask}/events HTTP/1.1\r\nHost: x\r\n"
            f"Cookie: qh={cookies['qh']}\r\n\r\n".encode()
        )
        assert b"retry: 2000" in until(lambda: follower.recv(65536)) + follower.recv(65536)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as half:
            half.sendall(head.encode())
            assert b"100 Continue" in half.recv(1000)  # its function waits for the body by now
            served.process.send_signal(signal.SIGTERM)
            while follower.recv(65536):
                pass
            half.sendall(body)
            assert b"HTTP/1.1 202" in half.recv(65536)
        follower.close()
        assert served.process.wait(60) == 0
        assert [a.state for a in asks.asks(store, None, state="queued")] == ["queued"]
