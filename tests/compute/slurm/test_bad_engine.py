"""A cluster that is absent, slow, or talks nonsense, put up by the test: nothing is made of it."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qianhang.compute.drivers.slurm import SlurmDriver, SlurmSettings
from qianhang.compute.drivers.slurm.cluster import refused
from qianhang.core.errors import PoolUnavailable, UsageError

LIMIT_S = 0.4
SECRET = "eyJhbGciOiJIUzI1NiJ9.hunter2"
PATHS = {"paths": {"/slurm/v0.0.40/jobs/": {}}}


class FakeRest(ThreadingHTTPServer):
    """answer(path) -> (status, body), or a function that writes to the connection itself."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = lambda path: (200, "{}")
        self.seen = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.server.answer(self.path)
        if callable(found):
            found(self.wfile)
            return
        status, body = found
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_DELETE = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with FakeRest() as fake:
        thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        fake.shutdown()
        thread.join()


@pytest.fixture
def rest(server, tmp_path):
    token = tmp_path / "token"
    token.write_text(SECRET)
    return SlurmDriver(
        SlurmSettings(
            tmp_path / "shared", url=server.url, token_file=token, user="door", timeout_s=LIMIT_S
        )
    )


@pytest.fixture
def commands(tmp_path):
    """A driver whose every command is the script that the test writes."""
    programs = tmp_path / "bin"
    programs.mkdir()

    def write(script):
        for name in ("sbatch", "squeue", "scancel", "sinfo", "sdiag", "sacct"):
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)

    pool = SlurmDriver(
        SlurmSettings(
            tmp_path / "shared", programs=programs, timeout_s=LIMIT_S, fresh_s=0, accounting=True
        )
    )
    return pool, write


def drip(out):
    """An answer that comes a byte at a time and never ends."""
    with contextlib.suppress(OSError):
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(300):
            out.write(b" ")
            out.flush()
            time.sleep(0.1)


def nothing_is_made_of_it(pool, kit, *, took_s=15):
    """Of a job of which only the plan stands in the folder; what hangs here does so for longer."""
    job = kit.task("")
    began = time.monotonic()
    with pytest.raises(PoolUnavailable) as caught:
        pool.submit(job)
    assert caught.value.code in {"QH540", "QH541", "QH544"}
    assert time.monotonic() - began < took_s
    began = time.monotonic()
    status = pool.poll(job.token)
    assert (status.knowledge, status.outcome) == ("unknown", None)
    assert "QH54" in status.detail
    assert time.monotonic() - began < took_s
    with pytest.raises(PoolUnavailable):
        pool.find(job.token)
    assert not pool.probe().up
    pool.cancel(job.token)
    return str(caught.value) + status.detail


@pytest.mark.parametrize(
    "answer",
    [
        (200, "<html>busy</html>"),
        (200, "[]"),
        (200, "{"),
        (200, b"\xff\xfe\x00"),
        (200, '{"jobs": [{"job_state": ["DANCING"]}], "errors": 7}'),
        (200, '{"jobs": "none"}'),
        (500, '{"errors": [{"error": "Unspecified error", "error_number": -1}]}'),
        (401, "Authentication failure"),
        (302, ""),
    ],
)
def test_nothing_is_made_of_a_rest_answer_that_cannot_be_read(rest, server, kit, answer):
    server.answer = lambda path: (200, json.dumps(PATHS)) if "openapi" in path else answer
    said = nothing_is_made_of_it(rest, kit)
    assert SECRET not in said


def test_a_rest_interface_that_never_ends_its_answer_is_left_within_the_time(rest, server, kit):
    server.answer = lambda path: (200, json.dumps(PATHS)) if "openapi" in path else drip
    assert "0.4 s" in nothing_is_made_of_it(rest, kit)


