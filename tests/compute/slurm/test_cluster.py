"""A real Slurm cluster, asked through its commands and through slurmrestd: the answers are one."""

import multiprocessing
import os
import signal

import pytest

from qianhang.compute import follow
from qianhang.compute.drivers.slurm.cluster import Order
from qianhang.compute.drivers.slurm.runfolder import install_keeper, script
from qianhang.core.errors import PoolUnavailable

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]


def test_every_way_to_end_is_told_apart(pool, kit):
    """Submitted together, so that they run side by side."""
    ways = {
        "finished": kit.task("import os; print('out', os.environ['MINE'])", env={"MINE": "错"}),
        "failed": kit.task("raise SystemExit(3)"),
        "crashed": kit.task("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
        "memory_limit": kit.task("b = b'x' * 300_000_000\nimport time; time.sleep(60)"),
        "wall_limit": kit.task("import time; time.sleep(60)", wall_s=0.5),
        "cpu_limit": kit.task("while True: pass", cpu_s=0.5),
        "missing": kit.task("", workdir=kit.nowhere),
    }
    refs = {name: pool.submit(job) for name, job in ways.items()}
    ended = {name: follow(pool, ref) for name, ref in refs.items()}
    assert {name: outcome.reason for name, outcome in ended.items()} == {
        **{name: name for name in ways},
        "crashed": "failed",
        "missing": "failed",
    }
    assert ended["failed"].code == 3
    assert ended["crashed"].signal == signal.SIGSEGV
    assert 256 < ended["memory_limit"].usage.peak_mb < 1000
    assert 0.4 < pool.usage(refs["cpu_limit"]).cpu_s < 5
    assert pool.log(refs["finished"]).decode() == "out 错\n"
    assert b"No such file" in pool.log(refs["missing"])


def test_a_job_gets_the_chips_that_it_asked_for_and_the_pool_counts_them(pool, kit):
    kit.wait_until(lambda: pool.probe().chips_free == {"ascend-910b": 16})
    code = "import os, time; print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); time.sleep(60)"
    ref = pool.submit(kit.task(code, chips={"ascend-910b": 6}, threads=2))
    kit.wait_until(lambda: pool.log(ref).endswith(b"\n"))
    assert len(pool.log(ref).split(b",")) == 6
    probe = pool.probe()
    assert (probe.chips, probe.chips_free) == ({"ascend-910b": 16}, {"ascend-910b": 10})
    assert (probe.up, probe.nodes, probe.nodes_up, probe.threads) == (True, 2, 2, 16)
    assert probe.threads_free == 14
    assert probe.memory_mb - probe.memory_free_mb == 256 + 64
    assert abs(probe.clock_s) < 5
    pool.cancel(ref)
    assert follow(pool, ref).reason == "cancelled"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"chips": {"ascend-910b": 9}}, "configuration is not available"),
        ({"chips": {"ascend-910b": 0.5}}, "whole chips"),
        ({"chips": {"dcu": 1}}, "has no dcu .it has: ascend-910b"),
        ({"memory_mb": 10**7}, "configuration is not available"),
    ],
)
def test_what_the_cluster_cannot_give_is_refused_and_nothing_is_left(pool, kit, limits, words):
    job = kit.task("", **limits)
    for _ in range(2):
        with pytest.raises(PoolUnavailable, match=words) as caught:
            pool.submit(job)
        assert caught.value.code == "QH542"
    assert pool.find(job.token) is None
    assert pool.poll(job.token).knowledge == "absent"


def test_a_pending_job_is_cancelled_without_ever_starting(pool, kit, tmp_path):
    """The whole of both nodes is taken, so that it waits."""
    block = [pool.submit(kit.task("import time; time.sleep(60)", threads=8)) for _ in range(2)]
    kit.wait_until(lambda: all(pool.poll(ref).phase == "running" for ref in block))
    ref = pool.submit(kit.task("open('ran', 'w')", tmp_path))
    kit.wait_until(lambda: pool.poll(ref).detail == "Resources")
    assert pool.poll(ref).phase == "waiting"
    pool.cancel(ref)
    assert follow(pool, ref).reason == "cancelled"
    for other in block:
        pool.cancel(other)
        assert follow(pool, other).reason == "cancelled"
    assert not (tmp_path / "ran").exists()


def test_a_job_that_forks_and_hides_is_gone_after_cancel(pool, kit):
    """Twice forked, in a session of its own, its parent gone: Slurm itself would lose sight of it."""
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)\n"
        "    os._exit(0)\n"
        "os.wait(); os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)"
    )
    ref = pool.submit(kit.task(code))
    kit.wait_until(lambda: pool.log(ref).count(b"\n") == 2)
    pids = [int(pid) for pid in pool.log(ref).split()]
    assert all(map(kit.alive, pids))
    pool.cancel(ref)
    assert follow(pool, ref).reason == "cancelled"
    kit.wait_until(lambda: not any(map(kit.alive, pids)))


def test_the_log_grows_while_the_job_runs_and_output_without_end_is_cut(pool, kit, tmp_path):
    code = (
        "import pathlib, sys, time\nprint('first', flush=True)\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.01)\n"
        "for _ in range(20): sys.stdout.write('x' * 999_999 + '\\n')"
    )
    ref = pool.submit(kit.task(code, tmp_path, log_mb=1))
    kit.wait_until(lambda: pool.log(ref) == b"first\n")
    assert pool.poll(ref).phase == "running"
    (tmp_path / "go").touch()
    assert follow(pool, ref).ok
    assert 1 << 20 <= len(pool.log(ref)) < (1 << 20) + 100
    assert pool.log(ref, start=6).startswith(b"xxx")


