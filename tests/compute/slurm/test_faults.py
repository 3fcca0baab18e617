"""What a cluster does to a job when its parts are killed: it runs once, and nothing is made up."""

import time

import pytest

from qianhang.compute import follow
from qianhang.compute.drivers.slurm.runfolder import RunFolder
from qianhang.core.errors import PoolUnavailable
from qianhang.testing.slurm_bed import slurm_bed

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm-faults")]


def settle(pool, job, kit):
    """How the job ended, as a door would find out: submitted again wherever it is absent."""

    def ended():
        status = pool.poll(job.token)
        if status.knowledge == "absent":
            pool.submit(job)
        return status.outcome

    kit.wait_until(ended)
    return ended()


def test_a_controller_killed_between_submission_and_start_makes_no_job_run_twice(
    breakable, kit, tmp_path
):
    """Six jobs: some are lost with its memory, some waiting, some running when it dies."""
    pool = kit.pool_of(breakable)
    jobs = []
    for number in range(6):
        code = f"import time; open('ran-{number}', 'a').write('once '); time.sleep(0.5)"
        jobs.append(kit.task(code, tmp_path))
        pool.submit(jobs[-1])
        if number == 2:
            kit.wait_until((tmp_path / "ran-0").exists)
    breakable.kill("slurmctld")
    breakable.start("slurmctld")
    outcomes = [settle(pool, job, kit) for job in jobs]
    for number, outcome in enumerate(outcomes):
        path = tmp_path / f"ran-{number}"
        told = path.read_text() if path.exists() else ""
        # The new controller kills what runs and is not in its books: such a job is lost.
        assert (outcome.reason, told) in {("finished", "once "), ("lost", "once "), ("lost", "")}
    kit.wait_until(lambda: [pool.poll(j.token) for j in jobs] and not pool.cluster.active())
    assert all(pool.submit(job) == job.token for job in jobs)
    assert pool.cluster.active() == []


def test_a_controller_that_is_down_makes_jobs_unknown_and_known_again(breakable, kit, tmp_path):
    pool = kit.pool_of(breakable, timeout_s=0.7)
    code = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)"
    runs, ended = kit.task(code, tmp_path), kit.task("")
    pool.submit(ended)
    assert follow(pool, ended.token).ok
    pool.submit(runs)
    kit.wait_until(lambda: pool.poll(runs.token).phase == "running")
    # One that is not in the books that it saved last is killed by a new controller.
    books = breakable.root / "state" / "job_state"
    since = time.time()
    kit.wait_until(lambda: books.exists() and books.stat().st_mtime > since)
    breakable.kill("slurmctld")
    kit.wait_until(lambda: pool.poll(runs.token).knowledge == "unknown")
    assert "no answer within 0.7 s" in pool.poll(runs.token).detail
    assert pool.poll(ended.token).outcome.ok, "its folder tells"
    assert not pool.probe().up
    assert "QH540" in pool.probe().detail
    with pytest.raises(PoolUnavailable):
        pool.find("another")
    new = kit.task("open('new', 'a').write('once ')", tmp_path)
    with pytest.raises(PoolUnavailable) as caught:
        pool.submit(new)
    assert caught.value.code == "QH544"
    assert pool.poll(new.token).knowledge == "unknown"
    breakable.start("slurmctld")
    kit.wait_until(lambda: pool.poll(runs.token).knowledge == "known")
    assert pool.poll(runs.token).phase == "running"
    (tmp_path / "go").touch()
    assert follow(pool, runs.token).ok
    assert settle(pool, new, kit).ok
    assert (tmp_path / "new").read_text() == "once "


