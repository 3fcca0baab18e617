"""Runs and scorings on a real Ray, whose head is killed under them: asked for by `make ray`."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.engines import Patience
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.manifest import Words
from qianhang.runs import Request, carry_out, open_store
from qianhang.runs.door import Door
from qianhang.runs.scoring.score import Ask, score
from qianhang.store import Settings
from qianhang.testing.ray_head import RayHead

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def head():
    executable = os.environ.get("QIANHANG_RAY")
    if not executable:
        pytest.skip("QIANHANG_RAY does not name a ray; make ray installs one and runs this")
    made = RayHead(executable)
    print(f"head up {made.start():.1f} s")
    yield made
    made.close()


@pytest.fixture
def settings(home, head):
    """A store behind whose door stands one pool, the cluster, and a door that looks often."""
    found = Settings.load()
    pools = (Pool("ray", "op", (Stock("cpu-core", 1, 4, 10),), driver="ray"),)
    engines = {
        "ray": {
            "address": head.address, "run_dir": str(head.run_dir), "python": sys.executable,
            "token_file": str(head.token_file),
        }
    }  # fmt: skip
    with open_store(found) as store:
        joined = Network(pools, (Operator("op", Words("甲", "A")),), engines=engines)
        plant.add(store, joined, by="test", at=datetime.now(UTC))
    door = Door(found, every_s=0.2, patience=Patience(probe_s=1.0, lost_s=600.0, lag_s=1.0))
    door.start()
    yield found
    door.stop()


def goes(settings, job):
    with open_store(settings) as store:
        return [(one.pool, one.outcome.reason) for one in attempts.of(store, job)]


def test_a_run_on_ray_survives_its_head_and_has_the_numbers_of_this_machine(
    settings, registered, head, tmp_path
):
    """The head is killed while the pack fits, and started again; the other way is --pool local."""
    mark = tmp_path / "died"
    fit = (
        f"import os, pathlib, time; mark = pathlib.Path({str(mark)!r})\n"
        "    os.environ.get('QIANHANG_POOL') == 'ray' and not mark.exists()"
        " and (mark.touch(), time.sleep(600))"
    )
    asked = Request(registered("mortal", fit=fit), "sample", seed=3, pool="auto")

    def listen(_):
        if mark.exists() and not restarted:
            restarted.append(head.kill())
            restarted.append(head.start())

    restarted = []
    there, _ = carry_out(asked, settings=settings, listen=listen)
    here, _ = carry_out(replace(asked, pool="local", again=True), settings=settings)
    assert there.key == here.key
    assert there.result["scores"] == here.result["scores"]
    assert there.result["tables"] == here.result["tables"]
    placed = there.result["placed"]
    assert (placed["pool"], placed["goes"]) == ("ray", 2)
    assert goes(settings, placed["job"]) == [("ray", "lost"), ("ray", "finished")]
    assert not list(head.run_dir.glob("jobs/*"))
    print(f"{restarted[0]} processes killed, up again after {restarted[1]:.1f} s")


def test_a_run_on_ray_that_is_stopped_is_gone_from_the_cluster(settings, registered):
    scenario = registered("slow", fit="__import__('time').sleep(600)")

    def stop(event):
        if (event.step, event.state) == ("trial", "start"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(Request(scenario, "sample", pool="auto"), settings=settings, listen=stop)
    with open_store(settings) as store:
        (job,) = jobs.listed(store)
    assert job.state == "cancelled"
    assert goes(settings, job.job.id) == [("ray", "cancelled")]


def test_a_table_is_scored_on_ray_over_the_death_of_its_head(
    settings, registered, faults, head, tmp_path
):
    """Two jobs; the head is killed once three blocks are there. The other way is --pool local."""
    scenario = registered("graded")
    place = tmp_path / "site" / "trialpacks" / "industry" / "graded" / "pack.py"
    with place.open("a", encoding="utf8") as code:
        code.write(_SLOWER)
    model = carry_out(Request(scenario, data=faults), settings=settings)[0].result["model"]
    table = tmp_path / "t.parquet"
    big = pd.concat([pd.read_csv(faults)] * 50, ignore_index=True)
    big.to_parquet(table)
    ask = Ask(
        scenario, table, tmp_path / "there.parquet", "ray", model["version"], rows=400, members=2
    )
    killed = threading.Event()

    def tell(way):
        if way.done >= 3 and not killed.is_set():
            killed.set()
            head.kill()
            head.start()

    began = time.monotonic()
    there = score(ask, settings=settings, tell=tell)
    here = score(replace(ask, pool="local", members=1, out=tmp_path / "here.parquet"),
                 settings=settings)  # fmt: skip
    assert (there.pools, there.sums) == (("ray",), here.sums)
    assert there.sums.answers == len(big)
    assert (tmp_path / "there.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()
    with open_store(settings) as store:
        ended = [goes(settings, one.job.id)[-1] for one in jobs.listed(store)]
    assert ended == [("ray", "finished")] * 2
    print(f"scored in {time.monotonic() - began:.1f} s, {there.cpu_s:.1f} s of CPU in jobs")


_SLOWER = """

_plain = predict


def predict(model, rows, *, spec):
    import os, time
    time.sleep(0.5 if os.environ.get("QIANHANG_POOL") == "ray" else 0.0)
    return _plain(model, rows, spec=spec)
"""
