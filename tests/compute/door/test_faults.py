"""Engines that refuse, vanish, talk nonsense or come back; and a service killed at every step."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from qianhang.compute import Outcome, Status, Usage, schema
from qianhang.compute.door import attempts, engines, jobs, plant
from qianhang.compute.door.journal import told
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Want
from qianhang.compute.network import Lending, Network, Pool, Stock
from qianhang.compute.simulate.journal import again
from qianhang.core.errors import UsageError
from qianhang.testing.door_bed import Engine, Killed, dying, network, put, unavailable, until_over

DONE = Outcome("finished", 0, usage=Usage(wall_s=2.0))


def states(faked, names):
    return [jobs.get(faked.store, name).state for name in names]


def pools_of(faked, name):
    return [(one.pool, one.state) for one in attempts.of(faked.store, name)]


def end_all(faked):
    for engine in faked.engines.values():
        for token in engine.tasks:
            engine.ends.setdefault(token, DONE)


def test_a_job_that_its_engine_refuses_for_good_goes_elsewhere_once(faked):
    faked.p1.refusal = unavailable("QH542")
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    faked.door.tick(faked.now(1))
    assert pools_of(faked, name) == [("p1", "refused"), ("p2", "submitted")]
    end_all(faked)
    until_over(faked.door, faked.now)
    assert states(faked, [name]) == ["finished"]
    assert faked.p1.asked.count("submit") == 1


def test_a_job_that_every_engine_refuses_ends_with_their_words(faked):
    faked.p1.refusal = faked.p2.refusal = unavailable("QH542")
    name = put(faked.store, faked.now)
    until_over(faked.door, faked.now, looks=10)
    kept = jobs.get(faked.store, name)
    assert (kept.state, kept.reason) == ("failed", "engine_refused")
    assert kept.why["p1"] == kept.why["p2"] == "QH542 the engine says no"


def test_a_pool_that_is_back_is_known_within_a_second_and_takes_what_it_had_not(faked):
    """Both pools refuse to answer; the task's next turn alone would come after 10 s."""
    faked.door.tick(faked.now())
    faked.p1.fault = faked.p2.fault = unavailable("QH540")
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    for _ in range(12):  # both have been found silent by now
        faked.door.tick(faked.now(1))
    faked.p1.fault = faked.p2.fault = None
    faked.door.tick(faked.now(1))
    (made,) = attempts.of(faked.store, name)
    assert made.state == "submitted"
    assert faked.engines[made.pool].runs == [made.token]


def test_a_silent_pool_keeps_nobody_waiting_for_its_answer(faked):
    faked.door.tick(faked.now())
    faked.p2.fault = unavailable("QH540")
    faked.door.tick(faked.now(11))
    free, stuck = threading.Event(), threading.Event()

    def hang(what):
        stuck.set()
        free.wait(30)

    faked.p2.at_call = hang
    name = put(faked.store, faked.now, pools=("p1",))
    try:
        faked.door.tick(faked.now(2))
        assert stuck.wait(10)
        assert pools_of(faked, name) == [("p1", "submitted")]
    finally:
        free.set()


def test_what_was_refused_is_known_after_a_restart(faked, tmp_path):
    faked.p1.refusal = faked.p2.refusal = unavailable("QH542")
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    faked.door.release()
    until_over(Supervisor(faked.store, tmp_path, holder="two"), faked.now, looks=10)
    assert pools_of(faked, name) == [("p1", "refused"), ("p2", "refused")]


@pytest.mark.parametrize(
    "fault",
    [unavailable("QH540"), OSError(28, "No space left"), RuntimeError("?"), "rubbish", 42, None],
)
def test_an_engine_that_answers_nothing_or_rubbish_makes_its_pool_suspect_and_fails_no_job(
    faked, fault
):
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    faked.door.tick(faked.now(1))
    faked.p1.fault = fault if fault is not None else object()
    for _ in range(3):
        faked.door.tick(faked.now(11))
    assert plant.held(faked.store, "p1").health == "suspect"
    assert pools_of(faked, name) == [("p1", "unknown")]
    assert states(faked, [name]) == ["running"]
    later = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    assert pools_of(faked, later) == [("p2", "submitted")]
    faked.p1.fault = None
    end_all(faked)
    until_over(faked.door, faked.now, looks=200)
    assert states(faked, [name, later]) == ["finished"] * 2
    assert faked.p1.runs == [f"{name}.1"]


