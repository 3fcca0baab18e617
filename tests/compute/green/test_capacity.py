"""Chips put to the test by a job, and what of the stock that confirms."""

from __future__ import annotations

import dataclasses
import sys
from datetime import UTC, datetime, timedelta

import pytest

from qianhang.compute.door import plant
from qianhang.compute.green import bench, capacity
from qianhang.compute.green.capacity import Benched, Terms
from qianhang.compute.network import Pool, Stock
from qianhang.core.errors import PoolUnavailable, UsageError

NOW = datetime(2026, 5, 1, tzinfo=UTC)
QUICK = Terms(size=64, seconds=0.05, python=sys.executable)


def test_a_job_measures_the_cores_of_a_pool_and_its_figure_is_kept(store, errands):
    """2 n^3 operations a product, over both cores; the name-plate of a core is 0.08 TFlops."""
    (one,) = capacity.measure(errands, "p1", QUICK, by="t")
    told = one.body
    assert told["tflops"] == pytest.approx(2 * 64**3 * told["products"] / told["seconds"] / 1e12)
    assert one.tflops == pytest.approx(told["tflops"] / 2)
    assert (one.pool, one.flavour, one.chips, one.precision) == ("p1", "cpu-core", 2, "fp32")
    assert told["threads"] == 2
    assert told["error"] < 1e-3
    assert one.share == pytest.approx(one.tflops / 0.08)
    assert capacity.benched(store) == (one,)
    assert len(store.entries(kind="compute.bench", subject="p1")) == 1


def test_another_precision_is_not_compared_with_the_name_plate(errands):
    terms = dataclasses.replace(QUICK, precision="fp64")
    (one,) = capacity.measure(errands, "p1", terms, by="t")
    assert one.share is None
    with pytest.raises(UsageError, match=r"QH538.*fp16, measured in fp32 or fp64"):
        capacity.measure(errands, "p1", dataclasses.replace(QUICK, precision="fp16"), by="t")


SPOILT = (
    ({"error": 0.5}, "products are off by 0.5 in fp32"),
    ({"error": float("nan")}, "products are off by nan"),
    ({"tflops": float("nan")}, "nan TFlops"),
    ({"tflops": -1.0}, "-1.0 TFlops"),
    ({"tflops": None}, "no figure"),
    ({"seconds": 900.0}, "its keeper counted"),
    ({"precision": "fp4"}, "in fp4"),
)


def test_a_figure_that_cannot_be_is_not_believed(errands):
    """What one job told, spoilt on its way."""
    (one,) = capacity.measure(errands, "p1", QUICK, by="t")
    pool = plant.held(errands.store, "p1").pool
    for told, why in SPOILT:
        given = {"job": one.job, "told": one.body | told}
        with pytest.raises(PoolUnavailable, match="QH537") as caught:
            capacity._sound(errands, pool, pool.stock[0], **given)
        assert why in str(caught.value)
    one_h20 = Stock("nvidia-h20", 1, 1)
    given = {"job": one.job, "told": one.body | {"tflops": 5000.0}}
    with pytest.raises(PoolUnavailable, match="5000 TFlops a chip, its name-plate says"):
        capacity._sound(errands, pool, one_h20, **given)


def test_a_node_without_the_library_says_so(errands, monkeypatch):
    monkeypatch.setattr(capacity, "_MODULES", {"cpu": ("no_such_module_here",)})
    with pytest.raises(PoolUnavailable, match="no Python here that has one of: no_such_module"):
        capacity.measure(errands, "p1", QUICK, by="t")


def result(node, tflops, *, days=0, flavour="ascend-910b", precision="fp16", chips=8):
    at = (NOW - timedelta(days=days)).isoformat(timespec="milliseconds")
    return Benched(f"j-{node}-{days}", "p", flavour, node, chips, precision, tflops, 300.0, at)


def test_only_measured_nodes_are_confirmed_each_by_its_newest_job():
    """Nodes a (300, then 250 TFlops) and b (200) of four: 8 x 250 + 8 x 200 = 3.6 PFlops."""
    pool = Pool("p", "op", (Stock("ascend-910b", 4, 8),))
    found = [
        result("a", 300, days=3), result("a", 250, days=2), result("b", 200, days=1),
        result("c", 280, days=201), result("d", 100, precision="fp32"),
    ]  # fmt: skip
    (one,) = capacity.holdings((pool,), found, now=NOW)
    assert (one.chips, one.confirmed) == (32, 16)
    assert one.confirmed_pflops == pytest.approx(3.6)
    assert one.pflops == pytest.approx(32 * capacity.find("ascend-910b").fp16_tflops.value / 1000)
    assert one.jobs == ("j-a-2", "j-b-1")
    (fewer,) = capacity.holdings((Pool("p", "op", (Stock("ascend-910b", 1, 8),)),), found, now=NOW)
    assert (fewer.confirmed, fewer.confirmed_pflops) == (8, pytest.approx(1.8))


def test_the_program_knows_a_wrong_product():
    """The largest error over the root of the size is that of single precision."""
    told = bench.on_cpu(precision="fp32", size=32, seconds=0.0, seed=1)
    assert told["products"] == 1
    assert told["error"] < 1e-5
    assert bench.on_cpu(precision="fp64", size=32, seconds=0.0, seed=1)["error"] < 1e-13
