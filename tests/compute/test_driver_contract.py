"""What every driver promises, over each of them: the same claims, the same words.

A kind of pool joins by a fixture that yields a Bed. Ray is real here and asked for by `make ray`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from qianhang.compute import Driver, Limits, LocalDriver, Task, follow
from qianhang.compute.drivers import driver_of
from qianhang.core.errors import PoolUnavailable
from qianhang.testing.apiserver import ApiServer
from qianhang.testing.ray_head import RayHead
from qianhang.testing.slurm_bed import missing, slurm_bed


@dataclass
class Bed:
    """A pool under test.

    again : another driver of the same pool, as another process would have
    vanish, back : the pool cannot be asked, and can again; None where it is always there
    """

    pool: Driver
    again: Callable[[], Driver]
    folder: Path
    chip: str = ""
    vanish: Callable[[], None] | None = None
    back: Callable[[], object] | None = None
    patience_s: float = 30.0

    def task(self, token, code, *, env=None, chips=None, **limits):
        argv = (sys.executable, "-c", code)
        return Task(token, argv, self.folder, env or {}, Limits(**limits), chips or {})

    def run(self, token, code, **more):
        ref = self.pool.submit(self.task(token, code, **more))
        return follow(self.pool, ref), self.pool.log(ref).decode("utf-8", "replace")

    def wait_for(self, claim):
        until = time.monotonic() + self.patience_s
        while not claim():
            assert time.monotonic() < until, "it never came true"
            time.sleep(0.02)


def local_bed(folder):
    """Four threads of this machine."""
    yield Bed(
        LocalDriver(folder / "jobs", threads=4),
        lambda: LocalDriver(folder / "jobs", threads=4),
        folder,
    )


def kubernetes_bed(folder):
    """The API server of the tests, with Kueue's label: each Job is held until it is admitted."""
    runs, config = folder / "runs", folder / "config"
    runs.mkdir()
    server = ApiServer(folder)
    server.start()
    server.fixed |= nodes()
    server.write_kubeconfig(config)
    settings = {
        "name": "k8s",
        "kubeconfig": str(config),
        "image": "registry.example/task:1",
        "claim": "runs",
        "run_dir": str(runs),
        "python": sys.executable,
        "queue": "city",
        "chips": {"ascend-910b": "ascend"},
        "message_path": str(folder / "last-words"),
    }
    again = lambda: driver_of("kubernetes", settings, folder=folder / "kept")  # noqa: E731
    yield Bed(again(), again, folder, "ascend-910b", server.vanish, server.start)
    server.close()


def nodes():
    """One node with 8 threads and 8 chips, of which a pod holds 2 and 1."""
    has = {"cpu": "8", "memory": "16Gi", "huawei.com/Ascend910": "8"}
    node = {
        "metadata": {"name": "n1", "labels": {}},
        "spec": {},
        "status": {"allocatable": has, "conditions": [{"type": "Ready", "status": "True"}]},
    }
    booked = {"requests": {"cpu": "1500m", "huawei.com/Ascend910": "1"}}
    side = {"requests": {"cpu": "500m"}}
    spec = {"nodeName": "n1", "containers": [{"resources": booked}, {"resources": side}]}
    return {
        "/api/v1/nodes": {"metadata": {}, "items": [node]},
        "/api/v1/pods": {"metadata": {}, "items": [{"spec": spec}]},
    }


@pytest.fixture(scope="module")
def ray_head():
    executable = os.environ.get("QIANHANG_RAY")
    if not executable:
        pytest.skip("QIANHANG_RAY does not name a ray; make ray installs one and runs this")
    head = RayHead(executable)
    head.start()
    yield head
    head.close()


@pytest.fixture(scope="module")
def slurm_cluster():
    if lacks := missing(rest=False):
        message = f"a Slurm cluster needs {', '.join(lacks)}"
        if os.environ.get("QIANHANG_SERVICES") == "required":
            pytest.fail(message)
        pytest.skip(message)
    with slurm_bed(name="contract", chips={"ascend910b": 8}) as bed:
        yield bed


RAY = pytest.param("ray", marks=pytest.mark.ray)
SLURM = pytest.param("slurm", marks=pytest.mark.slurm)