def test_the_work_of_a_lost_pool_begins_elsewhere_and_its_old_end_counts_for_nothing(faked):
    movable, fixed = (put(faked.store, faked.now, preemptible=p) for p in (True, False))
    faked.door.tick(faked.now(1))
    faked.p1.fault = unavailable("QH540")
    for _ in range(62):
        faked.door.tick(faked.now(10.1))
    assert plant.held(faked.store, "p1").health == "lost"
    assert pools_of(faked, movable) == [("p1", "fenced"), ("p2", "running")]
    assert pools_of(faked, fixed) == [("p1", "unknown")]
    faked.p1.fault = None
    faked.p1.end(f"{movable}.1")  # it had gone on all the time
    for _ in range(3):
        faked.door.tick(faked.now(10.1))
    old, new = attempts.of(faked.store, movable)
    assert (old.state, old.outcome, new.state) == ("fenced", DONE, "running")
    assert states(faked, [movable]) == ["running"]
    assert attempts.unmetered(faked.store) == []
    end_all(faked)
    until_over(faked.door, faked.now)
    assert states(faked, [movable, fixed]) == ["finished"] * 2


def test_a_fenced_task_that_still_runs_when_its_pool_comes_back_is_stopped(faked):
    name = put(faked.store, faked.now, preemptible=True)
    faked.door.tick(faked.now(1))
    faked.p1.fault = unavailable("QH540")
    for _ in range(62):
        faked.door.tick(faked.now(10.1))
    faked.p1.fault = None
    for _ in range(3):
        faked.door.tick(faked.now(10.1))
    assert faked.p1.ends[f"{name}.1"].reason == "cancelled"
    assert attempts.of(faked.store, name)[0].outcome.reason == "cancelled"
    assert states(faked, [name]) == ["running"]


def test_work_of_a_lost_pool_that_no_other_pool_takes_waits_for_it(faked):
    name = put(faked.store, faked.now, preemptible=True, pools=("p1",))
    faked.door.tick(faked.now(1))
    faked.p1.fault = unavailable("QH540")
    for _ in range(62):
        faked.door.tick(faked.now(10.1))
    assert pools_of(faked, name) == [("p1", "unknown")]


def test_a_pools_wrong_clock_is_shown_and_ours_counts(faked):
    faked.p1.clock_s = -86400.0
    name = put(faked.store, faked.now)
    began = faked.now(1)
    faked.door.tick(began)
    faked.p1.end(f"{name}.1")
    until_over(faked.door, faked.now)
    assert plant.held(faked.store, "p1").clock_s == -86400.0
    (attempt,) = attempts.of(faked.store, name)
    assert attempt.made <= attempt.started <= attempt.ended
    assert jobs.get(faked.store, name).ended.startswith("2026-05-01T00:00:01")


@pytest.mark.parametrize("days", [-1, 1])
def test_our_own_clock_set_by_a_day_loses_nothing_and_runs_nothing_twice(faked, tmp_path, days):
    """While one job runs and another waits; a second supervisor goes on, the first still there."""
    names = [put(faked.store, faked.now)]
    faked.door.tick(faked.now(1))
    faked.door.tick(faked.now(days * 86400.0))
    names.append(put(faked.store, faked.now))
    faked.door.tick(faked.now(1))
    other = Supervisor(faked.store, tmp_path, holder="two")
    for _ in range(40):
        other.tick(faked.now(1))
    end_all(faked)
    for _ in range(40):
        other.tick(faked.now(1))
        faked.door.tick(faked.now(1))
    assert states(faked, names) == ["finished"] * 2
    ran = faked.p1.runs + faked.p2.runs
    assert sorted(ran) == sorted(f"{name}.1" for name in names)


def test_a_job_whose_only_pool_left_is_refused(faked):
    name = put(faked.store, faked.now, pools=("p1",))
    plant.turn(faked.store, "p1", "left", by="test", at=faked.now())
    faked.door.tick(faked.now(1))
    assert states(faked, [name]) == ["refused"]


def test_a_clock_that_is_no_number_is_not_shown(faked):
    faked.p1.clock_s = float("nan")
    faked.door.tick(faked.now(1))
    assert plant.held(faked.store, "p1").clock_s is None


