"""Holding by hand, a loop of three stops worked out on paper, and records read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core import manifest
from qianhang.core import spec as specs
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.data import check
from qianhang.packs.traffic.shuttle_line import pack, records
from qianhang.packs.traffic.shuttle_line.holding import OneWayHold, TwoWayHold
from qianhang.packs.traffic.shuttle_line.line import Day, Line
from qianhang.trial import control

MANIFEST = manifest.load(Path(pack.__file__).parent / "pack.toml")
SPEC = specs.make(MANIFEST, MANIFEST.find_case(), seed=0, params={})
# nobody travels, nothing varies: 100 s to each next stop, 10 s at the doors, 330 s a round
EMPTY = Day(
    run_s=np.array([100.0, 100.0, 100.0]),
    spread_s=np.zeros(3),
    riders_h=np.zeros(3),
    leave=np.zeros(3),
    starts=np.array([[0, 0.0], [0, 110.0]]),
    end_s=1000.0,
    door_s=10.0,
    each_s=4.0,
    seats=10,
    control=(0,),
)


def test_gap_ahead_grows_towards_the_gap_behind() -> None:
    """By hand: half of 300 - 100 is 100, times 0.5; never below zero, never above the limit."""
    rule = TwoWayHold(0.5, 90.0)
    assert rule.act({"ahead_s": 100.0, "behind_s": 300.0}) == 50
    assert rule.act({"ahead_s": 300.0, "behind_s": 100.0}) == 0
    assert rule.act({"ahead_s": 0.0, "behind_s": 900.0}) == 90
    assert TwoWayHold.from_files(rule.to_files()) == rule


def test_dispatcher_waits_for_a_share_of_the_planned_gap() -> None:
    assert OneWayHold(0.8, 500.0).act({"planned_s": 300.0, "ahead_s": 100.0}) == 140


def test_empty_loop_runs_as_on_paper() -> None:
    """Two shuttles, 110 s apart, on a round of 330 s: gaps of 110 and 220 s at every stop."""
    line = Line(EMPTY)
    line.reset(0)
    first = line.observe()
    assert first["time"] == 10
    assert first["planned_s"] == 165
    assert first["behind_s"] == pytest.approx(110)
    line.act(0.0)
    second = line.observe()
    assert (second["time"], second["ahead_s"]) == (120, 110)
    assert second["behind_s"] == pytest.approx(220)  # the other one can leave at 340 s
    while not line.done:
        line.act(0.0)
    total = line.score()
    gaps = np.array([110, 220] * 3)
    assert total["headway_cv"] == pytest.approx(gaps.std() / gaps.mean(), rel=0.1)
    assert total["riders"] == total["wait_min"] == 0


def test_even_gaps_are_reached_by_holding() -> None:
    """The 110 and 220 s become 165 each, on paper and within a few rounds."""
    line = Line(replace(EMPTY, end_s=9000.0))
    line.reset(0)
    rule = TwoWayHold(1.0, 90.0)
    while not line.done:
        last = line.observe()
        line.act(rule.act(last))
    assert last["ahead_s"] == pytest.approx(last["behind_s"], abs=12)


def test_nobody_boards_beyond_the_seats_and_shuttles_do_not_overtake() -> None:
    busy = replace(EMPTY, riders_h=np.full(3, 400.0), leave=np.full(3, 0.3), end_s=5000.0)
    line = Line(busy)
    line.reset(1)
    while not line.done:
        line.act(0.0)
    log = pd.DataFrame(line.log, columns=["v", "stop", "in", "out", "load", "boarded", "run"])
    assert log["load"].max() == 10
    assert line.score()["left_behind"] > 0
    for _, rows in log.groupby("stop"):
        assert (rows["out"].diff().dropna() >= 10 - 1e-9).all()


def test_records_of_a_day_give_the_line_back() -> None:
    """Independent of the reading: the truth that the records were made with."""
    table = records.made_up(3, count=1)
    day = records.day_of(table, "2026-03-02", seats=14, controls=2)
    rng = np.random.default_rng(3)
    length = rng.uniform(250, 600, 8)
    truth = records._made_day(rng, length)
    assert np.allclose(day.run_s, truth.run_s, rtol=0.08)
    assert np.allclose(day.riders_h, truth.riders_h, rtol=0.45)
    assert day.riders_h.sum() == pytest.approx(truth.riders_h.sum(), rel=0.1)
    assert day.each_s == pytest.approx(4, abs=0.7)
    assert day.control == (0, 4)
    assert len(day.starts) == 4


def test_day_with_too_few_records_is_named() -> None:
    table = records.made_up(0, count=1).head(9)
    with pytest.raises(ContractError, match="2026-03-02"):
        records.day_of(table, "2026-03-02", seats=14, controls=2)


def test_two_way_holding_beats_both_others_on_days_that_it_was_not_searched_on() -> None:
    case = MANIFEST.find_case()
    trial = control.run(pack, pack.sample(1), case=case, spec=SPEC)
    assert len(trial.folds) == 3
    assert trial.facts["train_units"] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    for other in (trial.trivial, trial.practice):
        assert trial.scores["headway_cv"] < other["headway_cv"]
        assert trial.scores["wait_min"] < other["wait_min"]


def test_records_under_chinese_names_pass_the_contract() -> None:
    table = records.made_up(0, count=2)
    named = table.rename(columns={"vehicle": "车号", "load": "载客", "disengagement": "人工接管"})
    columns = MANIFEST.find_case("own").columns
    assert len(check(named, columns).frame) == len(table)
    with pytest.raises(ContractError, match="load"):
        check(table.assign(load=-3), columns)


def test_served_holds_carry_their_day() -> None:
    served = control.serve(pack, TwoWayHold(0.8, 60.0), Inputs(pack.sample(0)), spec=SPEC)
    assert set(served["unit"]) == set(pack.units(pack.sample(0), spec=SPEC))
    assert served["action"].between(0, 60).all()
