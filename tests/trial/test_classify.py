"""Classify trials: a yes or no, scored on rows that the model has not seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Split, Words
from qianhang.core.spec import Spec
from qianhang.engines.classify import Logistic, metrics
from qianhang.trial import classify

COLUMNS = {
    "x": Column(),
    "z": Column(),
    "region": Column(role="protected"),
    "day": Column(role="time"),
    "bad": Column(role="target"),
}
SPEC = Spec(target="bad", columns=COLUMNS, params={"threshold": 0.4})
CASE = Case(name="c", title=Words("例", "case"), split=Split(kind="forward", test_share=0.5))


def table(n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    index = pd.date_range("2025-01-01", periods=n, freq="1D", tz="Asia/Shanghai", name="day")
    frame = pd.DataFrame({"x": x[:, 0], "z": x[:, 1]}, index=index)
    frame["region"] = np.where(rng.random(n) < 0.5, "north", "south")
    odds = 1.2 * x[:, 0] - 0.6 * x[:, 1] - 0.3
    return frame.assign(bad=rng.random(n) < 1 / (1 + np.exp(-odds)))


def fit(train, *, spec):
    return Logistic().fit(train[["x", "z"]].to_numpy(), train["bad"])


def predict(model, rows, *, spec):
    assert "bad" not in rows
    chances = model.predict_proba(rows[["x", "z"]].to_numpy())[:, 1]
    return pd.Series(chances, index=rows.index)


def baseline(train, rows, *, spec):
    return pd.Series(train["bad"].mean(), index=rows.index)


PACK = SimpleNamespace(fit=fit, predict=predict, baseline=baseline)


@pytest.fixture(scope="module")
def trial():
    return classify.run(PACK, Inputs({"table": table()}), case=CASE, spec=SPEC)


def test_scores_are_those_of_the_later_half(trial) -> None:
    rows = table()
    model = fit(rows.iloc[:300], spec=SPEC)
    risk = predict(model, rows.iloc[300:].drop(columns="bad"), spec=SPEC)
    assert trial.scores["auroc"] == pytest.approx(metrics.auroc(rows["bad"].iloc[300:], risk))
    assert trial.scores["brier"] == pytest.approx(metrics.brier(rows["bad"].iloc[300:], risk))
    assert trial.trivial["auroc"] == pytest.approx(0.5)
    assert trial.facts["scored"] == 300


def test_a_large_fold_is_judged_by_itself(trial) -> None:
    (fold,) = trial.folds
    assert fold.ours["auroc"] == pytest.approx(trial.scores["auroc"])
    assert fold.trivial["auroc"] == pytest.approx(0.5)


def test_tables_show_calibration_use_and_groups(trial) -> None:
    assert {"performance", "calibration", "decision_curve", "subgroups"} <= set(trial.tables)
    calibration = trial.tables["calibration"]
    assert calibration["n"].sum() == 300
    assert calibration["predicted"].is_monotonic_increasing
    assert set(trial.tables["subgroups"]["level"]) == {"north", "south"}


def test_the_kept_model_serves_new_rows(trial) -> None:
    new = table(10).drop(columns="bad")
    served = classify.serve(PACK, trial.model, Inputs({"table": new}), spec=SPEC)
    assert served.index.equals(new.index)
    assert served["risk"].between(0, 1).all()


def test_parts_agree_with_the_trial() -> None:
    ((_, frame, labels),) = classify.parts(Inputs({"table": table()}), case=CASE, spec=SPEC)
    assert len(frame) == 600
    assert (labels == "test").sum() == 300


@pytest.mark.parametrize(
    ("column", "message"),
    [(lambda t: 1, "1 values"), (lambda t: t["x"].round(), "values"), (lambda t: None, "600 gaps")],
)
def test_a_target_that_is_no_yes_or_no_is_refused(column, message) -> None:
    rows = table()
    spoilt = rows.assign(bad=column(rows))
    with pytest.raises(ContractError, match=message):
        classify.run(PACK, Inputs({"table": spoilt}), case=CASE, spec=SPEC)