def test_a_job_cancelled_while_it_is_handed_over_is_stopped_as_soon_as_it_is_there(faked):
    name = put(faked.store, faked.now)

    def cancel(what):
        if what == "submit":
            faked.p1.at_call = str
            jobs.cancel(faked.store, name, by="test", at=faked.now())

    faked.p1.at_call = cancel
    faked.door.tick(faked.now(1))
    until_over(faked.door, faked.now, looks=10)
    assert states(faked, [name]) == ["cancelled"]
    assert faked.p1.ends[f"{name}.1"].reason == "cancelled"


def test_a_cancelled_job_that_its_engine_never_took_ends_without_being_handed_over(faked):
    faked.p1.refusal = unavailable("QH540")
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    jobs.cancel(faked.store, name, by="test", at=faked.now())
    until_over(faked.door, faked.now, looks=100, every_s=1.0)
    assert states(faked, [name]) == ["cancelled"]
    assert faked.p1.runs == []


def test_an_engine_that_is_there_and_takes_nothing_is_asked_ever_more_seldom_then_given_up(faked):
    faked.p1.refusal = unavailable("QH544")
    name = put(faked.store, faked.now)
    for _ in range(700):
        faked.door.tick(faked.now(1))
    assert pools_of(faked, name)[0] == ("p1", "refused")
    assert pools_of(faked, name)[1][0] == "p2"
    assert faked.p1.asked.count("submit") < 20


def test_a_full_spool_makes_jobs_wait_and_loses_none(store, tmp_path, now, monkeypatch):
    plant.add(store, network(tmp_path, "p1"), by="test", at=now())
    names = [put(store, now) for _ in range(2)]
    made, full = Path.mkdir, True

    def mkdir(self, *given, **named):
        if full and "p1" in self.parts:
            raise OSError(28, "No space left on device")
        made(self, *given, **named)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    door = Supervisor(store, tmp_path, holder="one")
    for _ in range(5):
        door.tick(now(11))
    assert {one.state for one in attempts.live(store)} == {"submitting"}
    full = False
    until_over(door, now, every_s=1.0)
    assert {jobs.get(store, name).state for name in names} == {"finished"}


def test_an_operator_leaves_only_once_nothing_of_it_runs(faked):
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    with pytest.raises(UsageError, match="QH591 pool p1 holds 1 tasks"):
        plant.turn(faked.store, "p1", "left", by="test", at=faked.now())
    plant.turn(faked.store, "p1", "draining", by="test", at=faked.now())
    later = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    assert pools_of(faked, later)[0][0] == "p2"
    faked.p1.end(f"{name}.1")
    faked.door.tick(faked.now(1))
    plant.turn(faked.store, "p1", "left", by="test", at=faked.now())
    faked.door.tick(faked.now(1))
    assert [one.pool.id for one in plant.pools(faked.store)] == ["p2"]
    assert set(faked.door.engines.held) == {"p2"}


def owned(tmp_path):
    """One pool of four chips that belongs to `owner`, who gives five minutes' notice."""
    lending = Lending(owners=("owner",), notice_s=300)
    pool = Pool("p1", "op", (Stock("cpu-core", 1, 4, 10),), lending=lending)
    return Network((pool,), engines={"p1": {"folder": str(tmp_path / "p1")}})


@pytest.mark.parametrize("leaves", [True, False])
def test_a_borrower_is_told_to_leave_and_goes_on_later_from_its_checkpoint(
    store, tmp_path, now, monkeypatch, leaves
):
    engine = Engine("p1")
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: engine)
    plant.add(store, owned(tmp_path), by="test", at=now())
    door = Supervisor(store, tmp_path, holder="one")
    guest = put(store, now, want=Want(3), preemptible=True, checkpoint_s=10)
    door.tick(now(1))
    mine = put(store, now, want=Want(2), org="owner")
    door.tick(now(1))
    told = now.at + timedelta(seconds=300)
    door = Supervisor(store, tmp_path, holder="two")  # a restart forgets no notice
    door.tick(now(60))
    assert (tmp_path / "p1/jobs" / guest / "leave").read_text() == told.isoformat(
        timespec="milliseconds"
    )
    if leaves:
        engine.end(f"{guest}.1", Outcome("failed", 75))
    else:
        door.tick(now(230))
        assert engine.asked.count("cancel") == 0
        door.tick(now(20))
    door.tick(now(1))
    door.tick(now(1))
    assert f"{mine}.1" in engine.tasks
    assert jobs.get(store, guest).state == "queued"
    engine.end(f"{mine}.1")
    door.tick(now(1))
    door.tick(now(1))
    assert engine.runs[-1] == f"{guest}.2"
    assert not (tmp_path / "p1/jobs" / guest / "leave").exists()
    engine.end(f"{guest}.2")
    until_over(door, now)
    assert jobs.get(store, guest).state == "finished"