def test_a_rest_interface_that_is_not_there_or_speaks_no_schema_of_ours(
    rest, server, kit, tmp_path
):
    server.answer = lambda path: (200, '{"paths": {"/slurm/v0.0.9/jobs": {}}}')
    assert "there: v0.0.9" in nothing_is_made_of_it(rest, kit)
    absent = SlurmDriver(
        SlurmSettings(
            tmp_path / "other",
            url="http://127.0.0.1:9",
            token_file=tmp_path / "token",
            user="door",
            timeout_s=LIMIT_S,
        )
    )
    assert "ConnectionError" in nothing_is_made_of_it(absent, kit)


def test_a_job_taken_with_an_error_told_is_taken(rest, server, kit):
    """As 22.05 answered while its nodes were not back yet: refused would be a job run unseen."""
    told = {"errors": [{"error_code": 2068, "error": "Required node not available"}], "job_id": 1}
    server.answer = lambda path: (200, json.dumps(PATHS if "openapi" in path else told))
    job = kit.task("")
    assert rest.submit(job) == job.token
    told.pop("job_id")
    with pytest.raises(PoolUnavailable, match="Required node") as caught:
        rest.submit(kit.task(""))
    assert caught.value.code == "QH542"


def test_the_token_is_read_anew_for_each_question_and_stands_in_a_header_only(rest, server, kit):
    server.answer = lambda path: (200, json.dumps(PATHS)) if "openapi" in path else (200, "{}")
    rest.probe()
    rest.settings.token_file.write_text("renewed")
    rest.probe()
    tokens = [headers["X-SLURM-USER-TOKEN"] for _, _, headers in server.seen]
    assert tokens[0] == SECRET
    assert tokens[-1] == "renewed"
    assert not any(SECRET in path for _, path, _ in server.seen)
    rest.settings.token_file.unlink()
    with pytest.raises(UsageError, match="cannot be read") as caught:
        rest.cluster.nodes()
    assert caught.value.code == "QH543"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exec sleep 30", "no answer within 0.4 s"),
        ("sleep 30 & exit 0", ""),
        ("echo nonsense; exit 0", ""),
        ("printf '\\377\\376'", "no text"),
        ("echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1", "contact"),
        ("kill -9 $$", "exit code -9"),
        ("head -c 3000000 /dev/zero | tr '\\0' x", ""),
    ],
)
def test_nothing_is_made_of_commands_that_hang_fail_or_talk_nonsense(commands, kit, script, words):
    pool, write = commands
    write(script)
    assert words in nothing_is_made_of_it(pool, kit)


@pytest.mark.parametrize(
    "words",
    [
        "Connection reset by peer", "Broken pipe", "Transport endpoint is not connected",
        "Software caused connection abort", "Host is unreachable", "Network is unreachable",
        "Message receive failure", "Unexpected message received", "Input/output error",
    ],
)  # fmt: skip
def test_a_line_that_broke_during_the_submission_is_no_refusal(commands, kit, words):
    """The controller may have taken the job before it died: nobody knows, so nobody says no."""
    pool, write = commands
    write(f"echo 'sbatch: error: Batch job submission failed: {words}' >&2; exit 1")
    with pytest.raises(PoolUnavailable) as caught:
        pool.submit(kit.task(""))
    assert caught.value.code == "QH544"


def test_commands_that_are_not_installed_make_the_pool_unknown(commands, kit):
    pool, _ = commands
    assert "sbatch is not installed here" in nothing_is_made_of_it(pool, kit)


def test_a_command_out_of_time_leaves_no_process_behind(commands, kit, tmp_path):
    pool, write = commands
    write(f"sleep 60 & echo $! >> {tmp_path}/pids; wait")
    assert not pool.probe().up
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    kit.wait_until(lambda: not any(map(kit.alive, pids)))


