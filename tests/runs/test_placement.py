"""Runs placed by the door: on a pool, over the death of its keeper or of the whole pool."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qianhang.compute.door import attempts, jobs, plant, quotes
from qianhang.compute.door.engines import Patience
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.errors import ContractError, PoolUnavailable
from qianhang.core.manifest import Words
from qianhang.runs import Request, carry_out, open_store, placement
from qianhang.runs.door import Door
from qianhang.store import Settings
from qianhang.testing.door_bed import network
from qianhang.testing.slurm_bed import missing, slurm_bed


@pytest.fixture
def settings(home):
    return Settings.load()


@pytest.fixture
def joined(settings, tmp_path):
    """Two pools of this machine, each with a folder of its own."""
    with open_store(settings) as store:
        plant.add(store, network(tmp_path, "p1", "p2"), by="test", at=datetime.now(UTC))
    return settings


def test_a_run_whose_keeper_is_killed_ends_with_the_numbers_of_one_on_this_machine(
    joined, registered, tmp_path
):
    """The first go kills the process that keeps it, as a machine that goes down does."""
    mark = tmp_path / "died"
    fit = (
        f"import os, pathlib, signal, time; mark = pathlib.Path({str(mark)!r})\n"
        "    mark.exists() or (mark.touch(), os.kill(os.getppid(), signal.SIGKILL), time.sleep(60))"
    )
    asked = Request(registered("mortal", fit=fit), "sample", seed=3, pool="auto")
    there, found = carry_out(asked, settings=joined)
    assert mark.exists()
    here, _ = carry_out(replace(asked, pool="local", again=True), settings=joined)
    assert not found
    assert there.key == here.key
    assert there.result["scores"] == here.result["scores"]
    assert there.result["tables"] == here.result["tables"]
    placed = there.result["placed"]
    assert (placed["pool"] in {"p1", "p2"}, placed["goes"]) == (True, 2)
    with open_store(joined) as store:
        kept = jobs.get(store, placed["job"])
        told = (kept.state, kept.job.org, kept.job.scenario)
        assert told == ("finished", "root", asked.scenario)
        assert quotes.of(store, kept.job.id) is not None
        reasons = [one.outcome.reason for one in attempts.of(store, kept.job.id)]
        assert reasons == ["lost", "finished"]
    assert not list(tmp_path.glob("p?/jobs/*"))  # nothing is left on the pool


def test_an_error_that_the_job_names_is_raised_as_on_this_machine(joined, pack, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf8")
    asked = Request(str(pack.folder), data=tmp_path / "bad.csv", pool="p2")
    with pytest.raises(ContractError):
        carry_out(asked, settings=joined)


def test_ctrl_c_cancels_the_job(joined, registered):
    """A listener that raises it as soon as the pack is at work."""
    scenario = registered("slow", fit="__import__('time').sleep(60)")

    def stop(event):
        if (event.step, event.state) == ("trial", "start"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(Request(scenario, "sample", pool="auto"), settings=joined, listen=stop)
    with open_store(joined) as store:
        assert [one.state for one in jobs.listed(store)] == ["cancelled"]


@pytest.mark.parametrize("pool", ["auto", "p9"])
def test_without_a_pool_the_run_does_not_begin(settings, registered, pool):
    with pytest.raises(PoolUnavailable, match=r"QH501|joined|exist") as caught:
        carry_out(Request(registered(), "sample", pool=pool), settings=settings)
    assert caught.value.code == "QH501"
    assert "local" in caught.value.hint


def test_a_pool_without_cpu_cores_says_why_it_does_not_take_the_run(settings, registered, tmp_path):
    npus = Pool("npus", "op", (Stock("ascend-910b", 1, 8),))
    engines = {"npus": {"folder": str(tmp_path / "npus")}}
    with open_store(settings) as store:
        both = Network((npus,), (Operator("op", Words("甲", "A")),), engines=engines)
        plant.add(store, both, by="test", at=datetime.now(UTC))
    with pytest.raises(PoolUnavailable, match=r"npus: no_such_chip .found ascend-910b") as caught:
        carry_out(Request(registered(), "sample", pool="auto"), settings=settings)
    assert caught.value.code == "QH815"


def test_a_link_on_a_pool_is_not_followed_home(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    (there / "tables").mkdir(parents=True)
    (there / "tables" / "x.parquet").write_text("x")
    (there / "tables" / "stolen").symlink_to("/etc/passwd")
    (there / "etc").symlink_to("/etc")
    placement._collect(there, here)
    assert sorted(str(one.relative_to(here)) for one in here.rglob("*")) == [
        "tables", "tables/x.parquet",
    ]  # fmt: skip


def test_a_run_survives_the_cluster_that_dies_under_it(settings, registered, tmp_path):
    """A Slurm cluster, the cheaper, is killed with its nodes in the middle; this machine ends it."""
    if lacks := missing():
        pytest.skip(f"a Slurm cluster needs {', '.join(lacks)}")
    fit = "import os; os.environ['QIANHANG_POOL'] == 'cluster' and __import__('time').sleep(120)"
    scenario = registered("afar", fit=fit)
    with slurm_bed(name="run") as bed:
        pools = (
            Pool("cluster", "op", (Stock("cpu-core", 2, 8, 10),), driver="slurm"),
            Pool("here", "op", (Stock("cpu-core", 1, 4, 9000),)),
        )
        engines = {
            "cluster": {
                "conf": str(bed.conf), "folder": str(bed.shared), "python": sys.executable,
            },
            "here": {"folder": str(tmp_path / "here"), "threads": 4},
        }  # fmt: skip
        with open_store(settings) as store:
            both = Network(pools, (Operator("op", Words("甲", "A")),), engines=engines)
            plant.add(store, both, by="test", at=datetime.now(UTC))
        door = Door(settings, every_s=0.1, patience=Patience(probe_s=0.3, lost_s=1.0, lag_s=0.5))
        door.start()
        began = threading.Event()

        def listen(event):
            if (event.step, event.state) == ("trial", "start") and not began.is_set():
                began.set()
                for part in ("slurmctld", *bed.nodes):
                    bed.kill(part)

        try:
            asked = Request(scenario, "sample", pool="auto")
            record, _ = carry_out(asked, settings=settings, listen=listen)
        finally:
            door.stop()
    assert began.is_set()
    assert (record.state, record.result["placed"]["pool"]) == ("finished", "here")
    assert record.result["placed"]["goes"] == 2