@pytest.mark.parametrize("end", [Outcome("lost"), Outcome("failed", signal=9)])
def test_a_job_whose_machine_was_lost_begins_again_where_it_may_and_not_for_ever(faked, end):
    again, once = (put(faked.store, faked.now, preemptible=p) for p in (True, False))
    for _ in range(40):
        faked.door.tick(faked.now(1))
        for token in faked.p1.tasks:
            faked.p1.ends.setdefault(token, end)
    assert [jobs.get(faked.store, name).reason for name in (again, once)] == [end.reason] * 2
    assert len(attempts.of(faked.store, again)) == 5
    assert len(attempts.of(faked.store, once)) == 1


def finish(faked, tmp_path):
    """Another supervisor carries it all to its end, the engines ending whatever they have."""
    faked.now(60)
    for engine in faked.engines.values():
        engine.at_call = str
    door = Supervisor(faked.store, tmp_path, holder="two")
    for _ in range(60):
        end_all(faked)
        door.tick(faked.now(1))


def settled(faked, names):
    runs = sorted(faked.p1.runs + faked.p2.runs)
    assert states(faked, names) == ["finished"] * len(names)
    assert runs == sorted(f"{name}.1" for name in names)
    assert faked.store.verify().broken is None


@pytest.mark.parametrize("at", range(1, 12))
def test_a_supervisor_killed_at_any_commit_loses_nothing_and_runs_nothing_twice(
    faked, tmp_path, monkeypatch, at
):
    names = [put(faked.store, faked.now, key=str(n)) for n in range(3)]
    with dying(monkeypatch, at), suppress(Killed):
        for _ in range(4):
            faked.door.tick(faked.now(4))
            end_all(faked)
    finish(faked, tmp_path)
    settled(faked, names)


@pytest.mark.parametrize("at", range(1, 22))
def test_a_supervisor_killed_before_or_after_any_question_to_an_engine_runs_nothing_twice(
    faked, tmp_path, at
):
    names = [put(faked.store, faked.now, key=str(n)) for n in range(3)]
    count = 0

    def call(_):
        nonlocal count
        count += 1
        if count == at:
            raise Killed

    for engine in faked.engines.values():
        engine.at_call = call
    with suppress(Killed):
        for _ in range(4):
            faked.door.tick(faked.now(4))
            end_all(faked)
    finish(faked, tmp_path)
    settled(faked, names)


@pytest.mark.parametrize("at", [2, 3, 4, 5, 6])
def test_a_supervisor_whose_store_failed_at_any_commit_goes_on_itself(faked, monkeypatch, at):
    """What it had decided and not written is forgotten, in its journal too."""
    names = [put(faked.store, faked.now, key=str(n)) for n in range(3)]
    with dying(monkeypatch, at):
        for _ in range(4):
            with suppress(Killed):
                faked.door.tick(faked.now(4))
            end_all(faked)
    for _ in range(20):
        faked.door.tick(faked.now(6))
        end_all(faked)
    settled(faked, names)
    faked.door.release()
    found = again(told(faked.store))
    assert found.alike, found.first
    assert found.same == found.decisions >= 3


def test_two_supervisors_taking_turns_run_everything_once(faked, tmp_path):
    doors = [faked.door, Supervisor(faked.store, tmp_path, holder="two")]
    names = [put(faked.store, faked.now, key=str(n)) for n in range(6)]
    for turn in range(60):
        doors[turn % 2].tick(faked.now(20))
        end_all(faked)
    settled(faked, names)


def test_a_row_that_nobody_can_read_stops_no_other_job(faked, tmp_path):
    bad, good = put(faked.store, faked.now), put(faked.store, faked.now)
    with faked.store.write() as tx:
        spoilt = sa.update(schema.job).where(schema.job.c.id == bad)
        tx.execute(spoilt.values(ask='{"want": {"chips": 1, "wings": 2}}'))
    for _ in range(3):
        faked.door.tick(faked.now(1))
        end_all(faked)
    assert states(faked, [good]) == ["finished"]
    with pytest.raises(UsageError, match=r"QH596 job .*cannot be read"):
        jobs.get(faked.store, bad)


