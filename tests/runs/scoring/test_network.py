"""Tables scored by jobs under a memory limit: as nobody's own user here, and on a real Slurm."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.errors import JobFailed
from qianhang.core.manifest import Words
from qianhang.runs import open_store
from qianhang.runs.scoring.score import Ask, score
from qianhang.testing.door_bed import network
from qianhang.testing.slurm_bed import missing, slurm_bed


def joined(settings, found):
    with open_store(settings) as store:
        plant.add(store, found, by="test", at=datetime.now(UTC))


@pytest.fixture
def wide(tmp_path):
    """3,000,000 rows in a single row group, 48 MB; no bench of ours: that is scoring_large.py."""
    rng, rows = np.random.default_rng(3), 3_000_000
    made = {"load": rng.uniform(20, 110, rows), "temperature": rng.uniform(0, 120, rows)}
    path = tmp_path / "wide.parquet"
    parquet.write_table(pa.table(made), path, row_group_size=rows, use_dictionary=False)
    return path


@pytest.mark.slow
def test_jobs_keep_to_their_memory_and_run_as_the_service_where_it_is_root(
    store_of, pack, wide, tmp_path, monkeypatch
):
    """Two jobs of 512 MiB; with 100 MiB they are stopped, which is told by its name."""
    monkeypatch.delenv("QIANHANG_POOL_USER")  # as where nothing is set: what is submitted is not us
    joined(store_of, network(tmp_path, "p1", "p2"))
    ask = Ask(str(pack.folder), wide, tmp_path / "out.parquet", "auto", 1, members=2)
    with pytest.raises(JobFailed) as caught:
        score(replace(ask, memory_mb=100), settings=store_of)
    assert caught.value.code == "QH511"
    done = score(replace(ask, memory_mb=512), settings=store_of)
    assert (done.sums.answers, done.sums.rejects) == (3_000_000, 0)
    assert 100 < done.peak_mb <= 512
    rows = parquet.read_table(ask.out, columns=["row"]).column("row").to_numpy()
    assert np.array_equal(rows, np.arange(1, 3_000_001))


@pytest.mark.slurm
def test_a_table_is_scored_by_jobs_of_a_real_slurm(store_of, pack, table, tmp_path):
    """Two jobs on two nodes; the other way is this machine."""
    if lacks := missing():
        told = f"a Slurm cluster needs {', '.join(lacks)}"
        if os.environ.get("QIANHANG_SERVICES") == "required":
            pytest.fail(told)
        pytest.skip(told)
    with slurm_bed(name="score") as bed:
        pool = Pool("slurm", "op", (Stock("cpu-core", 2, 8, 10),), driver="slurm")
        engine = {
            "folder": str(bed.shared), "conf": str(bed.conf), "python": sys.executable,
            "beat_s": 0.5,
        }  # fmt: skip
        joined(store_of, Network((pool,), (Operator("op", Words("甲", "A")),),
                                 engines={"slurm": engine}))  # fmt: skip
        ask = Ask(str(pack.folder), table, tmp_path / "there.parquet", "slurm", 1, rows=128,
                  members=2, memory_mb=1024)  # fmt: skip
        there = score(ask, settings=store_of)
        here = score(replace(ask, pool="local", members=1, out=tmp_path / "here.parquet"),
                     settings=store_of)  # fmt: skip
        with open_store(store_of) as store:
            ended = [attempts.of(store, one.job.id)[-1] for one in jobs.listed(store)]
        assert [(one.pool, one.outcome.reason) for one in ended] == [("slurm", "finished")] * 2
        assert (there.pools, there.sums) == (("slurm",), here.sums)
        assert 0 < there.peak_mb <= 1024
        assert not list(bed.shared.glob("jobs/*"))
    assert (tmp_path / "there.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()
    answers = pd.read_parquet(tmp_path / "there.parquet")
    assert len(answers) == 997
