"""A real Ray whose head is killed: nothing is lost without a word, nothing runs twice.

Asked for by `make ray`; prints what it measured.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace

import pytest

from qianhang.compute import Limits, Task, follow
from qianhang.compute.drivers.ray import RayDriver, RaySettings
from qianhang.core.errors import PoolUnavailable
from qianhang.testing.ray_head import RayHead

pytestmark = pytest.mark.ray


@pytest.fixture
def head(request):
    executable = os.environ.get("QIANHANG_RAY")
    if not executable:
        pytest.skip("QIANHANG_RAY does not name a ray; make ray installs one and runs this")
    made = RayHead(executable, getattr(request, "param", None))
    yield made
    made.close()


def wait_for(claim, patience_s=120.0):
    until = time.monotonic() + patience_s
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.1)


def marked(folder, name, rest=""):
    return f"open({str(folder / name)!r}, 'a').write('x')\n{rest}"


def test_a_head_that_is_killed_and_started_again_runs_no_token_twice(head, tmp_path, capsys):
    up_s = head.start()
    settings = RaySettings(
        "ray",
        head.address,
        str(head.run_dir),
        token_file=str(head.token_file),
        python=sys.executable,
        chips={"ascend-910b": "ascend910b"},
    )
    pool = RayDriver(settings)
    wait_for(lambda: pool.probe().up)

    def task(token, code):
        argv = (sys.executable, "-c", code)
        return Task(token, argv, tmp_path, {}, Limits(threads=1), {"ascend-910b": 2})

    done = task("done", marked(tmp_path, "done", "print('first words')"))
    go = tmp_path / "go"
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\n"
    long = task("long", marked(tmp_path, "long", f"print('begun')\n{waits}print('over')"))
    began = time.monotonic()
    pool.submit(done)
    submit_s = time.monotonic() - began
    finished = follow(pool, "done")
    job_s = time.monotonic() - began
    assert finished.ok
    pool.submit(long)
    wait_for(lambda: pool.log("long") == b"begun\n")
    wait_for(lambda: pool.probe().chips_free == {"ascend-910b": 6.0})

    killed = head.kill()
    assert pool.poll("long").knowledge == "unknown"
    assert not pool.probe().up
    with pytest.raises(PoolUnavailable):
        pool.find("long")
    with pytest.raises(PoolUnavailable):
        pool.submit(long)

    again_s = head.start()
    wait_for(lambda: pool.probe().up)
    # The head kept its jobs in memory only.
    assert {pool.poll("long").knowledge, pool.poll("done").knowledge} == {"absent"}
    assert pool.find("long") is None
    for each in (done, long):
        pool.submit(each)
    ended = follow(pool, "done")
    assert (ended.ok, ended.usage) == (True, finished.usage)
    assert pool.log("done") == b"first words\n"
    # Ray ends what it had started within a second of its head's end, the keeper too: of this one
    # nobody can say how it ended, and the service gives it a new token.
    assert follow(pool, "long").reason == "lost"
    assert pool.log("long") == b"begun\n"
    go.touch()
    pool.submit(replace(long, token="long-2"))
    assert follow(pool, "long-2").ok
    assert pool.log("long-2") == b"begun\nover\n"
    assert [(tmp_path / name).read_text() for name in ("done", "long")] == ["x", "xx"]
    with capsys.disabled():
        print(
            f"\nhead up {up_s:.1f} s, submit {submit_s * 1000:.0f} ms, job {job_s:.1f} s, "
            f"{killed} processes killed, up again {again_s:.1f} s"
        )


@pytest.mark.parametrize("head", [{"RAY_JOB_START_TIMEOUT_SECONDS": "3"}], indirect=True)
def test_a_job_that_waits_longer_than_ray_has_patience_runs_once_there_is_room(head, tmp_path):
    """Ray's own patience is 900 s; here 3, and another job holds all the chips meanwhile."""
    head.start()
    settings = RaySettings(
        "ray", head.address, str(head.run_dir), token_file=str(head.token_file),
        python=sys.executable, chips={"ascend-910b": "ascend910b"},
    )  # fmt: skip
    pool = RayDriver(settings)
    wait_for(lambda: pool.probe().up)
    go = tmp_path / "go"
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\n"

    def task(token, code):
        argv = (sys.executable, "-c", code)
        return Task(token, argv, tmp_path, {}, Limits(threads=1), {"ascend-910b": 8})

    pool.submit(task("holder", f"print('begun')\n{waits}"))
    wait_for(lambda: pool.log("holder") == b"begun\n")
    late = task("late", marked(tmp_path, "late"))
    pool.submit(late)
    assert pool.poll("late").phase == "waiting"
    wait_for(lambda: pool.poll("late").knowledge == "absent")
    go.touch()
    assert follow(pool, "holder").ok

    def ended():  # as the door does: what is absent is handed over again under its token
        if pool.poll("late").knowledge == "absent":
            pool.submit(late)
        return pool.poll("late").outcome

    wait_for(ended)
    assert ended().ok
    assert (tmp_path / "late").read_text() == "x"
