"""The local pool: what a job may do to us (nothing), and what we know of it afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qianhang.compute import Limits, LocalDriver, Task, follow
from qianhang.core.errors import PoolUnavailable

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="counts whole trees through /proc")


@pytest.fixture
def pool(tmp_path):
    return LocalDriver(tmp_path / "jobs", threads=2)


@pytest.fixture
def run(pool, tmp_path):
    """run(code, **limits) -> (outcome, log) of a Python program on the pool."""
    numbers = iter(range(1000))

    def go(code, *, env=None, **limits):
        argv = (sys.executable, "-c", code)
        token = f"job-{next(numbers)}"
        ref = pool.submit(Task(token, argv, tmp_path, env or {}, Limits(**limits)))
        return follow(pool, ref), pool.log(ref).decode("utf-8", "replace")

    return go


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def wait_until(claim, patience_s=20.0):
    until = time.monotonic() + patience_s
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def test_a_job_that_ends_well_leaves_its_log_and_what_it_used(run):
    outcome, log = run("import sys; print('out'); print('错', file=sys.stderr); sum(range(10**7))")
    assert outcome.ok
    assert outcome.code == 0
    assert log == "out\n错\n"
    assert 0.05 < outcome.usage.cpu_s < 10
    assert 5 < outcome.usage.peak_mb < 100
    assert outcome.usage.wall_s > 0.05


def test_an_exit_code_and_a_signal_are_told_apart(run):
    failed, _ = run("raise SystemExit(3)")
    assert (failed.reason, failed.code, failed.signal) == ("failed", 3, None)
    crashed, log = run("import ctypes; ctypes.string_at(0)")
    assert (crashed.reason, crashed.code, crashed.signal) == ("failed", None, signal.SIGSEGV)
    assert "Segmentation fault" in log


def test_a_command_that_is_not_there_fails_with_its_name_in_the_log(pool, tmp_path):
    ref = pool.submit(Task("none", ("/nowhere/command",), tmp_path))
    outcome = follow(pool, ref)
    assert (outcome.reason, outcome.code) == ("failed", 127)
    assert b"/nowhere/command" in pool.log(ref)


@LINUX
def test_a_memory_hog_is_killed_near_its_limit(run):
    outcome, _ = run("b = []\nwhile True: b.append(bytearray(5_000_000))", memory_mb=200)
    assert outcome.reason == "memory_limit"
    assert 200 < outcome.usage.peak_mb < 2000


@LINUX
def test_memory_of_the_whole_tree_counts(run):
    """Four children of 60 MiB each pass 150 MiB together, none of them alone."""
    code = (
        "import subprocess, sys\n"
        "one = [sys.executable, '-c', \"b = b'x' * 60_000_000; import time; time.sleep(60)\"]\n"
        "for p in [subprocess.Popen(one) for _ in range(4)]: p.wait()"
    )
    outcome, _ = run(code, memory_mb=150, wall_s=30)
    assert outcome.reason == "memory_limit"


def test_reserved_address_space_is_not_memory(run):
    """OpenBLAS and others reserve gigabytes that they never touch."""
    outcome, _ = run("import mmap; m = mmap.mmap(-1, 8 << 30); m[0] = 1", memory_mb=100)
    assert outcome.ok


def test_an_endless_loop_is_killed_at_its_cpu_limit(run):
    outcome, _ = run("while True: pass", cpu_s=0.5)
    assert outcome.reason == "cpu_limit"
    assert 0.4 < outcome.usage.cpu_s < 3


@LINUX
def test_cpu_of_the_whole_tree_counts(run):
    code = (
        "import subprocess, sys\n"
        "one = [sys.executable, '-c', 'while True: pass']\n"
        "for p in [subprocess.Popen(one) for _ in range(2)]: p.wait()"
    )
    outcome, _ = run(code, cpu_s=1.0, wall_s=60)
    assert outcome.reason == "cpu_limit"


def test_a_sleeper_is_killed_at_its_time_limit(run):
    outcome, _ = run("import time; time.sleep(60)", wall_s=0.4)
    assert outcome.reason == "wall_limit"
    assert 0.4 <= outcome.usage.wall_s < 5


def test_a_job_that_ignores_the_polite_signal_is_killed_all_the_same(run):
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    outcome, _ = run(code, wall_s=0.4)
    assert (outcome.reason, outcome.signal) == ("wall_limit", signal.SIGKILL)


@LINUX
@pytest.mark.parametrize("and_leave", ["", "; os.getpid() == os.getpgrp() or os.setsid()"])
def test_a_fork_bomb_is_put_out(run, and_leave):
    """Also one of which every process leaves its group."""
    outcome, _ = run(f"import os\nwhile True: os.fork(){and_leave}", processes=20, wall_s=60)
    assert outcome.reason == "process_limit"
    assert outcome.usage.processes > 20


def test_a_gigabyte_of_output_fills_no_disk_and_stops_nobody(run):
    """1,000 MB are printed; 1 MiB is kept, and the job ends as it would have."""
    code = "import sys\nb = 'x' * 999_999 + '\\n'\nfor _ in range(1000): sys.stdout.write(b)"
    outcome, log = run(code, log_mb=1)
    assert outcome.ok
    assert 1 << 20 <= len(log) < (1 << 20) + 100
    assert "log cut here" in log


def test_a_file_larger_than_allowed_cannot_be_written(run, tmp_path):
    outcome, log = run("open('big', 'wb').write(bytes(3 << 20))", file_mb=1)
    assert outcome.reason == "failed"
    assert "File too large" in log
    assert (tmp_path / "big").stat().st_size <= 1 << 20


@LINUX
def test_what_a_job_leaves_running_is_killed_with_it(run):
    """A child in a session of its own, whose parent has gone, still ends."""
    code = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True)\nprint(p.pid)"
    )
    outcome, log = run(code)
    assert outcome.ok
    assert not alive(int(log))


HIDES = """
import ctypes, os, signal, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
for _ in range(10):
    if os.fork():
        continue
    os.setsid()
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in range(64):
        try:
            os.close(number)
        except OSError:
            pass
    os.chdir("/")
    ctypes.CDLL(None).prctl(1, 0)
    ctypes.CDLL(None).prctl(15, b"%s", 0, 0, 0)
    until = time.time() + 60
    while time.time() < until:
        if os.fork():
            os._exit(0)
        time.sleep(0.05)
