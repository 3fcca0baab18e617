"""`qianhang compute pue`, `link`, `capacity`, `inventory`, `utilisation`, `evidence`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from qianhang.cli.compute import compute_command
from qianhang.runs import open_store
from qianhang.store import Settings

POOLS = """
[[operators]]
id = "op"
name = {zh = "甲", en = "A"}
[[pools]]
id = "east"
operator = "op"
[[pools.stock]]
flavour = "cpu-core"
nodes = 1
chips_per_node = 1000
[[pools]]
id = "west"
operator = "op"
power_fen_kwh = 50
grid_g_kwh = 500
[[pools.stock]]
flavour = "cpu-core"
nodes = 1
chips_per_node = 100
[[pools]]
id = "one"
operator = "op"
[[pools.stock]]
flavour = "cpu-core"
nodes = 1
chips_per_node = 1
[[pools]]
id = "two"
operator = "op"
[[pools.stock]]
flavour = "cpu-core"
nodes = 1
chips_per_node = 1
[engines.one]
threads = 1
[engines.two]
threads = 1
"""


def call(*words, code=0):
    result = CliRunner().invoke(compute_command, words, env={"QIANHANG_LANG": "en"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def told(*words):
    return json.loads(call(*words, "--json"))


@pytest.fixture
def joined(home, tmp_path):
    (tmp_path / "pools.toml").write_text(POOLS, encoding="utf8")
    call("pool", "add", str(tmp_path / "pools.toml"))
    return tmp_path


def months(folder, pue, it):
    rows = [f"2025-{n:02d},{pue * it:g},{it:g}" for n in range(1, 13)]
    path = folder / f"{pue}.csv"
    path.write_text("month,total_kwh,it_kwh\n" + "\n".join(rows), encoding="utf8")
    return str(path)


def test_meters_give_pue_alerts_and_what_moving_a_load_saves(joined):
    """West draws 876 kWh of its 8,760 h, 0.1 of 0.5 kW; east 2,190, 0.25 of 5 kW. Moved, a year
    saves 876 x 0.6 = 525.6 kWh; money counts the grid of each: 876 x 1.8 x 50 fen to nothing."""
    out = call("pue", "add", "west", "--file", months(joined, 1.8, 73), "--source", "bill",
               "--by", "Zhang")  # fmt: skip
    assert "west: 12 months taken in" in out
    assert "PUE 1.8000" in out
    assert "above the limit" in out
    call("pue", "add", "east", "--file", months(joined, 1.2, 182.5), "--source", "b", "--by", "Z")
    found = told("pue", "show")
    assert (found["limit"], found["above"]) == (1.25, ["west"])
    (move,) = found["consolidation"]
    assert (move["site"], move["to"]) == ("west", "east")
    assert move["it_kw"] == pytest.approx(0.1)
    assert move["kwh"] == pytest.approx(525.6)
    assert move["kg"] == pytest.approx(876 * 1.8 * 0.5)
    assert move["fen"] == 78_840
    assert "could move: west (0.1 kW, PUE 1.800) -> east (PUE 1.200)" in call("pue", "show")
    assert told("pue", "show", "--limit", "1.9")["above"] == []
    assert call("pue", "show", "west").count("west  PUE 1.8000") == 12
    assert told("evidence") == {"records": []}


def test_a_line_and_the_chips_of_a_pool_are_measured_without_a_service(joined):
    line = told("link", "probe", "one", "two", "--address", "127.0.0.1", "--seconds", "0.1")
    assert line["gbps"] > 0
    shown = told("link", "show", "--gbps", "0.000001", "--ms", "10000")
    assert shown["share"] == pytest.approx(1 / 6)
    assert "one - west  never probed" in call("link", "show")
    (one,) = told("capacity", "one", "--size", "64", "--seconds", "0.05")
    assert (one["chips"], one["precision"]) == (1, "fp32")
    with open_store(Settings.load()) as store:
        asked = store.entries(kind="compute.job.admitted")
        quoted = store.entries(kind="compute.job.quoted")
    assert {one.subject for one in asked} == {one.subject for one in quoted} != set()
    held = told("inventory")
    assert held["confirmed_pflops"] == pytest.approx(one["tflops"] / 1000)
    assert held["nameplate_pflops"] == pytest.approx(1102 * 0.08 / 1000)
    assert "1 confirmed" in call("inventory")


def test_use_of_a_month_without_any_is_zero_of_what_was_there(joined):
    shown = told("utilisation", "--month", "2026-01")
    assert (shown["month"], shown["used"], shown["share"]) == ("2026-01", 0, None)
    assert "0 new records" in call("evidence")
