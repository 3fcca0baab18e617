"""Task files: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from qianhang.compute.door.taskfile import read, read_text
from qianhang.compute.job import DataRef
from qianhang.core.errors import UsageError

WHOLE = """
name: train
project: vision
num_nodes: 2
resources:
  accelerators: {Ascend910B: 8, DCU K100: 8}
  cpus: 16+
  memory: 64+
  pools: zhengzhou
estimate: 2h
limit: 1d
deadline: 2026-05-01T08:00+08:00
price_cap: 12.5
data:
  - {zone: henan, gb: 30, stay: true}
envs: {LR: 0.1}
setup: pip --version
run: |
  python train.py
"""


def one(text):
    (found,) = read_text(text, name="t.yaml", org="city", account="a")
    return found


def test_a_file_as_skypilots_users_write_it_is_one_job():
    found = one(WHOLE)
    job, work = found.job, found.work
    assert (job.org, job.name, job.project, job.pools) == (
        "city",
        "train",
        "vision",
        ("zhengzhou",),
    )
    assert (job.want.chips, job.want.replicas) == (8, 2)
    assert job.want.flavours == ("ascend-910b", "hygon-k100")
    assert (job.estimate_s, work.wall_s) == (7200, 86400)
    assert job.deadline == 1777593600  # 2026-05-01T00:00Z
    assert job.price_cap_fen == 1250
    assert job.data == (DataRef("henan", 30.0, stay=True),)
    assert (work.threads, work.memory_mb, work.env) == (16, 65536, {"LR": "0.1"})
    assert work.script == "set -e\npip --version\npython train.py\n"
    assert found.account == "a"


@pytest.mark.parametrize(
    ("given", "chips", "flavours"),
    [
        ("accelerators: V100:4", 4, ("nvidia-v100",)),
        ("accelerators: V100", 1, ("nvidia-v100",)),
        ("accelerators: [A100:2, V100:2]", 2, ("nvidia-a100", "nvidia-v100")),
        ("any_of: [{accelerators: A100:2}, {accelerators: V100:2}]", 2,
         ("nvidia-a100", "nvidia-v100")),
        ("accelerators: {V100: 0.5}", 0.5, ("nvidia-v100",)),
        ("cpus: 6", 6, ("cpu-core",)),
    ],
)  # fmt: skip
def test_chips_are_asked_for_in_every_way_that_is_known(given, chips, flavours):
    want = one(f"resources: {{{given}}}\nrun: a").job.want
    assert (want.chips, want.flavours) == (chips, flavours)


def test_an_array_is_so_many_jobs_that_know_their_number():
    found = read_text("name: sweep\narray: 3\nrun: a", name="t.yaml", org="city")
    assert [f.job.name for f in found] == ["sweep[0]", "sweep[1]", "sweep[2]"]
    assert [f.work.env["QIANHANG_ARRAY"] for f in found] == ["0", "1", "2"]
    assert len({f.job.id for f in found}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run: [1", r"t\.yaml, row 1: "),
        ("[]", r"t\.yaml: found \[\], expected fields: name"),
        ("resorces: 1\nrun: a", "found 'resorces', expected resources perhaps"),
        ("resources: {gpus: 1}\nrun: a", "resources: found 'gpus', expected"),
        ("resources: {accelerators: Ascend910X:8}\nrun: a",
         "resources.accelerators: no chip is known as 'Ascend910X'.*did you mean"),
        ("resources: {accelerators: V100:x}\nrun: a", "resources.accelerators: found 'V100:x'"),
        ("resources: {accelerators: [A100:2, V100:4]}\nrun: a", "the same number of chips"),
        ("resources: {accelerators: V100:1.5}\nrun: a", r"found 1\.5, expected whole chips"),
        ("resources: {accelerators: V100, any_of: []}\nrun: a", "either accelerators or any_of"),
        ("resources: {cpus: -1}\nrun: a", "resources.cpus: found -1, expected a number"),
        ("name: a", "run: found '', expected the commands"),
        ("run: a\nestimate: soon", "estimate: found 'soon', expected a length of time"),
        ("run: a\nestimate: true", "estimate: found True"),
        ("run: a\ndeadline: 2026-05-01T08:00", "deadline: .*with its zone"),
        ("run: a\narray: 0", "array: found 0, expected a whole number from 1 to 10,000"),
        ("run: a\ntier: high", "tier: found 'high'"),
        ("run: a\npreemptible: perhaps", "preemptible: found 'perhaps', expected true or false"),
        ("run: a\nenvs: {QIANHANG_JOB: x}", "envs: found 'QIANHANG_JOB'"),
        ("run: a\nenvs: {A: [1]}", r"envs.A: found \[1\]"),
        ("run: a\ndata: [{gb: 3}]", r"data\[0\].zone: found ''"),
        ("run: a\ngrade: 9", "grade: found 9, expected a whole number from 1 to 5"),
        ("run: a\nname: 'a/../b'", "name: found 'a/../b'"),
        ("run: !!python/object/apply:os.system [id]", "row 1: "),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_by_name_and_field(text, said):
    with pytest.raises(UsageError, match=f"QH597 .*{said}"):
        read_text(text, name="t.yaml", org="city")


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"QH597 .*absent\.yaml: No such file"):
        read(tmp_path / "absent.yaml", org="city")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        read(tmp_path / "b.yaml", org="city")
