"""Outputs of real tasks on this machine and on a real Slurm cluster, from file to file."""

from __future__ import annotations

import os
import sys

import pytest

from qianhang.compute import schema
from qianhang.compute.artefacts import gather, shelf, tables
from qianhang.compute.door import jobs, plant, taskfile
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.manifest import Words
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import network, until_over
from qianhang.testing.slurm_bed import missing, slurm_bed

TASK = """
name: train
estimate: 1m
outputs: [results/*.json, model.bin, key]
run: |
  mkdir results && echo "{\\"job\\": \\"$QIANHANG_JOB\\"}" > results/scores.json
  printf weights > model.bin && ln -s /etc/hostname key
  echo scratch > scratch.txt
"""
FAILS = "name: fails\nestimate: 1m\noutputs: {files: [why.txt], when: always}\n"
FAILS += "run: echo because > why.txt; exit 3\n"


def carried_out(home, found, now):
    """(job, its files by path, what was passed over) of the task, and the same of one that fails."""
    with Store.open(Settings(home=home), parts=(schema.PART, tables.PART)) as store:
        plant.add(store, found, by="t", at=now())
        names = []
        for text in (TASK, FAILS):
            (asked,) = taskfile.read_text(text, name="t", org="city")
            with store.write() as tx:
                names.append(jobs.admit(tx, asked, at=now())[0])
        until_over(Supervisor(store, home), now, looks=20_000, every_s=0.02)
        gather.collect(store, home, now(31.0))
        gather.collect(store, home, now(61.0))
        for name in names:
            files = {
                one.path: b"".join(shelf.content(store, one)) for one in shelf.listed(store, name)
            }
            yield name, files, dict(shelf.harvest(store, name).skipped)


def agree(home, found, now):
    (name, files, skipped), (_, failed, _) = carried_out(home, found, now)
    told = f'{{"job": "{name}"}}\n'.encode()
    assert files == {"model.bin": b"weights", "results/scores.json": told}
    assert skipped == {"key": "link"}
    assert failed == {"why.txt": b"because\n"}


def test_outputs_of_a_task_on_this_machine(tmp_path, now):
    agree(tmp_path / "home", network(tmp_path, "p1"), now)


def test_outputs_of_a_task_on_a_slurm_cluster(tmp_path, now):
    if lacks := missing():
        if os.environ.get("QIANHANG_SERVICES") == "required":
            pytest.fail(f"a Slurm cluster needs {', '.join(lacks)}")
        pytest.skip(f"a Slurm cluster needs {', '.join(lacks)}")
    with slurm_bed(name="files") as bed:
        pool = Pool("slurm", "op", (Stock("cpu-core", 2, 8, 100),), driver="slurm")
        engine = {"folder": str(bed.shared), "conf": str(bed.conf), "python": sys.executable,
                  "fresh_s": 0.05, "lag_s": 0.5, "beat_s": 0.2, "silent_s": 30.0}  # fmt: skip
        found = Network((pool,), (Operator("op", Words("甲", "A")),), engines={"slurm": engine})
        agree(tmp_path / "home", found, now)
