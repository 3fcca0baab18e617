"""The answers of several versions: those of 22.05 recorded from a cluster, the later ones written
after their published schemas and not proven on a real one.
"""

import json
from pathlib import Path

import pytest

from qianhang.compute.drivers.slurm import dialects
from qianhang.compute.drivers.slurm.cluster import ClusterJob, Order
from qianhang.compute.drivers.slurm.commands import accounted
from qianhang.compute.drivers.slurm.jobcomp import completed
from qianhang.core.errors import PoolUnavailable

HERE = Path(__file__).parent
REAL = json.loads((HERE / "recorded" / "slurm-22.05.8.json").read_text(encoding="utf8"))
WRITTEN = json.loads((HERE / "written" / "after-schemas.json").read_text(encoding="utf8"))
ORDER = Order(
    "qh-t", "why", "/shared/t", "#!/bin/sh\n", 7,
    memory_mb=320, cpus=2, gres="gpu:dcu:8", nodes=2,
)  # fmt: skip


def briefly(jobs):
    return {(j.name, j.state, j.life, j.code, j.signal, j.nodes) for j in jobs}


@pytest.mark.parametrize("source", ["jobs", "squeue"])
def test_jobs_of_a_real_22_05_are_read(source):
    """Exit 3, exit 0, running, killed by signal 15, refused, held: in this order on the cluster."""
    speech = dialects.spoken(REAL[source])
    assert speech.version == "v0.0.38"
    assert briefly(speech.jobs(REAL[source])) == {
        ("qh-failed", "FAILED", "ended", 3, None, "bed-n1"),
        ("qh-done", "COMPLETED", "ended", 0, None, "bed-n1"),
        ("qh-runs", "RUNNING", "running", 0, None, "bed-n1"),
        ("qh-killed", "FAILED", "ended", 0, 15, "bed-n1"),
        ("qh-bad", "FAILED", "ended", 0, 1, ""),
        ("qh-waits", "PENDING", "waiting", 0, None, ""),
    }


def test_nodes_errors_clock_and_numbers_of_a_real_22_05_are_read():
    speech = dialects.dialect("v0.0.38")
    node, other = speech.nodes(REAL["nodes"])
    assert (node.name, node.cpus, node.cpus_used, node.up) == ("bed-n1", 8, 1, True)
    assert (node.memory_mb, node.memory_used_mb) == (16000, 128)
    assert (node.gres_used, other.gres_used) == (
        "gpu:ascend910b:2(IDX:0-1)",
        "gpu:ascend910b:0(IDX:N/A)",
    )
    assert speech.job_id(REAL["submitted"]) == "1"
    assert speech.clock(REAL["diag"]) == REAL["diag"]["statistics"]["req_time"]
    assert dialects.errors_of(REAL["no-such-job"])[0][0] == 2017
    assert dialects.errors_of(REAL["refused"]) == [
        (2014, "Requested node configuration is not available")
    ]
    assert dialects.newest(json.dumps(REAL["openapi"])).version == "v0.0.38"


@pytest.mark.parametrize("version", sorted(WRITTEN))
def test_jobs_and_nodes_of_later_schemas_are_read(version):
    """Unproven on a real cluster of these versions."""
    document = WRITTEN[version]
    speech = dialects.spoken(document)
    assert speech.version == version
    assert briefly(speech.jobs(document)) == {
        ("qh-failed", "FAILED", "ended", 3, None, "n1"),
        ("qh-runs", "RUNNING", "running", 0, None, "n1"),
        ("qh-stops", "COMPLETING", "running", 0, None, "n1"),
        ("qh-killed", "TIMEOUT", "ended", 0, 15, "n1"),
        ("qh-waits", "PENDING", "waiting", 0, None, ""),
    }
    failed = next(job for job in speech.jobs(document) if job.name == "qh-failed")
    assert failed.wall_s == 40
    up, down = speech.nodes(document)
    assert (up.up, down.up) == (True, False)
    assert (up.cpus, up.cpus_used, up.memory_mb, up.memory_used_mb) == (64, 3, 512000, 4096)
    assert speech.clock(document) == 1795365155


def test_the_newest_schema_that_both_sides_know_is_chosen():
    offered = ["/slurm/v0.0.39/jobs", "/slurm/v0.0.41/jobs/", "/slurm/v0.0.99/jobs"]
    assert dialects.newest(json.dumps(offered)).version == "v0.0.41"
    with pytest.raises(PoolUnavailable, match=r"there: v0\.0\.99") as caught:
        dialects.newest(json.dumps(offered[2:]))
    assert caught.value.code == "QH541"


def test_a_job_is_written_as_each_schema_wants_it():
    bodies = {
        number: dialects.dialect(f"v0.0.{number}").order(
            ORDER, partition="main", account="", qos=""
        )
        for number in (38, 39, 40, 41)
    }
    jobs = {number: body["job"] for number, body in bodies.items()}
    assert bodies[38]["script"] == bodies[40]["script"] == jobs[41]["script"] == "#!/bin/sh\n"
    assert "script" not in bodies[41]
    assert jobs[38]["memory_per_node"] == 320
    assert jobs[40]["memory_per_node"] == {"set": True, "infinite": False, "number": 320}
    assert jobs[38]["environment"]["PATH"]
    assert jobs[39]["environment"][0].startswith("PATH=")
    assert jobs[38]["gres"] == "gpu:dcu:8"
    assert jobs[39]["tres_per_node"] == "gres:gpu:dcu:8"
    assert jobs[40]["tres_per_node"] == "gres/gpu:dcu:8"
    assert jobs[38]["no_requeue"] is True
    assert jobs[40]["requeue"] is False
    assert "account" not in jobs[38]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"jobs": None},
        {"jobs": [{}]},
        {"jobs": ["job"]},
        {"jobs": [{"job_id": "x", "name": "n", "job_state": "RUNNING"}]},
        {"jobs": [{"job_id": 1, "name": "n", "job_state": "DANCING"}]},
        {"jobs": [{"job_id": 1, "name": "n", "job_state": []}]},
        {"jobs": 7},
    ],
)
@pytest.mark.parametrize("version", ["v0.0.38", "v0.0.40"])
def test_an_answer_of_another_shape_is_garbled_and_never_taken_for_a_state(version, document):
    with pytest.raises(PoolUnavailable) as caught:
        dialects.dialect(version).jobs(document)
    assert caught.value.code == "QH541"


def test_lines_of_sacct_and_of_the_file_of_ended_jobs_are_read(tmp_path):
    """The first after sacct's manual, the second from a cluster of 22.05."""
    assert accounted("12|CANCELLED by 0|0:15|61|n1|qh-t") == ClusterJob(
        "12", "qh-t", "CANCELLED", code=0, signal=15, wall_s=61.0, nodes="n1"
    )
    (tmp_path / "jobcomp").write_text(
        "JobId=2 UserId=root(0) GroupId=root(0) Name=qh-t-1 JobState=COMPLETED NodeList=n1\n"
        "JobId=1 UserId=root(0) GroupId=root(0) Name=qh-t JobState=FAILED Partition=main "
        "TimeLimit=2 StartTime=2026-11-22T15:59:28 EndTime=2026-11-22T15:59:29 NodeList=bed-n1 "
        "NodeCnt=1 Tres=cpu=1,mem=128M,node=1 Account= QOS= WcKey= ExitCode=3:0 \n"
    )
    assert completed(tmp_path / "jobcomp", "qh-t") == [
        ClusterJob("1", "qh-t", "FAILED", code=3, wall_s=1.0, nodes="bed-n1")
    ]
    assert completed(tmp_path / "nowhere", "qh-t") == []
