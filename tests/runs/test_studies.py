"""What-if studies: kept, carried out in figures that a second way confirms, bounded, one's own."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from qianhang.compute.network import load
from qianhang.compute.policy.params import Params
from qianhang.compute.simulate import Slice, cut, replay, summary
from qianhang.core.errors import UsageError
from qianhang.runs import open_store, process
from qianhang.runs.dispatch import environment
from qianhang.runs.studies import carrier, desk
from qianhang.store import Settings

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
POOLS = """
[[pools]]
id = "a"
operator = "x"
power_fen_kwh = 50
stock = [{ flavour = "nvidia-v100", nodes = 1, chips_per_node = 4, price_fen = 1000 }]
pue = { value = 1.5, source = "s", kind = "assumed" }
[[pools]]
id = "b"
operator = "x"
stock = [{ flavour = "nvidia-v100", nodes = 1, chips_per_node = 4, price_fen = 1000 }]
pue = { value = 1.1, source = "s", kind = "assumed" }
"""
# Six jobs of four chips for an hour, all at once: two pools take two at a time.
LOG = "job,submit_s,run_s,procs,req_time_s,user,group\n" + "".join(
    f"{n},0,3600,4,3600,1,1\n" for n in range(1, 7)
)


@pytest.fixture
def store(home):
    with open_store(Settings.load()) as opened:
        yield opened


def spec(store, **changes):
    files = {"trace": ("trace.csv", LOG), "pools": ("pools.toml", POOLS)}
    told = {
        name: {"sha": store.files.put(text.encode()), "name": file, "shown": file}
        for name, (file, text) in files.items()
    }
    more = {"first": 100, "movable": None, "seed": 0, "orgs": ["root"], "changes": []}
    return told | more | changes


def put(store, **changes):
    asked = {"title": "t", "org": "root", "by": "t", "now": NOW}
    return desk.put(store, spec(store, **changes), **asked)


def test_the_figures_of_each_case_are_worked_out_by_hand(store):
    """Two at a time: waits 0 0 1 1 2 2 h; three pools: 0 0 0 1 1 1; one: 0 1 2 3 4 5."""
    more = {
        "kind": "more", "flavour": "nvidia-v100", "nodes": 1, "chips_per_node": 4, "pue": 1.2,
        "price_fen": 0, "power_fen_kwh": 0,
    }  # fmt: skip
    changes = [more, {"kind": "down", "pool": "a"}]
    found = carrier.carried(store, put(store, changes=changes))
    waits = [one["figures"]["mean_wait_s"] / 3600 for one in found["cases"]]
    assert waits == [1.0, 0.5, 2.5]
    assert [one["waits"][-1] / 3600 for one in found["cases"]] == [2.0, 1.0, 5.0]
    # 24 card-hours at 10 yuan, whatever the pool.
    assert [one["cost"]["chips_cny"] for one in found["cases"]] == pytest.approx([240.0] * 3)
    assert found["cases"][2]["cost"]["power_cny"] == 0  # pool b pays nothing for power
    assert found["cases"][2]["figures"]["pue"] == pytest.approx(1.1)


def test_the_case_of_today_is_what_simulate_says(store, tmp_path):
    (tmp_path / "p.toml").write_text(POOLS)
    (tmp_path / "t.csv").write_text(LOG)
    network = load(tmp_path / "p.toml")
    traced = cut(tmp_path / "t.csv", network, asked=Slice(first=4))
    told = summary(replay(traced, network, params=Params()), network)
    made = carrier.carried(store, put(store, first=4, changes=[{"kind": "down", "pool": "b"}]))
    assert made["jobs"] == 4
    assert made["cases"][0]["figures"]["mean_wait_s"] == told.mean_wait_s


def test_a_study_is_carried_out_by_a_process_of_its_own(store):
    study = put(store, changes=[{"kind": "down", "pool": "a"}])
    assert study.state_at(NOW) == "running"
    settings = Settings.load()
    command = [sys.executable, "-m", "qianhang.runs.studies.carrier", study.id]
    subprocess.run(command, env=environment(settings), check=True, timeout=120)
    found = desk.find(store, study.id, orgs={"root"})
    assert found.state == "finished"
    assert len(found.result["cases"]) == 2
    with pytest.raises(UsageError, match="QH566"):
        desk.find(store, study.id, orgs={"other"})
    assert desk.listed(store, {"other"}) == []
    assert [s.id for s in desk.listed(store, {"root"})] == [study.id]


def test_what_cannot_be_is_told_and_not_lost(store):
    study = put(store, changes=[{"kind": "down", "pool": "z"}])
    with pytest.raises(UsageError, match="QH535"):
        carrier.carried(store, study)
    without = put(store, pools=None)
    with pytest.raises(UsageError, match="no pool has joined"):
        carrier.carried(store, without)
    assert carrier._tried(store, without)[1]["code"] == "QH564"


def test_only_so_many_at_a_time_and_a_dead_process_counts_no_more(store):
    kept = [put(store) for _ in range(desk.MOST_OPEN)]
    with pytest.raises(UsageError, match="QH565"):
        put(store)
    later = NOW + timedelta(minutes=5)
    assert kept[0].state_at(later) == "interrupted"  # nobody ever took it
    asked = {"title": "t", "org": "root", "by": "t", "now": later}
    assert desk.put(store, spec(store), **asked).state == "running"
    assert process.alive(process.named(os.getpid()))
