"""What-if and the log's readers, from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from qianhang.cli.compute_simulate import simulate_command
from qianhang.cli.compute_whatif import whatif_command
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Pool, Stock
from qianhang.compute.policy import Params
from qianhang.compute.simulate import Traced, read
from qianhang.compute.simulate.coverage import coverage
from qianhang.core.errors import UsageError

POOLS = """
[[pools]]
id = "a"
operator = "o"
stock = [{ flavour = "nvidia-v100", nodes = 1, chips_per_node = 2 }]
pue = { value = 1.5, source = "meter" }
"""
LOG = "; a comment\n" + "".join(
    f"{n} {at} -1 {run} {procs} -1 -1 {procs} 100 -1 1 7 3 -1 1 -1 -1 -1\n"
    for n, at, run, procs in ((1, 0, 10, 2), (2, 0, 10, 1), (3, 0, -1, 1))
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "log.swf").write_text(LOG)
    (tmp_path / "pools.toml").write_text(POOLS)
    (tmp_path / "more.toml").write_text(POOLS.replace('"a"', '"b"').replace("1.5", "1.1"))
    return tmp_path


def test_simulate_prints_the_figures_of_an_swf_log(files):
    """On 2 chips job 2 (smaller area) goes first, job 1 waits 10 s; the third has no run time."""
    args = ["--trace", str(files / "log.swf"), "--pools", str(files / "pools.toml"), "--json"]
    figures = json.loads(CliRunner().invoke(simulate_command, args).output)
    assert (figures["jobs"], figures["mean_wait_s"], figures["max_wait_s"]) == (2, 5.0, 10.0)
    assert figures["pue"] == pytest.approx(1.5)


def test_whatif_sets_a_pool_more_beside_what_is(files):
    """With a second pool nobody waits; PUE of 20 chip-s at 1.5 or 1.1 lies between them."""
    out = files / "page.html"
    args = ["--trace", str(files / "log.swf"), "--pools", str(files / "pools.toml"),
            "--add", str(files / "more.toml"), "--out", str(out), "--json"]  # fmt: skip
    found = CliRunner().invoke(whatif_command, args, catch_exceptions=False)
    now, more = json.loads(found.stdout)
    assert (now["mean_wait_s"], more["mean_wait_s"]) == (5.0, 0.0)
    assert 1.1 <= more["pue"] <= 1.5
    assert out.read_text().count("<svg") == 4


def test_a_pool_that_is_not_there_cannot_be_taken_down(files):
    args = ["--trace", str(files / "log.swf"), "--pools", str(files / "pools.toml"), "--down", "z"]
    with pytest.raises(UsageError, match="QH535"):
        CliRunner().invoke(whatif_command, args, catch_exceptions=False)


def test_a_log_of_unknown_columns_is_refused_by_name(tmp_path):
    (tmp_path / "x.csv").write_text("id,when\n1,2\n")
    with pytest.raises(UsageError, match=r"QH533 x\.csv: columns id, when"):
        read(tmp_path / "x.csv")


def test_intervals_of_waits_cover_nine_in_ten_once_learnt():
    """One chip, a job of 1 to 9 s every 5 s: waits vary with the estimates alone."""
    network = Network((Pool("p", "o", (Stock("cpu-core", 1, 1),)),))
    jobs = [Traced(Job(f"j{n:05d}", "o", Want(1), 5.0 * n, 1.0 + n * 7 % 9), 1.0 + n * 7 % 9)
            for n in range(6000)]  # fmt: skip
    found = coverage(jobs, network, params=Params())
    assert found.told > 1000
    assert 0.85 <= found.covered <= 0.97
