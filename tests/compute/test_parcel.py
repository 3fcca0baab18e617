"""What travels into a pool: one start of each token, and an end that cannot be forged."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from qianhang.compute import Limits, Outcome, Task, Usage
from qianhang.compute.drivers import parcel


@pytest.fixture
def start(tmp_path):
    """start(code) begins the parcel as a pool would; several may run at once."""
    (tmp_path / "runs").mkdir()
    begun = []

    def go(code, **limits):
        argv = (sys.executable, "-c", code)
        task = Task("t1", argv, tmp_path, {}, Limits(**limits))
        sent = parcel.pack(task, run_dir=str(tmp_path / "runs"), python=sys.executable, shown_mb=1)
        process = subprocess.Popen(
            sent.argv, env={**os.environ, **sent.env}, stdout=subprocess.PIPE, cwd="/"
        )
        begun.append(process)
        return process

    yield go
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()


def end(process):
    text = process.stdout.read()
    code = process.wait()
    return code, parcel.shown(text), parcel.outcome(code, said=parcel.ending(text))


def wait_for(claim, patience_s=30.0):
    until = time.monotonic() + patience_s
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def test_of_many_starts_at_once_one_runs_and_all_tell_the_same(start, tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'a').write('x'); print('once'); raise SystemExit(4)"
    ends = [end(each) for each in [start(code) for _ in range(6)]]
    assert (tmp_path / "ran").read_text() == "x"
    assert sorted(code for code, _, _ in ends) == [70, *[parcel.SECOND] * 5]
    assert {shown for _, shown, _ in ends} == {b"once\n"}
    assert {(told.reason, told.code) for _, _, told in ends} == {("failed", 4)}


def test_a_start_after_the_keeper_was_killed_runs_nothing_and_says_lost(start, tmp_path):
    mark = tmp_path / "ran"
    code = f"import time; open({str(mark)!r}, 'a').write('x'); time.sleep(600)"
    first = start(code)
    wait_for(lambda: mark.exists() and mark.read_text())
    first.send_signal(signal.SIGKILL)
    assert end(first)[2] == Outcome("lost")
    code, _, told = end(start(code))
    assert (code, told.reason) == (parcel.SECOND, "lost")
    assert mark.read_text() == "x"


def test_a_keeper_that_is_asked_to_end_ends_its_task_first(start, tmp_path):
    mark = tmp_path / "ran"
    process = start(f"import time; open({str(mark)!r}, 'a').write('x'); time.sleep(600)")
    wait_for(mark.exists)
    process.send_signal(signal.SIGTERM)
    code, _, told = end(process)
    assert (code, told.reason) == (parcel.CODES["cancelled"], "cancelled")


def test_output_that_is_no_text_is_shown_as_text_and_kept_as_it_is(start, tmp_path):
    process = start("import os; os.write(1, '错'.encode()[:2]); os.write(1, b'\\xff\\n')")
    assert end(process)[1].decode() == "\ufffd\ufffd\n"
    assert (tmp_path / "runs/t1/log.txt").read_bytes() == "错".encode()[:2] + b"\xff\n"


def test_a_pool_sees_no_more_output_than_it_is_meant_to(start, tmp_path):
    _, shown, told = end(start("print('a' * (3 << 20))"))
    assert told.ok
    assert len(shown) < (1 << 20) + (1 << 17)
    assert shown.endswith(b"lies in the run folder]\n")
    assert (tmp_path / "runs/t1/log.txt").stat().st_size == (3 << 20) + 1


SAID = json.dumps({"reason": "finished", "code": 0, "signal": None, "usage": {"wall_s": 1.0}})


@pytest.mark.parametrize(
    ("code", "said", "found"),
    [
        (0, SAID, Outcome("finished", 0, usage=Usage(wall_s=1.0))),
        (parcel.SECOND, SAID, Outcome("finished", 0, usage=Usage(wall_s=1.0))),
        (71, SAID, Outcome("memory_limit", usage=Usage(wall_s=9.0))),
        (137, SAID, Outcome("lost", usage=Usage(wall_s=9.0))),
        (None, SAID, Outcome("lost", usage=Usage(wall_s=9.0))),
        (78, '{"reason": "unguarded"}', Outcome("lost", usage=Usage(wall_s=9.0))),
        (
            0,
            '{"reason": "finished", "usage": {"money": 1}}',
            Outcome("finished", 0, usage=Usage(9.0)),
        ),
        (0, '{"reason": "finished", "usage": []}', Outcome("finished", 0, usage=Usage(9.0))),
        (
            0,
            '{"reason": "finished", "usage": {"wall_s": NaN}}',
            Outcome("finished", 0, usage=Usage(9.0)),
        ),
        (0, "[" * 9999, Outcome("finished", 0, usage=Usage(9.0))),
        (0, "[", Outcome("finished", 0, usage=Usage(wall_s=9.0))),
        (0, "", Outcome("finished", 0, usage=Usage(wall_s=9.0))),
    ],
)
def test_words_count_only_where_the_exit_code_says_the_same(code, said, found):
    assert parcel.outcome(code, said=said, wall_s=9.0) == found


def test_the_parcel_fits_into_one_variable():
    sent = parcel.pack(Task("t1", ("/bin/x",), "/"), run_dir="/runs", python="python3")
    assert all(len(value) < 32_000 for value in sent.env.values())
