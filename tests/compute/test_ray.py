"""The Ray driver on answers recorded from Ray 2.60.0; a real head is asked by `make ray`."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qianhang.compute import Limits, Task
from qianhang.compute.drivers import driver_of
from qianhang.core.errors import PoolUnavailable, UsageError

RECORDED = json.loads((Path(__file__).parent / "ray-2.60.0.json").read_text("utf8"))
END = "\n\x1eqianhang ended "
SAID = '{"reason": "failed", "code": 3, "signal": null, "usage": {"wall_s": 0.2}}'


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.command, self.path, self.rfile.read(size)))
        asked = f"{self.command} {self.path}"
        status, body = self.server.answers.get(asked, (404, "no such page"))
        self.server.answers |= self.server.then.pop(asked, {})
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.answers, made.seen, made.then = {}, [], {}
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def pool(server, tmp_path):
    settings = {
        "name": "ray",
        "address": f"http://127.0.0.1:{server.server_address[1]}/",
        "run_dir": "/shared/runs",
        "chips": {"ascend-910b": "ascend910b", "h20": "GPU"},
    }
    return driver_of("ray", settings, folder=tmp_path)


def job(**about):
    return {**RECORDED["job"], **about}


def show(server, about, *, log=""):
    server.answers["GET /api/jobs/t1"] = (200, about)
    server.answers["GET /api/jobs/t1/logs"] = (200, {"logs": log})


def test_a_task_becomes_a_command_with_what_it_books(server, pool):
    server.answers["POST /api/jobs/"] = (200, {"submission_id": "t1"})
    limits = Limits(threads=2, memory_mb=100)
    task = Task(
        "t1", ("/bin/x",), Path("/"), {"SECRET": "s3cret"}, limits, {"ascend-910b": 4, "h20": 0.5}
    )
    assert pool.submit(task) == "t1"
    sent = json.loads(server.seen[0][2])
    assert sent["submission_id"] == "t1"
    assert sent["entrypoint_num_cpus"] == 2
    assert sent["entrypoint_memory"] == 100 << 20
    assert sent["entrypoint_num_gpus"] == 0.5
    assert sent["entrypoint_resources"] == {"ascend910b": 4}
    # Ray prints the entry point into the log.
    assert "s3cret" not in sent["entrypoint"]


def test_an_id_that_is_there_is_refused_by_ray_and_found_by_us(server, pool):
    server.answers["POST /api/jobs/"] = (500, RECORDED["repeated"])
    show(server, job(status="RUNNING"))
    assert pool.submit(Task("t1", ("/bin/x",), Path("/"))) == "t1"


def test_a_job_that_ray_gave_up_before_it_began_is_absent_and_handed_over_again(server, pool):
    """Ray gives up what waits 900 s for resources; the id stays taken until it is deleted."""
    gone = job(
        status="FAILED", driver_exit_code=None, error_type="JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
    )
    show(server, gone)
    assert pool.poll("t1").knowledge == "absent"
    assert pool.find("t1") is None
    server.answers["POST /api/jobs/"] = (500, RECORDED["repeated"])
    server.answers["DELETE /api/jobs/t1"] = (200, {"deleted": True})
    server.then["DELETE /api/jobs/t1"] = {"POST /api/jobs/": (200, {"submission_id": "t1"})}
    server.seen.clear()
    assert pool.submit(Task("t1", ("/bin/x",), Path("/"))) == "t1"
    assert [method for method, _, _ in server.seen] == ["POST", "GET", "DELETE", "POST"]


def test_a_fault_that_left_no_job_is_a_pool_that_cannot_take_it(server, pool):
    server.answers["POST /api/jobs/"] = (500, "No available agent to submit job")
    server.answers["GET /api/jobs/t1"] = (404, "Job t1 does not exist")
    with pytest.raises(PoolUnavailable, match=r"QH545.*No available agent"):
        pool.submit(Task("t1", ("/bin/x",), Path("/")))


def test_what_the_cluster_cannot_do_is_refused_unasked(server, pool):
    with pytest.raises(PoolUnavailable, match=r"QH548.*dcu"):
        pool.submit(Task("t1", ("/bin/x",), Path("/"), chips={"dcu": 1}))
    with pytest.raises(PoolUnavailable, match=r"QH548.*one machine"):
        pool.submit(Task("t1", ("/bin/x",), Path("/"), limits=Limits(nodes=2)))
    assert server.seen == []


@pytest.mark.parametrize(
    ("about", "log", "reason", "code", "wall_s"),
    [
        (
            {"status": "FAILED", "driver_exit_code": 70, "message": f"x{END}{SAID}"},
            "",
            "failed",
            3,
            0.2,
        ),
        ({"status": "FAILED", "driver_exit_code": 70}, f"x{END}{SAID}\n", "failed", 3, 0.2),
        ({"status": "FAILED", "driver_exit_code": 70}, "", "failed", None, 4.553),
        ({"status": "FAILED", "driver_exit_code": -9}, f"x{END}{SAID}", "lost", None, 4.553),
        ({"status": "FAILED", "driver_exit_code": None}, "", "lost", None, 4.553),
        (
            {"status": "FAILED", "driver_exit_code": 71},
            f"x{END}{SAID}",
            "memory_limit",
            None,
            4.553,
        ),
        ({"status": "SUCCEEDED", "driver_exit_code": 0}, "", "finished", 0, 4.553),
        ({"status": "STOPPED", "driver_exit_code": None}, "", "cancelled", None, 4.553),
        ({"status": "STOPPED", "driver_exit_code": None}, f"{END}{SAID}", "cancelled", None, 0.2),
        ({"status": "FAILED", "driver_exit_code": 77}, f"{END}{SAID}", "failed", 3, 0.2),
    ],
)
def test_an_end_is_told_by_the_keeper_as_far_as_its_exit_code_agrees(
    server, pool, about, log, reason, code, wall_s
):
    show(server, job(**{"message": None, **about}), log=log)
    outcome = pool.poll("t1").outcome
    assert (outcome.reason, outcome.code, outcome.usage.wall_s) == (reason, code, wall_s)
    assert pool.usage("t1") == outcome.usage


@pytest.mark.parametrize(
    ("status", "phase"), [("PENDING", "waiting"), ("RUNNING", "running"), ("PAUSED", "")]
)
def test_a_state_that_is_not_an_end_has_no_outcome(server, pool, status, phase):
    show(server, job(status=status, message="why"))
    found = pool.poll("t1")
    assert (found.phase, found.outcome) == (phase, None)
    assert found.knowledge == ("known" if phase else "unknown")


@pytest.mark.parametrize(
    "answer", [(500, "x"), (404, "<html>404</html>"), (200, "[]"), (200, {}), (401, "Unauthorized")]
)
def test_an_answer_that_cannot_be_relied_on_makes_a_job_unknown(server, pool, answer):
    server.answers["GET /api/jobs/t1"] = answer
    assert pool.poll("t1").knowledge == "unknown"


def test_a_job_is_absent_only_in_rays_own_words(server, pool):
    server.answers["GET /api/jobs/t1"] = (404, RECORDED["absent"])
    assert pool.poll("t1").knowledge == "absent"
    assert pool.find("t1") is None


def test_the_log_is_what_the_task_printed(server, pool):
    log = f"2026 INFO job_manager.py\nRunning entrypoint\n\x1eqianhang begins\n错\nend{END}{SAID}\n"
    show(server, job(status="FAILED"), log=log)
    assert pool.log("t1") == "错\nend".encode()
    assert pool.log("t1", start=4) == b"end"
    show(server, job(status="RUNNING"), log="Runtime env is setting up.\n")
    assert pool.log("t1") == b""


def test_a_node_that_kept_the_log_and_is_gone_leaves_the_exit_code(server, pool):
    show(server, job(status="SUCCEEDED", message=None))
    server.answers["GET /api/jobs/t1/logs"] = (500, "Traceback")
    assert pool.poll("t1").outcome.ok


def test_the_probe_reads_a_report_that_respells_names(server, pool):
    """Recorded: custom resources come back in camel case, with used and total."""
    server.answers["GET /api/version"] = (200, RECORDED["version"])
    server.answers["GET /api/cluster_status"] = (200, RECORDED["cluster_status"])
    found = pool.probe()
    assert (found.up, found.threads, found.threads_free) == (True, 4, 3)
    assert (found.chips, found.chips_free) == (
        {"ascend-910b": 8.0, "h20": 0.0},
        {"ascend-910b": 6.0, "h20": 0.0},
    )
    assert found.memory_mb == 23567220480 >> 20
    assert "2.60.0" in found.detail
    assert (found.nodes, found.memory_free_mb) == (1, 23567220480 >> 20)
    assert abs(found.clock_s) < 60


def test_a_head_without_nodes_or_sense_is_down(server, pool):
    server.answers["GET /api/version"] = (200, RECORDED["version"])
    for status in (RECORDED["cluster_status_early"], {}, {"data": {"clusterStatus": None}}):
        server.answers["GET /api/cluster_status"] = (200, status)
        assert not pool.probe().up


def test_settings_that_the_kind_lacks_and_kinds_that_do_not_exist_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"QH547.*tokne_file"):
        driver_of(
            "ray", {"name": "r", "address": "x", "run_dir": "/", "tokne_file": ""}, folder=tmp_path
        )
    with pytest.raises(UsageError, match=r"QH547.*nomad"):
        driver_of("nomad", {}, folder=tmp_path)
