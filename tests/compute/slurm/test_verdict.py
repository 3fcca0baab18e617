"""Every case of what folder and cluster may tell of a job, each worked out by hand."""

import pytest

from qianhang.compute.drivers.slurm.cluster import ClusterJob, counts
from qianhang.compute.drivers.slurm.verdict import Marks, accepted, judge, leftovers, owes_a_sign
from qianhang.compute.task import Outcome, Usage

USED = Usage(wall_s=7.0, cpu_s=3.0)
RUNS = Marks(planned=True, number="5", started="5", beats=2, used=USED)
NEW = Marks(planned=True, number="5")


def seen(state, number="5", **told):
    return ClusterJob(number, "qh-t", state, **told)


def stopped(**more):
    return Marks(planned=True, started="5", ended=Outcome("cancelled", usage=USED), **more)


def told(marks, jobs, *, silent=False, late=False):
    status = judge(marks, jobs, silent=silent, late=late)
    return status.outcome.reason if status.outcome else status.phase or status.knowledge


@pytest.mark.parametrize(
    ("marks", "jobs", "now", "once_late"),
    [
        # Never asked for, or asked for and gone without a trace of a start.
        (Marks(planned=False), None, "absent", "absent"),
        (NEW, [], "absent", "absent"),
        # The cluster could not be asked: nothing is said of what the folder leaves open.
        (NEW, None, "unknown", "unknown"),
        (RUNS, None, "unknown", "unknown"),
        (stopped(), None, "unknown", "unknown"),
        # The folder's own record needs nobody's word.
        (Marks(planned=True, ended=Outcome("finished")), None, "finished", "finished"),
        (Marks(planned=True, ended=Outcome("failed")), [seen("PENDING")], "failed", "failed"),
        (stopped(cancelled=True), None, "cancelled", "cancelled"),
        # As Slurm sees it.
        (NEW, [seen("PENDING")], "waiting", "waiting"),
        (NEW, [seen("CONFIGURING")], "waiting", "waiting"),
        (NEW, [seen("RUNNING")], "running", "running"),
        (RUNS, [seen("RUNNING")], "running", "running"),
        (RUNS, [seen("COMPLETING")], "running", "running"),
        # It ended and the record is not there yet, or never comes.
        (RUNS, [seen("COMPLETED")], "unknown", "lost"),
        (RUNS, [seen("NODE_FAIL")], "unknown", "lost"),
        (RUNS, [seen("OUT_OF_MEMORY")], "unknown", "memory_limit"),
        (RUNS, [seen("TIMEOUT")], "unknown", "wall_limit"),
        (RUNS, [seen("CANCELLED", nodes="n1", signal=15)], "unknown", "cancelled"),
        (RUNS, [seen("CANCELLED", nodes="n1")], "unknown", "lost"),
        (RUNS, [seen("FAILED", code=78)], "unknown", "lost"),
        # It ended before it started: by a hand, by a node without Python, dropped by the cluster.
        (NEW, [seen("CANCELLED")], "unknown", "cancelled"),
        (NEW, [seen("FAILED", code=127)], "unknown", "failed"),
        (NEW, [seen("FAILED", code=78)], "unknown", "lost"),
        (NEW, [seen("NODE_FAIL", nodes="n1")], "unknown", "absent"),
        (NEW, [seen("CANCELLED", nodes="n1")], "unknown", "absent"),
        (NEW, [seen("CANCELLED", nodes="n1", signal=15)], "unknown", "cancelled"),
        (NEW, [seen("PENDING", reason="launch failed requeued held")], "absent", "absent"),
        (NEW, [seen("PENDING", reason="BeginTime")], "absent", "absent"),
        (NEW, [seen("FAILED", reason="BadConstraints", code=1)], "absent", "absent"),
        (Marks(planned=True, cancelled=True), [seen("CANCELLED")], "cancelled", "cancelled"),
        (Marks(planned=True, cancelled=True), [], "cancelled", "cancelled"),
        # The keeper was told to stop, and not by us.
        (stopped(), [seen("TIMEOUT")], "wall_limit", "wall_limit"),
        (stopped(), [seen("CANCELLED")], "cancelled", "cancelled"),
        (stopped(), [seen("PREEMPTED")], "lost", "lost"),
        (stopped(), [seen("COMPLETING")], "running", "running"),
        (stopped(), [seen("PENDING")], "lost", "lost"),
        (stopped(), [], "lost", "lost"),
        # A second copy was turned away, and is not taken for the job.
        (RUNS, [seen("RUNNING"), seen("FAILED", "6", code=77)], "running", "running"),
        (NEW, [seen("FAILED", "6", code=77), seen("PENDING")], "waiting", "waiting"),
    ],
)
def test_a_job_is_what_folder_and_cluster_tell(marks, jobs, now, once_late):
    assert told(marks, jobs) == now
    assert told(marks, jobs, late=True) == once_late


