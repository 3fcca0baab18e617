"""Survive trials: nothing of the outcome leaks, every figure is of people not seen."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError, PackError, UsageError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines.survive import metrics
from qianhang.trial import survive

_SPEC = importlib.util.spec_from_file_location("cohorts", Path(__file__).with_name("cohorts.py"))
cohorts = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cohorts)


@pytest.fixture(scope="module")
def tried():
    pack, inputs = cohorts.spy(), cohorts.followed()
    before = inputs.table.copy(deep=True)
    told = []
    trial = survive.run(
        pack,
        inputs,
        case=cohorts.CASE,
        spec=cohorts.survive_spec(),
        progress=lambda *step: told.append(step),
    )
    pd.testing.assert_frame_equal(inputs.table, before)
    return pack, inputs.table, trial, told


def test_a_pack_never_sees_the_outcome_of_rows_that_it_is_scored_on(tried) -> None:
    pack, _, _, told = tried
    shown = [columns for columns, _ in pack.seen]
    assert all(columns == {"x", "sex", "person"} for columns in shown[1::2])
    assert told[-1][:2] == (4, 4)


def test_scores_are_those_of_the_risks_at_the_horizon(tried) -> None:
    """The spy's risk does not depend on its training, so the scores can be had directly."""
    _, table, trial, _ = tried
    time = np.minimum(table["years"], 5).to_numpy()
    event = (table["died"] & (table["years"] <= 5)).to_numpy()
    risk = (1 - np.exp(-0.4 * np.exp(table["x"]))).to_numpy()
    assert trial.scores["c"] == pytest.approx(metrics.harrell_c(time, event, risk))
    assert trial.scores["oe"] == pytest.approx(metrics.event_share(time, event, 5) / risk.mean())
    assert trial.scores["slope"] == pytest.approx(1.0, abs=0.2)
    assert trial.trivial["c"] == pytest.approx(0.5)
    assert trial.practice == {}


def test_treating_all_is_the_textbook_line(tried) -> None:
    """Net benefit of treating all: p - (1 - p) t / (1 - t)."""
    _, table, trial, _ = tried
    share = metrics.event_share(table["years"], table["died"], 5)
    curve = trial.tables["decision_curve"]
    line = share - (1 - share) * curve["threshold"] / (1 - curve["threshold"])
    np.testing.assert_allclose(curve["treat_all"], line, atol=1e-9)
    row = curve[curve["threshold"] == 0.3].iloc[0]
    gain = row["ours"] - max(row["treat_all"], 0)
    assert trial.scores["net_benefit_gain"] == pytest.approx(gain)
    assert trial.headline == pytest.approx(1000 * (row["ours"] - row["treat_all"]) * 0.7 / 0.3)


def test_every_level_of_a_protected_column_has_its_line(tried) -> None:
    _, table, trial, _ = tried
    groups = trial.tables["subgroups"].set_index("level")
    men = table[table["sex"] == "m"]
    assert groups.loc["m", "n"] == len(men)
    risk = 1 - np.exp(-0.4 * np.exp(men["x"]))
    share = metrics.event_share(men["years"], men["died"], 5)
    assert groups.loc["m", "oe"] == pytest.approx(share / risk.mean())
    assert trial.scores["oe_group_max"] == pytest.approx(groups["oe"].max())
    assert groups["oe"].between(groups["oe_low"], groups["oe_high"]).all()


def test_the_performance_table_holds_limits_and_rivals(tried) -> None:
    performance = tried[2].tables["performance"].set_index("metric")
    assert {"c", "slope", "oe", "brier", "net_benefit"} <= set(performance.index)
    assert performance.loc["c", "low"] < performance.loc["c", "ours"] < performance.loc["c", "high"]
    assert "trivial" in performance.columns


def test_the_reporting_sheet_has_twenty_seven_items_and_says_what_is_open(tried) -> None:
    sheet = tried[2].tables["tripod"]
    assert list(sheet["item"]) == list(range(1, 28))
    assert (sheet["answer"].str.len() > 0).all()
    assert set(sheet["source"]) == {"本次运行", "待责任单位填写"}
    english = tried[2].tables["tripod_en"].set_index("item")
    assert f"{tried[2].facts['events']} events" in english.loc[20, "answer"]
    assert english.loc[17, "answer"] == "to be added by the owner"


def test_small_folds_are_not_judged_by_themselves(tried) -> None:
    trial = tried[2]
    assert len(trial.folds) == 4
    assert all("c_in_fold" in f.ours and "c" not in f.ours for f in trial.folds)


def test_parts_name_every_row_of_every_fold() -> None:
    inputs = cohorts.followed()
    parts = survive.parts(inputs, case=cohorts.CASE, spec=cohorts.survive_spec())
    assert len(parts) == 4
    for _, frame, labels in parts:
        assert set(labels) == {"train", "test"}
        people = frame["person"].to_numpy()
        assert not set(people[labels == "train"]) & set(people[labels == "test"])


def test_too_few_events_are_refused_before_anything_is_fitted() -> None:
    inputs = cohorts.followed()
    calm = Inputs({"table": inputs.table.assign(died=False)})
    pack = cohorts.spy()
    with pytest.raises(ContractError, match="0 events"):
        survive.run(pack, calm, case=cohorts.CASE, spec=cohorts.survive_spec())
    assert not pack.seen


def test_a_pack_without_an_outcome_is_told_so() -> None:
    with pytest.raises(PackError, match="role duration"):
        survive.run(cohorts.spy(), cohorts.followed(), case=cohorts.CASE, spec=Spec(horizon=5))


@pytest.mark.parametrize("wrong", [1.2, -0.1, np.nan])
def test_a_risk_outside_zero_and_one_is_an_error(wrong) -> None:
    pack = cohorts.spy()
    pack.baseline = lambda train, rows, *, spec: pd.Series(wrong, index=rows.index)
    with pytest.raises(ValueError, match="between 0 and 1"):
        survive.run(pack, cohorts.followed(), case=cohorts.CASE, spec=cohorts.survive_spec())


def test_an_answer_in_another_order_is_an_error() -> None:
    pack = cohorts.spy()
    pack.baseline = lambda train, rows, *, spec: pd.Series(0.3, index=rows.index[::-1])
    with pytest.raises(ValueError, match="indexed otherwise"):
        survive.run(pack, cohorts.followed(), case=cohorts.CASE, spec=cohorts.survive_spec())


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", 1.5), ("threshold", "x"), ("sex_bands", "a,b"), ("sex_bands", "60,50")],
)
def test_a_setting_that_makes_no_sense_is_named(name, value) -> None:
    spec = cohorts.survive_spec()
    odd = dataclasses.replace(spec, params={**spec.params, name: value})
    with pytest.raises(UsageError, match=name):
        survive.run(cohorts.spy(), cohorts.followed(), case=cohorts.CASE, spec=odd)


def test_a_pack_may_compute_its_own_headline() -> None:
    pack = cohorts.spy()
    pack.headline = lambda trial, *, spec: 1.0
    own_headline = survive.run(
        pack, cohorts.followed(), case=cohorts.CASE, spec=cohorts.survive_spec()
    ).headline
    assert own_headline is None
