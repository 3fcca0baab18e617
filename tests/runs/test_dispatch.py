"""Asks carried out by detached processes: nothing is done twice, nothing is lost, all is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from qianhang.runs import Request, asks, claims, open_store, process, record
from qianhang.runs.dispatch import Dispatcher
from qianhang.runs.steps import NAMES
from qianhang.store import Settings

_SLEEP = "import time; print('asleep', flush=True); time.sleep(300)"
_SERVER = """
import sys, time
from qianhang.runs.dispatch import Dispatcher
from qianhang.store import Settings
Dispatcher(Settings.load(), every_s=0.1).start()
time.sleep(600)
"""
_RACE = """
import json, sys
from datetime import UTC, datetime
from qianhang.runs import claims, open_store
from qianhang.store import Settings
won = []
with open_store(Settings.load()) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    while ask := claims.claim(store, slots=1000, now=datetime.now(UTC)):
        won.append(ask.id)
print(json.dumps(won))
"""


@pytest.fixture
def settings(home) -> Settings:
    return Settings.load()


@pytest.fixture
def store(settings):
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def dispatcher(settings):
    made = Dispatcher(settings, every_s=0.1)
    yield made
    made.stop()


def now() -> datetime:
    return datetime.now(UTC)


def put(store, scenario, **more):
    request = Request(scenario, "sample", seed=more.pop("seed", 0))
    return asks.put(store, request, org="city", by="ann", now=now(), **more)


def until(condition, *, patience_s=120):
    """What the condition gives once it gives something."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def ended(store, ask):
    """The ask, once it has ended."""
    return until(lambda: (a := asks.get(store, ask.id)).open is False and a)


def asleep(store, ask):
    """The ask, once its job is in fit()."""
    until(lambda: any(t.note == "asleep" for t in asks.events(store, ask.id)))
    return asks.get(store, ask.id)


def pid_of(ask) -> int:
    return int(ask.process.split()[-2])


def nothing_is_left_of(home):
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return str(home) not in listing.stdout


def test_an_ask_is_carried_out_in_a_session_of_its_own_and_told_step_by_step(
    store, registered, dispatcher, home
):
    ask = put(store, registered("slow", fit="print('fitting', flush=True)"))
    assert dispatcher.tick() == [ask.id]
    carrier = pid_of(asks.get(store, ask.id))
    assert os.getsid(carrier) == carrier
    done = ended(store, ask)
    assert (done.state, done.error) == ("finished", {})
    told = asks.events(store, ask.id)
    assert [t.seq for t in told] == list(range(1, len(told) + 1))
    assert [t.step for t in told if t.state == "end"] == list(NAMES)
    assert (told[0].step, told[0].state) == ("ask", "running")
    assert (told[-1].step, told[-1].state, told[-1].facts) == ("ask", "finished", {"run": done.run})
    assert "fitting" in [t.note for t in told if t.state == "log"]
    made = record.get(store, done.run)
    assert (made.state, made.org, made.own, made.key) == ("finished", "city", False, done.key)
    until(lambda: not list((home / "asks").iterdir()))
    assert store.verify().ok


def test_the_same_question_again_is_answered_by_the_same_run(store, registered, dispatcher):
    """Both at once: the second waits for the first, and finds what it made."""
    scenario = registered()
    first, second = put(store, scenario), put(store, scenario)
    dispatcher.tick()
    runs = {ended(store, ask).run for ask in (first, second)}
    assert len(runs) == 1
    assert len(record.recent(store)) == 1


def test_an_ask_that_fails_names_its_error(store, registered, dispatcher, home):
    ask = put(store, registered("cold", fit="raise RuntimeError('the kiln is cold')"))
    dispatcher.tick()
    done = ended(store, ask)
    assert (done.state, done.error["code"]) == ("failed", "QH510")
    assert "the kiln is cold" in done.error["message"]
    assert asks.events(store, ask.id)[-1].facts["error"] == done.error
    assert record.get(store, done.run).state == "failed"