def test_a_cluster_that_does_not_answer_is_not_asked_again_for_every_job(commands, kit, tmp_path):
    """A hundred jobs, one question."""
    pool, write = commands
    write(f"echo >> {tmp_path}/asked; exit 1")
    jobs = [kit.task("") for _ in range(100)]
    for job in jobs:
        (pool.settings.folder / job.token).mkdir(parents=True)
        (pool.settings.folder / job.token / "job.json").write_text("{}")
    object.__setattr__(pool.settings, "fresh_s", 60.0)
    assert {pool.poll(job.token).knowledge for job in jobs} == {"unknown"}
    assert (tmp_path / "asked").read_text().count("\n") == 1


def test_a_folder_that_cannot_be_read_makes_a_job_unknown(commands, kit):
    """The shared disk has gone, or what stands there is cut off."""
    pool, write = commands
    write("exit 0")
    assert pool.poll("t").knowledge == "unknown"
    place = pool.settings.folder / "t"
    place.mkdir(parents=True)
    assert pool.poll("t").knowledge == "absent"
    (place / "job.json").write_text("{}")
    (place / "status.json").write_text('{"reason": "fin')
    assert pool.poll("t").knowledge == "unknown"


def test_a_record_that_comes_late_is_waited_for(commands, kit):
    """Slurm says that it ended; the disk shows how only then."""
    pool, write = commands
    row = "".join(
        text.ljust(width)
        for text, width in (
            ("7", 20), ("COMPLETED", 20), ("0", 12), ("0:01", 20), ("qh-t", 96), ("n1", 40),
        )
    )  # fmt: skip
    write(f"case \"$*\" in *states=all*) echo '{row}None';; esac")
    place = pool.settings.folder / "t"
    place.mkdir(parents=True)
    (place / "job.json").write_text("{}")
    (place / "started").write_text("7")
    assert pool.poll("t").knowledge == "unknown"
    told = {"reason": "finished", "code": 0, "signal": None, "usage": {"wall_s": 1.5}}
    (place / "status.json").write_text(json.dumps(told))
    assert pool.poll("t").outcome.ok
    assert pool.usage("t").wall_s == 1.5


def test_settings_that_cannot_work_are_refused_by_name(tmp_path):
    made = SlurmSettings.of({"folder": "/shared", "conf": "/etc/slurm.conf", "name": "city"})
    assert (made.folder, made.conf) == (Path("/shared"), Path("/etc/slurm.conf"))
    for given, words in (
        ({"folder": "/s", "partitions": "a"}, "unknown setting partitions"),
        ({}, "folder is missing"),
        ({"folder": "/s", "url": "host:6820"}, "does not start with http"),
        ({"folder": "/s", "url": "http://h", "user": "me"}, "needs token_file and user"),
        ({"folder": "/s", "timeout_s": 0}, "timeout_s is 0, must be above zero"),
        ({"folder": "/s", "beat_s": 50.0}, "at least twice beat_s"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            SlurmSettings.of(given)
        assert caught.value.code == "QH543"


def test_the_driver_is_made_from_its_kind_and_a_table():
    from qianhang.compute.drivers import driver_of

    table = {"folder": "/shared", "name": "city", "gres": {"dcu": "gpu:dcu"}}
    pool = driver_of("slurm", table, folder=Path("/unused"))
    assert (pool.name, pool.settings.gres) == ("city", {"dcu": "gpu:dcu"})


def test_a_refusal_says_so_and_may_be_tried_again(commands, kit):
    pool, write = commands
    write("echo 'sbatch: error: Invalid account' >&2; exit 1")
    with pytest.raises(PoolUnavailable, match="Invalid account") as caught:
        pool.submit(kit.task(""))
    assert caught.value.code == refused("").code == "QH542"


def test_a_full_disk_costs_the_log_and_not_the_job(tmp_path, kit):
    """/dev/full takes nothing, like a full spool."""
    from qianhang.compute import LocalDriver, follow

    pool = LocalDriver(tmp_path)
    job = kit.task("print('x' * 10000, flush=True)")
    (tmp_path / job.token).mkdir()
    (tmp_path / job.token / "log.txt").symlink_to("/dev/full")
    assert follow(pool, pool.submit(job)).ok
