"""The queue on PostgreSQL, on a server of the test's own: claims, events and a whole run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qianhang.runs import Request, asks, claims, open_store, record, telling
from qianhang.runs.dispatch import Dispatcher
from qianhang.runs.steps import Event
from qianhang.store import Settings

pytest.importorskip("psycopg")
pytestmark = pytest.mark.postgresql
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
PLACES = os.pathsep.join(
    [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)
_RACE = """
import json, sys
from datetime import UTC, datetime
from qianhang.runs import claims, open_store
from qianhang.store import Settings
won = []
with open_store(Settings.load()) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    while ask := claims.claim(store, slots=15, now=datetime.now(UTC)):
        won.append(ask.id)
print(json.dumps(won))
"""


@pytest.fixture(scope="module")
def server():
    """A server on a socket in a folder of its own; PostgreSQL refuses to run as root."""
    programs = [shutil.which(name, path=PLACES) for name in ("initdb", "pg_ctl")]
    if None in programs:
        pytest.skip("PostgreSQL is not installed")
    initdb, pg_ctl = programs
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
def settings(server, home, monkeypatch, request) -> Settings:
    """A fresh database for each test."""
    import sqlalchemy as sa

    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={server}")
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    monkeypatch.setenv("QIANHANG_DATABASE_URL", f"postgresql://me@/{name}?host={server}")
    return Settings.load()


@pytest.fixture
def store(settings):
    with open_store(settings) as opened:
        yield opened


def put(store, scenario, seed=0, **more):
    request = Request(scenario, "sample", seed=seed)
    return asks.put(store, request, org="city", by="ann", now=NOW, most=99, **more)


def test_four_processes_claim_each_ask_once_and_no_more_than_the_slots(store, registered):
    scenario = registered()
    made = {put(store, scenario, n).id for n in range(30)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen([sys.executable, "-c", _RACE], **pipes) for _ in range(4)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [ask for racer in racers for ask in json.loads(racer.communicate(timeout=120)[0])]
    assert len(won) == len(set(won)) == 15
    assert set(won) <= made


def test_what_a_job_writes_fits_and_lists_and_counts_are_read(store, registered):
    scenario = registered()
    first = put(store, scenario, token="t")
    assert put(store, scenario, token="t") == first
    assert claims.claim(store, slots=1, now=NOW).id == first.id
    put(store, scenario, 1)
    intake = telling.Intake()
    intake(Event("s" * 99, "x" * 99, done=10**20, note="a\0\ud800", facts={"a": float("nan")}))
    assert claims.beat(store, first.id, intake.drain(), run="", now=NOW)
    assert [t.seq for t in asks.events(store, first.id)] == [1]
    page = asks.asks(store, {"city"}, 1)
    assert len(asks.asks(store, None, before=page[0].cursor)) == 1
    assert asks.cancel(store, page[0].id, by="ann", now=NOW).stop == "ann"
    for org in ("root", "firm"):
        made = record.begin(store, key="k", scenario="a.b", case="c", request={}, org=org, now=NOW)
        record.let_go(made)
    for orgs in (None, {"firm"}, {f"o{n}" for n in range(30)} | {"firm"}):
        newest, *rest = record.lines(store, orgs=orgs, scenario="a.b", state="running")
        assert [line.id for line in rest] == [
            line.id for line in record.lines(store, orgs=orgs, before=newest.cursor)
        ]
        assert record.counts(store, orgs=orgs, since=NOW) == {"running": 2}


def test_an_ask_is_carried_out_and_told(store, settings, registered):
    ask = put(store, registered())
    dispatcher = Dispatcher(settings, every_s=0.1)
    dispatcher.start()
    try:
        deadline = time.monotonic() + 120
        while asks.get(store, ask.id).open and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        dispatcher.stop()
    done = asks.get(store, ask.id)
    assert (done.state, done.error) == ("finished", {})
    assert record.get(store, done.run).org == "city"
    assert asks.events(store, ask.id)[-1].facts == {"run": done.run}
    assert store.verify().ok