@pytest.fixture(params=["local", "kubernetes", RAY, SLURM])
def bed(request, tmp_path):
    """The pool under test, new for each test except for Ray's head."""
    if request.param == "ray":
        yield ray_bed(request.getfixturevalue("ray_head"), tmp_path)
    elif request.param == "slurm":
        yield cluster_bed(request.getfixturevalue("slurm_cluster"), tmp_path)
    else:
        yield from {"local": local_bed, "kubernetes": kubernetes_bed}[request.param](tmp_path)


def ray_bed(head, folder):
    """Tokens carry the test's folder, since the head outlives the test."""
    settings = {
        "name": "ray",
        "address": head.address,
        "run_dir": str(head.run_dir),
        "token_file": str(head.token_file),
        "python": sys.executable,
        "chips": {"ascend-910b": "ascend910b"},
    }
    again = lambda: driver_of("ray", settings, folder=folder)  # noqa: E731
    return Bed(again(), again, folder, "ascend-910b", patience_s=90.0)


def cluster_bed(cluster, folder):
    settings = {
        "name": "slurm",
        "conf": str(cluster.conf),
        "folder": str(cluster.shared),
        "gres": {"ascend-910b": "gpu:ascend910b"},
        "python": sys.executable,
        "fresh_s": 0.05,
        "lag_s": 0.5,
    }
    again = lambda: driver_of("slurm", settings, folder=folder)  # noqa: E731
    return Bed(again(), again, folder, "ascend-910b")


@pytest.fixture
def token(request, tmp_path):
    return f"{request.node.originalname[:40].replace('_', '-')}.{tmp_path.name[-12:]}"


def test_a_task_that_ends_well_leaves_its_log_and_what_it_used(bed, token):
    outcome, log = bed.run(
        token, "print('out'); print('错'); sum(range(10**6)); print('end', end='')"
    )
    assert (outcome.reason, outcome.code, outcome.ok) == ("finished", 0, True)
    assert log == "out\n错\nend"
    assert outcome.usage.wall_s > 0
    assert 5 < outcome.usage.peak_mb < 200
    ref = bed.again().find(token)
    assert ref is not None
    assert bed.again().usage(ref) == outcome.usage
    assert bed.pool.log(ref, start=4) == "错\nend".encode()


def test_a_failure_keeps_its_exit_code_and_a_crash_its_signal(bed, token):
    failed, log = bed.run(token, "print('so far'); raise SystemExit(3)")
    assert (failed.reason, failed.code, failed.signal) == ("failed", 3, None)
    assert log == "so far\n"
    killed, _ = bed.run(f"{token}-2", "import os; os.kill(os.getpid(), 11)")
    assert (killed.reason, killed.code, killed.signal) == ("failed", None, 11)


def test_the_same_token_has_one_reference_and_runs_once(bed, token):
    mark = bed.folder / "ran"
    code = f"open({str(mark)!r}, 'a').write('x')"
    first = bed.pool.submit(bed.task(token, code))
    assert bed.again().submit(bed.task(token, code)) == first
    assert follow(bed.pool, first).ok
    assert bed.pool.submit(bed.task(token, code)) == first
    assert follow(bed.again(), first).ok
    assert mark.read_text() == "x"


def test_a_task_is_found_by_its_token_in_every_process_and_another_is_absent(bed, token):
    assert bed.pool.find(token) is None
    ref = bed.pool.submit(bed.task(token, "pass"))
    assert bed.again().find(token) == ref
    assert bed.again().find(f"{token}-x") is None
    assert bed.pool.poll("qh-nobody-knows-it").knowledge == "absent"
    bed.pool.cancel("qh-nobody-knows-it")
    assert bed.pool.log("qh-nobody-knows-it") == b""
    assert follow(bed.pool, ref).ok