@pytest.mark.parametrize("jobs", [[], [seen("PENDING")], [seen("PENDING", "9")]])
def test_a_job_that_the_cluster_has_forgotten_runs_until_it_has_been_silent_for_long(jobs):
    """After a crash the cluster may know nothing of it, or believe that it still waits."""
    assert told(RUNS, jobs) == "running"
    status = judge(RUNS, jobs, silent=True, late=False)
    assert status.outcome == Outcome("lost", usage=USED), "what it told of itself last"


def test_what_is_of_no_more_use_is_taken_out_of_the_queue():
    queue = [seen("PENDING"), seen("PENDING", "6"), seen("RUNNING", "7"), seen("FAILED", "8")]
    assert leftovers(NEW, queue, silent=False) == []
    assert leftovers(RUNS, queue, silent=False) == ["6"]
    assert leftovers(RUNS, queue, silent=True) == ["5", "6"]
    just = Marks(planned=True, started="")  # the mark is there, its number not yet
    assert leftovers(just, queue, silent=False) == []
    ended = Marks(planned=True, started="5", ended=Outcome("finished"))
    assert leftovers(ended, queue, silent=False) == ["5", "6"]
    assert leftovers(Marks(planned=True, cancelled=True), queue, silent=False) == ["5", "6"]


def test_what_the_cluster_refused_or_dropped_may_be_submitted_again():
    taken = [seen("PENDING"), seen("COMPLETED"), seen("CANCELLED"), seen("FAILED", code=2)]
    gone = [
        seen("FAILED", reason="BadConstraints", code=1),
        seen("NODE_FAIL"),
        seen("CANCELLED", nodes="n1"),
        seen("FAILED", signal=9),
    ]
    assert accepted([*taken, *gone]) == taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpu:ascend910b:8", {"gpu:ascend910b": 8}),
        ("gpu:dcu:8(S:0-1),gpu:a100:2(S:0,1),nvme:1", {"gpu:dcu": 8, "gpu:a100": 2, "nvme": 1}),
        ("gpu:ascend910b:6(IDX:0-3,5,7)", {"gpu:ascend910b": 6}),
        ("shard:k100:4K", {"shard:k100": 4096}),
        ("(null)", {}),
        ("", {}),
    ],
)
def test_gres_are_counted_by_type(text, expected):
    assert counts(text) == expected


@pytest.mark.parametrize(
    ("marks", "jobs", "owes"),
    [
        (RUNS, [seen("RUNNING")], True),
        (NEW, [seen("RUNNING")], True),
        (RUNS, [seen("SUSPENDED")], False),
        (RUNS, [seen("COMPLETING")], False),
        (RUNS, [seen("RUNNING"), seen("PENDING", "6")], False),
        (RUNS, [], False),
        (stopped(), [seen("RUNNING")], False),
        (Marks(planned=True, started="5", cancelled=True), [seen("RUNNING")], False),
    ],
)
def test_signs_of_life_are_owed_by_what_the_cluster_believes_to_run(marks, jobs, owes):
    assert owes_a_sign(marks, jobs) is owes


@pytest.mark.parametrize("jobs", [None, [], [seen("CANCELLED", nodes="n1")]])
def test_what_was_stopped_because_nothing_was_heard_of_it_is_lost_and_not_cancelled(jobs):
    given_up = {"cancelled": True, "given_up": True}
    assert told(stopped(**given_up), jobs) == "lost"
    assert told(Marks(planned=True, number="5", **given_up), [], late=True) == "lost"
    done = Marks(planned=True, started="5", ended=Outcome("finished"), **given_up)
    assert told(done, jobs) == "finished", "it was heard in the end"