def test_a_node_that_dies_loses_its_jobs_and_says_what_they_had_used(breakable, kit):
    pool = kit.pool_of(breakable)
    ref = pool.submit(kit.task("import time\nprint('on', flush=True); time.sleep(60)", threads=8))
    beat = pool.settings.folder / ref / "beat.json"
    kit.wait_until(lambda: pool.log(ref) and beat.exists())
    (busy,) = (node.name for node in pool.cluster.nodes() if node.cpus_used)
    breakable.kill(busy)
    # Slurm would notice by itself after SlurmdTimeout and some more.
    breakable.run("scontrol", "update", f"NodeName={busy}", "State=DOWN", "Reason=test")
    outcome = follow(pool, ref)
    assert outcome.reason == "lost"
    assert 0 < outcome.usage.wall_s < 60
    probe = pool.probe()
    assert (probe.nodes, probe.nodes_up, probe.threads) == (2, 1, 8)
    assert busy in probe.detail
    assert probe.chips == {"ascend-910b": 8}


def test_what_died_with_a_nodes_daemon_is_lost_long_before_the_cluster_notices(breakable, kit):
    """The controller would say RUNNING until the node's next registration, some 40 s later."""
    pool = kit.pool_of(breakable, beat_s=0.2, silent_s=1.0, lag_s=0.2)
    ref = pool.submit(kit.task("import time; time.sleep(60)", threads=8))
    kit.wait_until((pool.settings.folder / ref / "beat.json").exists)
    (busy,) = (node.name for node in pool.cluster.nodes() if node.cpus_used)
    breakable.kill(busy)
    breakable.start(busy)
    assert [job.state for job in pool.cluster.active()] == ["RUNNING"]
    outcome = follow(pool, ref)
    assert (outcome.reason, outcome.ok) == ("lost", False)
    assert (pool.settings.folder / ref / "given-up").exists()


def test_a_job_whose_folder_nobody_can_write_is_not_given_up(breakable, kit, monkeypatch):
    pool = kit.pool_of(breakable, beat_s=0.2, silent_s=0.4)
    ref = pool.submit(kit.task("import time; time.sleep(60)"))
    kit.wait_until((pool.settings.folder / ref / "beat.json").exists)
    tried = []

    def full(run):
        tried.append(run)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "call", full)
    monkeypatch.setattr(pool, "_unchanged_s", lambda *_: 100.0)
    kit.wait_until(lambda: pool.poll(ref).phase == "running" and len(tried) > 2)
    assert not (pool.settings.folder / ref / "given-up").exists()
    pool.cancel(ref)


def test_a_job_cancelled_while_the_controller_is_down_stops_all_the_same(breakable, kit):
    pool = kit.pool_of(breakable, timeout_s=0.7)
    ref = pool.submit(kit.task("import time; time.sleep(60)"))
    kit.wait_until(lambda: pool.poll(ref).phase == "running" and pool._marks(ref).started)
    breakable.kill("slurmctld")
    pool.cancel(ref)
    assert follow(pool, ref).reason == "cancelled"


def test_two_clusters_with_keys_of_their_own_work_side_by_side(breakable, kit, tmp_path):
    with slurm_bed(name="three") as other:
        assert (other.root / "munge.key").read_bytes() != (
            breakable.root / "munge.key"
        ).read_bytes()
        pools = [kit.pool_of(bed) for bed in (breakable, other)]
        code = "import os; print(os.environ['SLURM_CLUSTER_NAME'])"
        refs = [pool.submit(kit.task(code)) for pool in pools]
        assert all(follow(pool, ref).ok for pool, ref in zip(pools, refs, strict=True))
        logs = [pool.log(ref) for pool, ref in zip(pools, refs, strict=True)]
        assert logs == [b"two\n", b"three\n"]
        assert pools[0].find(refs[1]) is None
        # The key of one opens nothing of the other.
        mixed = other.root / "mixed.conf"
        text = other.conf.read_text()
        mixed.write_text(text.replace(f"{other.root}/run/munge", f"{breakable.root}/run/munge"))
        stranger = kit.pool_of(other, timeout_s=2.0)
        stranger.cluster._env["SLURM_CONF"] = str(mixed)
        assert stranger.poll(refs[0]).knowledge == "absent"
        assert not stranger.probe().up