def test_settings_that_no_driver_reads_leave_the_pool_suspect_and_the_others_at_work(
    store, tmp_path, now
):
    given = network(tmp_path, "p1", "p2")
    engines = {**given.engines, "p1": {"folder": str(tmp_path / "p1"), "thread": 4}}
    plant.add(store, replace(given, engines=engines), by="test", at=now())
    name = put(store, now, script="true")
    until_over(Supervisor(store, tmp_path, holder="one"), now)
    assert plant.held(store, "p1").health == "suspect"
    assert "unknown setting thread" in plant.held(store, "p1").detail
    assert [one.pool for one in attempts.of(store, name)] == ["p2"]


@pytest.mark.parametrize(("words", "asked"), [("", 4), ("no line to it", 3)])
def test_an_engine_that_does_not_know_yet_is_asked_on_and_one_that_fails_is_left_alone(
    faked, words, asked
):
    """Four tasks run on one pool; after three failures in a row the fourth is not asked about."""
    for _ in range(4):
        put(faked.store, faked.now, pools=("p1",))
    faked.door.tick(faked.now(1))
    polled = []
    faked.p1.poll = lambda ref: polled.append(ref) or Status("unknown", detail=words)
    faked.door.tick(faked.now(1))
    assert len(set(polled)) == asked


def test_a_link_that_a_job_left_is_not_written_through(faked, tmp_path):
    """The folder is the job's own; whoever tells it to leave may write everywhere."""
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    (attempt,) = attempts.of(faked.store, name)
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    mark = tmp_path / attempt.pool / "jobs" / name / "leave"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.symlink_to(victim)
    faked.door.engines.tell_to_leave(replace(attempt, leaving="2026-05-01T00:10:00.000+00:00"))
    assert victim.read_text() == "untouched"
    assert mark.read_text() == "2026-05-01T00:10:00.000+00:00"
    assert not mark.is_symlink()


@pytest.mark.parametrize("change", ["joined", "renewed"])
def test_a_pool_that_joins_or_is_renewed_while_engines_are_asked_gets_a_driver(
    faked, tmp_path, monkeypatch, change
):
    """Another process writes between the look at the log and the engines' answers."""
    made = []

    def driver_of(_kind, settings, *, name, **_):
        made.append((name, settings["threads"]))
        return faked.engines.setdefault(name, Engine(name))

    monkeypatch.setattr(engines, "driver_of", driver_of)
    name = {"joined": "p3", "renewed": "p1"}[change]
    late = network(tmp_path, name, chips=9)

    def meanwhile(_):
        faked.p2.at_call = str
        plant.add(faked.store, late, by="other", at=faked.now())

    faked.p2.at_call = meanwhile
    faked.door.tick(faked.now())
    for _ in range(3):
        faked.door.tick(faked.now(11))
    assert made[-1] == (name, 9)
    job = put(faked.store, faked.now, pools=(name,))
    faked.door.tick(faked.now(1))
    assert pools_of(faked, job) == [(name, "submitted")]


def test_settings_that_nobody_can_read_stop_neither_the_door_nor_the_pools_job(
    faked, tmp_path, monkeypatch
):
    """A pool is renewed with such while a job runs there; put right, its job's end is seen."""
    name = put(faked.store, faked.now, pools=("p1",))
    faked.door.tick(faked.now(1))

    def unreadable(_kind, _settings, *, name, **_):
        if name == "p1":
            raise UsageError("QH547", "local pool: unknown setting")
        return faked.engines[name]

    monkeypatch.setattr(engines, "driver_of", unreadable)
    plant.add(faked.store, network(tmp_path, "p1", chips=8), by="test", at=faked.now())
    other = put(faked.store, faked.now)
    faked.door.tick(faked.now(11))
    assert pools_of(faked, other) == [("p2", "submitted")]
    assert states(faked, [name]) == ["running"]
    monkeypatch.setattr(engines, "driver_of", lambda *_, name, **__: faked.engines[name])
    plant.add(faked.store, network(tmp_path, "p1", chips=4), by="test", at=faked.now())
    end_all(faked)
    until_over(faked.door, faked.now)
    assert states(faked, [name, other]) == ["finished", "finished"]
