"""Lines between pools: probed by two jobs, judged, and what placing goes by."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from qianhang.compute.door import jobs, plant
from qianhang.compute.green import lines, wire
from qianhang.compute.green.lines import Measured
from qianhang.compute.green.probe import Asked, probe
from qianhang.compute.job import DataRef
from qianhang.compute.network import Link
from qianhang.core.errors import PoolUnavailable, UsageError
from qianhang.testing.door_bed import put


def found(a, b, gbps, ms, at="2026-05-01T00:00:00.000+00:00"):
    return Measured(a, b, at, gbps, ms, "TCP")


def test_pairs_never_probed_count_against_the_share():
    """Three pools, three pairs: one wide and near, one wide and far, one unknown."""
    told = [found("a", "b", 100, 2), found("a", "c", 400, 12)]
    judged = lines.judged(("c", "a", "b"), told)
    assert [(j.a, j.b, j.wide, j.near) for j in judged] == [
        ("a", "b", True, True), ("a", "c", True, False), ("b", "c", False, False),
    ]  # fmt: skip
    assert lines.share(judged) == pytest.approx(1 / 3)
    assert lines.share(lines.judged(("a",), told)) is None
    assert lines.share(lines.judged("abc", told, ms=20)) == pytest.approx(2 / 3)


def test_the_newest_probe_goes_before_what_was_declared(store, tmp_path, now, errands):
    """100 GB over 25 Gbit/s take 32 s; declared were 1 Gbit/s, then 50 measured."""
    network = plant.network(store, plant.pools(store))
    with store.write() as tx:
        plant._set(
            tx,
            {
                "id": "links",
                "by": "t",
                "at": "",
                "value": json.dumps(
                    [
                        {"a": "p2", "b": "p1", "gbps": 1.0, "ms": 5.0},
                        {"a": "p1", "b": "z", "gbps": 2.0},
                    ]
                ),
            },
        )
    for at, gbps in enumerate((50.0, 25.0)):
        one = found("p1", "p2", gbps, 1.0, (now() + timedelta(hours=at)).isoformat())
        lines.keep(store, one, by="t", at=now())
    network = plant.network(store, plant.pools(store))
    assert network.links == (Link("p1", "p2", 25.0, 1.0), Link("p1", "z", 2.0))
    assert network.links[0].transfer_s(100) == pytest.approx(32.001)
    assert [one.gbps for one in lines.history(store, "p2", "p1")] == [50.0, 25.0]
    assert [one.gbps for one in lines.newest(store)] == [25.0]


@pytest.mark.parametrize(
    "told",
    [{"gbps": float("nan"), "ms": 1.0}, {"gbps": 1.0, "ms": float("inf")}, {"gbps": 0, "ms": 1},
     {"gbps": 1.0, "ms": -1.0}, {"gbps": "fast", "ms": 1.0}, {"ms": 1.0}, {"gbps": None, "ms": 1.0}],
)  # fmt: skip
def test_what_a_sender_tells_that_no_line_can_do_is_not_kept(store, errands, monkeypatch, told):
    monkeypatch.setattr(errands, "ask", lambda *_, **__: "j1")
    monkeypatch.setattr(errands, "stop", lambda *_: None)
    monkeypatch.setattr(errands, "until_told", lambda *_, **__: {"port": 1, "host": "h"} | told)
    with pytest.raises(PoolUnavailable, match="QH537 pool p1: no sound answer"):
        probe(errands, Asked("p1", "p2"), by="t")
    assert lines.history(store) == ()


def test_a_running_door_places_by_the_line_as_it_was_probed_last(store, tmp_path, now, errands):
    """10 GB lie at z. Nothing known of a line is 1 Gbit/s: 80 s both ways, and p1 comes first; once
    z - p2 is found to carry 100, p2 saves 79 s of waiting."""
    made = []
    for gbps in (0.0, 100.0):
        if gbps:
            lines.keep(store, found("p2", "z", gbps, 1.0), by="t", at=now())
        made.append(put(store, now, script="true", data=(DataRef("z", 10.0),)))
        while jobs.get(store, made[-1]).open:
            errands.look()
    assert [jobs.get(store, name).why["pool"] for name in made] == ["p1", "p2"]


def test_a_probe_by_jobs_on_two_pools_is_kept(store, errands):
    """Loopback of this machine: more than nothing, and every byte was received."""
    one = probe(errands, Asked("p2", "p1", address="127.0.0.1", seconds=0.2, pings=5), by="t")
    assert (one.a, one.b) == ("p1", "p2")
    assert one.gbps == pytest.approx(one.body["bytes"] * 8 / one.body["seconds"] / 1e9)
    assert one.gbps > 0
    assert 0 < one.body["ms_least"] <= one.ms <= one.body["ms_most"]
    assert lines.newest(store) == (one,)
    states = {j.job.name: (j.state, j.job.pools) for j in jobs.listed(store)}
    assert states["line-send"] == ("finished", ("p2",))
    assert states["line-listen"][1] == ("p1",)
    assert jobs.get(store, jobs.listed(store)[0].job.id).job.org == "root"


def test_a_probe_needs_two_pools_that_are_there(errands):
    with pytest.raises(UsageError, match="two different ends"):
        probe(errands, Asked("p1", "p1"), by="t")
    with pytest.raises(UsageError, match="QH592"):
        probe(errands, Asked("p1", "p9"), by="t")


def test_an_end_that_cannot_be_reached_leaves_no_probe_and_nothing_that_listens(store, errands):
    """No packet ever arrives at 0.0.0.1."""
    with pytest.raises(PoolUnavailable, match=r"QH537 pool p1: nothing was measured"):
        probe(errands, Asked("p1", "p2", address="0.0.0.1", seconds=0.1), by="t")
    assert lines.history(store) == ()
    ear = next(j for j in jobs.listed(store) if j.job.name == "line-listen")
    assert ear.cancel


def test_who_does_not_know_the_secret_gets_nothing():
    """A wrong secret: the sender's connection ends; the listener goes on and serves the right."""
    env = os.environ | {"QH_WIRE": json.dumps({"secret": "a" * 64, "wait_s": 20})}
    ear = subprocess.Popen(
        [sys.executable, wire.__file__, "listen"], env=env, stdout=subprocess.PIPE, text=True
    )
    port = json.loads(ear.stdout.readline().removeprefix(wire.MARK))["port"]
    with pytest.raises((EOFError, ConnectionError)):
        wire.measure("b" * 64, "127.0.0.1", port, 1)
    assert len(wire.measure("a" * 64, "127.0.0.1", port, 2)) == 2
    wire.greet("a" * 64, "127.0.0.1", port, b"Q").close()
    assert ear.wait(20) == 0
    ear.stdout.close()