def test_four_processes_that_claim_at_once_never_claim_the_same_ask(store, registered, home):
    scenario = registered()
    made = {put(store, scenario, seed=n, most=99).id for n in range(40)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen([sys.executable, "-c", _RACE], **pipes) for _ in range(4)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [json.loads(racer.communicate(timeout=120)[0]) for racer in racers]
    assert sorted(ask for one in won for ask in one) == sorted(made)


def test_two_dispatchers_carry_each_ask_out_once(store, registered, settings):
    scenario = registered()
    made = [put(store, scenario, seed=n) for n in range(3)]
    both = [Dispatcher(settings, slots=2, every_s=0.02) for _ in range(2)]
    for dispatcher in both:
        dispatcher.start()
    try:
        done = [ended(store, ask) for ask in made]
    finally:
        for dispatcher in both:
            dispatcher.stop()
    assert {d.state for d in done} == {"finished"}
    assert len({d.run for d in done}) == len(record.recent(store)) == 3
    for ask in made:
        assert [t.state for t in asks.events(store, ask.id) if t.step == "ask"] == [
            "running", "finished",
        ]  # fmt: skip


def test_a_carrier_killed_leaves_its_ask_and_run_interrupted_and_no_job(
    store, registered, dispatcher, home
):
    ask = put(store, registered("bed", fit=_SLEEP))
    dispatcher.tick()
    running = asleep(store, ask)
    assert running.run
    os.kill(pid_of(running), signal.SIGKILL)
    until(lambda: not process.alive(running.process))
    assert claims.sweep(store, now=now()) == [ask.id]
    gone = asks.get(store, ask.id)
    assert (gone.state, gone.error["code"]) == ("interrupted", "QH516")
    last = asks.events(store, ask.id)[-1]
    assert (last.step, last.state) == ("ask", "interrupted")
    assert record.get(store, running.run).state == "interrupted"
    assert claims.sweep(store, now=now()) == []
    until(lambda: nothing_is_left_of(home))
    assert store.verify().ok


def test_a_run_goes_on_and_tells_when_its_server_is_killed(store, registered, home, tmp_path):
    """The whole process group of the server is killed; the job waits for a file that comes after."""
    gate = tmp_path / "gate"
    wait = f"import os, time; print('asleep', flush=True)\n    while not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    ask = put(store, registered("patient", fit=wait))
    server = subprocess.Popen([sys.executable, "-c", _SERVER], start_new_session=True)
    asleep(store, ask)
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    before = asks.events(store, ask.id)[-1].seq
    gate.touch()
    assert ended(store, ask).state == "finished"
    after = asks.events(store, ask.id, before)
    assert after[0].seq == before + 1
    assert {"gate", "keep", "ask"} <= {t.step for t in after}


def test_a_running_ask_that_is_cancelled_stops_with_its_job(store, registered, dispatcher, home):
    ask = put(store, registered("bed", fit=_SLEEP))
    dispatcher.tick()
    asleep(store, ask)
    asks.cancel(store, ask.id, by="bob", now=now())
    gone = ended(store, ask)
    assert (gone.state, gone.stop) == ("cancelled", "bob")
    assert record.get(store, gone.run).state == "interrupted"
    until(lambda: nothing_is_left_of(home))


def test_a_job_that_prints_much_is_cut_and_its_last_lines_are_told(store, registered, dispatcher):
    much = "[print('row', n, 'x' * 50) for n in range(20000)]"
    ask = put(store, registered("loud", fit=much))
    dispatcher.tick()
    assert ended(store, ask).state == "finished"
    told = asks.events(store, ask.id, limit=9999)
    lines = [t for t in told if t.state == "log"]
    assert len(lines) == 1600
    (cut,) = [t for t in told if t.state == "cut"]
    assert cut.done >= 20000 - 1600
    assert any(t.note.startswith("row 19999 ") for t in lines)


def test_an_ask_whose_upload_is_gone_fails_by_name(store, registered, dispatcher, home, faults):
    path = home / "uploads" / "city" / "faults.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(faults.read_bytes())
    request = Request(registered(), data=path)
    ask = asks.put(store, request, org="city", by="ann", now=now(), home=home)
    path.unlink()
    dispatcher.tick()
    done = ended(store, ask)
    assert (done.state, done.error["code"]) == ("failed", "QH852")
