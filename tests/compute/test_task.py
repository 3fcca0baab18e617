"""Jobs, limits and outcomes as values."""

from pathlib import Path

import pytest

from qianhang.compute import Limits, Outcome, Task, Usage, driver
from qianhang.compute.task import thread_env
from qianhang.core.errors import JobFailed, PoolUnavailable


@pytest.mark.parametrize("token", ["", "../x", "a/b", ".hidden", "x" * 81, "a b"])
def test_a_token_is_a_plain_name(token):
    with pytest.raises(ValueError, match="token"):
        Task(token, ("/bin/true",), Path("/tmp"))


@pytest.mark.parametrize("name", ["cpu_s", "memory_mb", "wall_s", "threads", "log_mb"])
def test_a_limit_is_above_zero(name):
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})


def test_each_reason_has_its_own_code_and_the_last_line_of_the_log():
    reasons = ["failed", "memory_limit", "cpu_limit", "wall_limit", "process_limit", "cancelled",
               "parent_died", "lost"]  # fmt: skip
    codes = []
    for reason in reasons:
        with pytest.raises(JobFailed, match="ValueError: no rows") as caught:
            Outcome(reason, 1, None, Usage(1.0, 1.0, 50.0, 1)).raise_for_failure(
                "Traceback\nValueError: no rows\n\n"
            )
        codes.append(caught.value.code)
    assert codes == [f"QH51{n}" for n in range(8)]
    Outcome("finished", 0).raise_for_failure("anything")


def test_threads_are_counted_and_wait_without_spinning():
    env = thread_env(3)
    assert env["OMP_NUM_THREADS"] == env["OPENBLAS_NUM_THREADS"] == "3"
    assert env["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_pool_that_does_not_exist_is_refused_with_the_ones_that_do(tmp_path):
    assert driver("local", folder=tmp_path).name == "local"
    with pytest.raises(PoolUnavailable, match="pools: local") as caught:
        driver("slurm", folder=tmp_path)
    assert caught.value.code == "QH501"