"""


@LINUX
def test_processes_that_leave_their_session_again_and_again_are_killed_with_the_job(run):
    """Each goes on as its own grandchild, 20 times a second, deaf, under another name."""
    name = f"hide{os.getpid()}"[:15]
    outcome, _ = run(HIDES % name)
    assert outcome.ok
    for _ in range(5):
        assert name not in subprocess.check_output(["ps", "-eo", "comm"], text=True).split()
        time.sleep(0.1)


def test_a_disk_that_is_full_at_the_start_is_no_refusal(pool, tmp_path):
    """What holds how a job ended is reserved first: it never runs without."""
    place = tmp_path / "jobs" / "t1"
    place.mkdir(parents=True)
    (place / "status.json.part").symlink_to("/dev/full")
    mark = tmp_path / "ran"
    task = Task("t1", (sys.executable, "-c", f"open({str(mark)!r}, 'w')"), tmp_path, {}, Limits())
    with pytest.raises(PoolUnavailable, match="QH502") as caught:
        pool.submit(task)
    assert isinstance(caught.value.__cause__, OSError)
    assert not mark.exists()
    (place / "status.json.part").unlink()
    assert follow(pool, pool.submit(task)).ok
    assert mark.exists()


def test_how_a_job_ended_takes_no_room_that_was_not_there_from_the_start(pool, tmp_path):
    task = Task(
        "t2", (sys.executable, "-c", "import time; time.sleep(0.5)"), tmp_path, {}, Limits()
    )
    ref = pool.submit(task)
    reserved = (tmp_path / "jobs" / ref / "status.json.part").stat()
    assert reserved.st_size >= 1024
    assert follow(pool, ref).ok
    kept = (tmp_path / "jobs" / ref / "status.json").stat()
    assert (kept.st_ino, kept.st_size < 1024) == (reserved.st_ino, True)


def test_a_job_sees_its_threads_and_no_secret_of_ours(run, monkeypatch):
    monkeypatch.setenv("QIANHANG_DATABASE_URL", "postgresql://me:hunter2@host/db")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    outcome, log = run("import os; print(dict(os.environ))", threads=2, env={"MINE": "yes"})
    assert outcome.ok
    seen = eval(log)
    assert "hunter2" not in log
    assert seen["OMP_NUM_THREADS"] == "2"
    assert seen["OMP_WAIT_POLICY"] == "PASSIVE"
    assert seen["MINE"] == "yes"


def test_temporary_files_go_with_the_job(run, tmp_path):
    code = "import tempfile; print(tempfile.mkdtemp())"
    outcome, log = run(code)
    assert outcome.ok
    assert Path(log.strip()).is_relative_to(tmp_path)
    assert not Path(log.strip()).exists()


def test_a_cancelled_job_ends_and_says_so(pool, tmp_path):
    ref = pool.submit(Task("c", (sys.executable, "-c", "import time; time.sleep(60)"), tmp_path))
    wait_until(lambda: pool.poll(ref).phase == "running")
    pool.cancel(ref)
    assert follow(pool, ref).reason == "cancelled"
    assert pool.usage(ref).wall_s < 30


def test_the_log_can_be_followed_while_the_job_runs(pool, tmp_path):
    code = "import time\nfor n in range(3): print(n); time.sleep(0.2)\nprint('end', end='')"
    ref = pool.submit(Task("f", (sys.executable, "-c", code), tmp_path))
    seen = []
    assert follow(pool, ref, on_log=seen.append).ok
    assert "".join(seen) == "0\n1\n2\nend"
    assert len(seen) > 1
    assert pool.log(ref, start=4) == b"2\nend"


@LINUX
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_nothing_of_a_job_outlives_the_process_that_asked_for_it(tmp_path, blow):
    """The caller gets kill -9, or Ctrl-C: job and grandchild are gone soon after."""
    grandchild = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    child = (
        "import os, subprocess, sys; print(os.getpid(), flush=True)\n"
        f"subprocess.run([sys.executable, '-c', {grandchild!r}], start_new_session=True)"
    )
    caller = (
        "import pathlib, sys\nfrom qianhang.compute import *\n"
        f"pool = LocalDriver(pathlib.Path({str(tmp_path)!r}))\n"
        f"ref = pool.submit(Task('j', (sys.executable, '-c', {child!r}), pathlib.Path('/tmp')))\n"
        "follow(pool, ref)"
    )
    process = subprocess.Popen([sys.executable, "-c", caller], stderr=subprocess.PIPE)
    pool = LocalDriver(tmp_path)
    wait_until(lambda: pool.log("j").count(b"\n") == 2)
    pids = [int(p) for p in pool.log("j").split()]
    assert all(map(alive, pids))
    process.send_signal(blow)
    _, errors = process.communicate(timeout=30)
    wait_until(lambda: not any(map(alive, pids)))
    wait_until(lambda: pool.poll("j").phase == "ended")
    expected = "parent_died" if blow == signal.SIGKILL else "cancelled"
    assert pool.poll("j").outcome.reason == expected
    assert (b"KeyboardInterrupt" in errors) == (blow == signal.SIGINT)


def test_the_same_token_is_never_run_twice(pool, tmp_path):
    code = "open('ran', 'a').write('once ')"
    job = Task("once", (sys.executable, "-c", code), tmp_path)
    assert pool.submit(job) == pool.submit(job)
    assert follow(pool, "once").ok
    assert pool.submit(job) == "once"
    assert follow(LocalDriver(pool.folder), "once").ok
    assert (tmp_path / "ran").read_text() == "once "


def test_ten_processes_that_submit_one_token_run_it_once(tmp_path):
    job = Task("once", (sys.executable, "-c", "open('ran', 'a').write('once ')"), tmp_path)
    pids = []
    for _ in range(10):
        pid = os.fork()
        if pid == 0:
            try:
                own = LocalDriver(tmp_path / "jobs", attached=False)
                follow(own, own.submit(job))
            finally:
                os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    assert (tmp_path / "ran").read_text() == "once "


def test_known_unknown_and_absent_are_told_apart(pool, tmp_path, monkeypatch):
    assert pool.poll("never").knowledge == "absent"
    assert pool.find("never") is None
    ref = pool.submit(Task("j", (sys.executable, "-c", ""), tmp_path))
    follow(pool, ref)
    assert pool.find("j") == ref
    assert pool.poll(ref).knowledge == "known"

    def out_of_reach(*_args, **_kwargs):
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "exists", out_of_reach)
    status = pool.poll(ref)
    assert (status.knowledge, status.outcome) == ("unknown", None)


def test_a_job_whose_keeper_was_killed_is_lost_not_failed(pool, tmp_path):
    code = "import os, time; print(os.getppid(), os.getpid(), flush=True); time.sleep(60)"
    ref = pool.submit(Task("j", (sys.executable, "-c", code), tmp_path))
    wait_until(lambda: pool.log(ref).endswith(b"\n"))
    keeper, job = map(int, pool.log(ref).split())
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: pool.poll(ref).phase == "ended")
    assert pool.poll(ref).outcome.reason == "lost"
    wait_until(lambda: not alive(job))


def test_threads_are_booked_and_jobs_wait_for_them(tmp_path):
    """Two threads in all: of three jobs with one each, the third starts when one has ended."""
    pool = LocalDriver(tmp_path / "jobs", threads=2)
    code = "import time, pathlib\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)"
    for name in "abc":
        pool.submit(Task(name, (sys.executable, "-c", code), tmp_path))
    wait_until(lambda: [pool.poll(n).phase for n in "abc"].count("running") == 2)
    assert pool.probe().threads_free == 0
    assert [pool.poll(n).phase for n in "abc"].count("waiting") == 1
    (tmp_path / "go").touch()
    assert all(follow(pool, n).ok for n in "abc")
    wait_until(lambda: pool.probe().threads_free == 2)


def test_a_waiting_job_can_be_cancelled_and_is_never_started(tmp_path):
    pool = LocalDriver(tmp_path / "jobs", threads=1)
    pool.submit(Task("a", (sys.executable, "-c", "import time; time.sleep(60)"), tmp_path))
    wait_until(lambda: pool.poll("a").phase == "running")
    pool.submit(Task("b", (sys.executable, "-c", "open('ran', 'w')"), tmp_path))
    pool.cancel("b")
    assert follow(pool, "b").reason == "cancelled"
    pool.cancel("a")
    assert follow(pool, "a").reason == "cancelled"
    assert not (tmp_path / "ran").exists()


def test_more_threads_than_there_are_is_refused(pool, tmp_path):
    with pytest.raises(PoolUnavailable, match="3 threads") as caught:
        pool.submit(Task("j", ("/bin/true",), tmp_path, limits=Limits(threads=3)))
    assert caught.value.code == "QH502"


def test_a_keeper_that_cannot_be_started_leaves_no_file_open(pool, tmp_path, monkeypatch):
    def refused(*_given, **_named):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(3):
        with pytest.raises(PoolUnavailable, match="QH502"):
            pool.submit(Task(f"t{number}", ("true",), tmp_path))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_following_a_job_that_nobody_knows_is_an_error(pool):
    with pytest.raises(PoolUnavailable) as caught:
        follow(pool, "never")
    assert caught.value.code == "QH503"