def test_a_cancelled_task_ends_with_all_it_started_and_stays_cancelled(bed, token):
    mark = bed.folder / "child"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True)\n"
        f"open({str(mark)!r} + '.part', 'w').write(str(child.pid))\n"
        f"import os; os.rename({str(mark)!r} + '.part', {str(mark)!r})\n"
        "print('begun', flush=True)\n"
        "time.sleep(600)\n"
    )
    ref = bed.pool.submit(bed.task(token, code))
    bed.wait_for(mark.exists)
    bed.wait_for(lambda: bed.pool.log(ref) == b"begun\n")
    bed.wait_for(lambda: bed.pool.poll(ref).phase == "running")
    bed.again().cancel(ref)
    assert follow(bed.pool, ref).reason == "cancelled"
    bed.wait_for(lambda: not alive(int(mark.read_text())))
    bed.pool.cancel(ref)
    assert bed.pool.submit(bed.task(token, code)) == ref
    assert bed.again().poll(ref).outcome.reason == "cancelled"
    assert bed.pool.log(ref) == b"begun\n"


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_cancel_after_the_end_changes_nothing(bed, token):
    outcome, _ = bed.run(token, "pass")
    ref = bed.pool.find(token)
    bed.pool.cancel(ref)
    assert bed.pool.poll(ref).outcome == outcome


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        (
            "x = bytearray(300 << 20); import time; time.sleep(60)",
            {"memory_mb": 100},
            "memory_limit",
        ),
        ("import time; time.sleep(600)", {"wall_s": 0.5}, "wall_limit"),
        ("while True: pass", {"cpu_s": 0.2}, "cpu_limit"),
        (
            "import os, time\nfor _ in range(9): os.fork() or time.sleep(60)\ntime.sleep(60)",
            {"processes": 5},
            "process_limit",
        ),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="counts whole trees through /proc")
def test_limits_hold(bed, token, code, limits, reason):
    outcome, _ = bed.run(f"{token}-{reason}", code, **limits)
    assert outcome.reason == reason
    assert outcome.usage.wall_s < 30


def test_output_without_end_is_cut_and_a_look_alike_of_the_end_fools_nobody(bed, token):
    said = '{"reason": "finished", "code": 0, "usage": {"wall_s": 0.0}}'
    code = (
        f"import sys; print('a' * (3 << 20)); sys.stdout.write('\\n\\x1eqianhang ended ' + {said!r});"
        " sys.exit(9)"
    )
    outcome, log = bed.run(token, code, log_mb=1)
    assert (outcome.reason, outcome.code) == ("failed", 9)
    assert outcome.usage.peak_mb > 1
    assert 1 << 20 <= len(log) < (1 << 20) + 100


def test_the_environment_is_the_tasks_and_threads_are_held(bed, token):
    code = "import os; print(os.environ['WORD'], os.environ['OMP_NUM_THREADS'])"
    code += "; print(any(name.startswith('QH_') for name in os.environ), os.getcwd())"
    outcome, log = bed.run(token, code, env={"WORD": "$(HOME) '字' `x`"}, threads=2)
    assert outcome.ok
    assert log == f"$(HOME) '字' `x` 2\nFalse {bed.folder}\n"


def test_a_command_that_is_not_there_fails_with_its_name_in_the_log(bed, token):
    ref = bed.pool.submit(Task(token, ("/no/such/command",), bed.folder))
    assert follow(bed.pool, ref).reason == "failed"
    assert b"/no/such/command" in bed.pool.log(ref)


def test_a_probe_tells_what_there_is(bed):
    found = bed.pool.probe()
    assert found.up
    assert 0 < found.threads_free <= found.threads
    assert found.memory_mb > 0
    if bed.chip:
        assert 7 <= found.chips_free[bed.chip] <= found.chips[bed.chip]
        assert found.chips[bed.chip] >= 8


@pytest.mark.parametrize("bed", ["kubernetes", RAY, SLURM], indirect=True)
def test_a_task_with_chips_runs(bed, token):
    outcome, _ = bed.run(token, "pass", chips={bed.chip: 8})
    assert outcome.ok


@pytest.mark.parametrize("bed", ["kubernetes"], indirect=True)
def test_a_pool_that_cannot_be_asked_makes_a_task_unknown_and_never_failed(bed, token):
    """Of a real Ray the same is asked in test_ray_head."""
    go = bed.folder / "go"
    code = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
    ref = bed.pool.submit(bed.task(token, code))
    bed.wait_for(lambda: bed.pool.poll(ref).phase == "running")
    bed.vanish()
    assert bed.pool.poll(ref).knowledge == "unknown"
    assert not bed.pool.probe().up
    for ask in (
        lambda: bed.pool.find(token),
        lambda: bed.pool.submit(bed.task(token, code)),
        lambda: bed.pool.cancel(ref),
        lambda: bed.pool.log(ref),
    ):
        with pytest.raises(PoolUnavailable):
            ask()
    go.touch()
    bed.back()
    assert follow(bed.pool, ref).ok