def test_both_ways_of_asking_give_the_same_answers(shared_bed, kit):
    commands, rest = kit.pool_of(shared_bed), kit.pool_of(shared_bed, rest=True)
    done = commands.submit(kit.task("raise SystemExit(2)"))
    outcome = follow(rest, done)
    assert outcome == follow(commands, done)
    assert outcome.code == 2
    kit.wait_until(lambda: commands.cluster.named(f"qh-{done}")[0].life == "ended")
    kit.wait_until(lambda: shared_bed.states() == {"idle"})
    for ask in ("nodes", "active"):
        assert getattr(commands.cluster, ask)() == getattr(rest.cluster, ask)()
    (one,), (other,) = (p.cluster.named(f"qh-{done}") for p in (commands, rest))
    assert (one.id, one.state, one.code, one.signal) == (
        other.id, other.state, other.code, other.signal,
    )  # fmt: skip
    assert one.code == 2
    assert abs(commands.cluster.now() - rest.cluster.now()) < 10
    assert rest.cluster.dialect().version == "v0.0.38"


def _submit_from_elsewhere(pool, job, start):
    start.wait()
    pool.submit(job)
    os._exit(0)


def test_one_token_from_several_processes_at_once_is_one_job(pool, kit, tmp_path):
    job = kit.task("open('ran', 'a').write('once ')", tmp_path)
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(4)
    others = [
        fork.Process(target=_submit_from_elsewhere, args=(pool, job, start)) for _ in range(4)
    ]
    for other in others:
        other.start()
    for other in others:
        other.join(60)
    assert pool.submit(job) == job.token
    assert follow(pool, job.token).ok
    assert pool.submit(job) == pool.find(job.token) == job.token
    assert (tmp_path / "ran").read_text() == "once "
    assert len(pool.cluster.named(f"qh-{job.token}")) == 1


def test_a_second_start_is_turned_away_by_the_guard_inside_the_job(pool, kit, tmp_path):
    """The same order given twice behind the driver's back, as a crash between two steps would."""
    job = kit.task("import time; open('ran', 'a').write('once '); time.sleep(0.3)", tmp_path)
    pool.submit(job)
    own = pool.settings
    place = own.folder / job.token
    lines = script(own, place, files=install_keeper(own.folder))
    name = f"qh-{job.token}"
    pool.cluster.submit(Order(name, "", str(place), lines, 2, memory_mb=300, cpus=1))

    def both():
        found = pool.cluster.named(name)
        return len(found) == 2 and all(job.life == "ended" for job in found) and found

    kit.wait_until(both)  # the driver, once asked, would take the copy out of the queue
    assert sorted(job.code for job in both()) == [0, 77]
    assert pool.poll(job.token).outcome.ok
    assert (tmp_path / "ran").read_text() == "once "


def test_a_job_that_was_cancelled_before_its_submission_ended_is_not_left_running(
    pool, kit, tmp_path, monkeypatch
):
    """The order of events is forced: cancel comes between the cluster's yes and the driver's."""
    job = kit.task("import time; time.sleep(60)", tmp_path)
    submit = pool.cluster.submit

    def submit_and_be_cancelled(order):
        number = submit(order)
        kit.pool_of_same(pool).cancel(job.token)
        return number

    monkeypatch.setattr(pool.cluster, "submit", submit_and_be_cancelled)
    pool.submit(job)
    assert follow(pool, job.token).reason == "cancelled"


def test_a_job_told_to_stop_by_the_cluster_s_people_is_cancelled_not_failed(pool, kit, shared_bed):
    ref = pool.submit(kit.task("import time; print('on', flush=True); time.sleep(60)"))
    kit.wait_until(lambda: pool.log(ref))
    shared_bed.run("scancel", "--name", f"qh-{ref}")
    assert follow(pool, ref).reason == "cancelled"


def test_a_job_on_two_nodes_holds_both(pool, kit):
    ref = pool.submit(kit.task("import os; print(os.environ['SLURM_JOB_NODELIST'])", nodes=2))
    assert follow(pool, ref).ok
    assert pool.log(ref) == b"one-n[1-2]\n"


def test_no_secret_of_ours_reaches_a_job_the_queue_or_a_command_line(shared_bed, kit, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("SLURM_JWT", "hunter2")
    token = shared_bed.token_file.read_text()
    for rest in (False, True):
        pool = kit.pool_of(shared_bed, rest=rest)
        ref = pool.submit(kit.task("import os; print(dict(os.environ))", env={"KEY": "mine"}))
        assert follow(pool, ref).ok
        assert b"hunter2" not in pool.log(ref)
        assert b"'KEY': 'mine'" in pool.log(ref)
        seen = shared_bed.run("scontrol", "show", "job", "--details")
        folder = "".join(
            path.read_text(errors="replace")
            for path in (pool.settings.folder / ref).iterdir()
            if path.is_file()
        )
        assert token not in seen + folder + repr(pool.settings)
        assert "'mine'" not in seen
        assert (pool.settings.folder / ref / "job.json").stat().st_mode & 0o077 == 0


def test_what_the_controller_has_forgotten_stands_in_the_file_of_ended_jobs(shared_bed, kit):
    """The folder's record is taken away; the controller is asked for nothing."""
    pool = kit.pool_of(shared_bed, jobcomp=shared_bed.root / "log" / "jobcomp.txt")
    ref = pool.submit(kit.task("raise SystemExit(4)"))
    assert follow(pool, ref).code == 4
    kit.wait_until(lambda: pool.cluster.named(f"qh-{ref}")[0].life == "ended")
    for name in ("status.json", "started", "beat.json"):
        (pool.settings.folder / ref / name).unlink(missing_ok=True)
    pool.cluster.named = lambda name, known_id="": []
    outcome = follow(pool, ref)
    assert (outcome.reason, outcome.code) == ("failed", 4)
