"""Classification engine: designs, few-events guard, inner folds, models, metrics, bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as peer
from sklearn.utils.estimator_checks import check_estimator

from qianhang.engines.classify import (
    BoostedTrees,
    Calibrated,
    Design,
    Logistic,
    best_setting,
    expected_shrinkage,
    few_events,
    group_folds,
    interval,
    limits,
    metrics,
    resamples,
)


def rows(n: int = 500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    odds = x @ [1.0, -0.7, 0.3, 0.0] - 1.0
    return x, rng.random(n) < 1 / (1 + np.exp(-odds))


@pytest.mark.parametrize(
    "model",
    [
        Logistic(),
        BoostedTrees(rounds=10),
        Calibrated(folds=2),
        Calibrated(BoostedTrees(rounds=10), method="isotonic", folds=2),
    ],
    ids=["logistic", "boosted", "platt", "isotonic"],
)
@pytest.mark.filterwarnings("ignore")
def test_estimators_pass_scikit_learns_own_checks(model) -> None:
    check_estimator(model, on_skip=None)


@pytest.mark.parametrize(
    "model",
    [
        Logistic(3.0, balanced="balanced"),
        BoostedTrees(rounds=20),
        Calibrated(folds=3),
        Calibrated(BoostedTrees(rounds=20), method="isotonic", folds=3),
    ],
    ids=["logistic", "boosted", "platt", "isotonic"],
)
def test_a_kept_model_answers_the_same(model) -> None:
    x, y = rows()
    model.fit(x, np.where(y, "yes", "no"))
    again = type(model).from_files(model.to_files())
    np.testing.assert_array_equal(model.predict_proba(x), again.predict_proba(x))
    np.testing.assert_array_equal(model.predict(x), again.predict(x))
    assert set(again.predict(x)) <= {"yes", "no"}


@pytest.mark.parametrize("model", [Logistic(), BoostedTrees(rounds=20)])
def test_contributions_add_up_to_the_log_odds_but_for_a_constant(model) -> None:
    x, y = rows()
    yes = model.fit(x, y).predict_proba(x)[:, 1]
    rest = np.log(yes / (1 - yes)) - model.contributions(x).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-6)


def test_logistic_agrees_with_scikit_learn_on_standardised_columns() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    x, y = rows()
    scaled = StandardScaler().fit_transform(x * [1, 100, 0.01, 5])
    ours = Logistic(2.0).fit(x * [1, 100, 0.01, 5], y).predict_proba(x * [1, 100, 0.01, 5])
    theirs = LogisticRegression(C=0.5, tol=1e-8).fit(scaled, y).predict_proba(scaled)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_calibration_brings_an_overconfident_model_back(method) -> None:
    x, y = rows(1500)
    wild = BoostedTrees(rounds=150, rate=0.3, leaves=31, least=2)
    plain = wild.fit(x[:1000], y[:1000]).predict_proba(x[1000:])[:, 1]
    mapped = Calibrated(wild, method=method).fit(x[:1000], y[:1000]).predict_proba(x[1000:])[:, 1]
    assert metrics.calibration_line(y[1000:], plain)[1] < 0.5
    assert metrics.brier(y[1000:], mapped) < 0.85 * metrics.brier(y[1000:], plain)
    if method == "platt":
        assert metrics.calibration_line(y[1000:], mapped)[1] == pytest.approx(1.0, abs=0.3)


def test_balanced_classes_raise_the_rate_above_the_truth() -> None:
    x, y = rows(2000)
    weighed = Logistic(balanced="balanced").fit(x, y).predict_proba(x)[:, 1].mean()
    assert weighed > y.mean() + 0.1
    assert Logistic().fit(x, y).predict_proba(x)[:, 1].mean() == pytest.approx(y.mean(), abs=1e-3)


@pytest.mark.parametrize(
    ("events", "parameters", "allowed"),
    [
        (30, 5, ()),
        (98, 16, ("penalised",)),
        (369, 9, ("penalised", "plain")),
        (4000, 10, ("penalised", "plain", "trees")),
    ],
)
def test_events_decide_which_models_may_be_trained(events, parameters, allowed) -> None:
    """98 / 16 = 6.1, 369 / 9 = 41, 4000 / 10 = 400 events per parameter."""
    found = few_events(events, parameters)
    assert found.allowed == allowed
    assert found.enough is bool(allowed)
    assert found.per_parameter == pytest.approx(events / parameters)


def test_expected_shrinkage_is_van_houwelingens() -> None:
    """(50 - 10) / 50 = 0.8; a model worse than chance keeps nothing."""
    assert expected_shrinkage(50.0, 10) == pytest.approx(0.8)
    assert expected_shrinkage(8.0, 10) == 0.0


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        few_events(-1, 3)


def test_a_group_never_stands_in_two_folds_and_events_are_shared_out() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 120, 400)
    events = rng.random(400) < 0.2
    folds = group_folds(groups, 5, seed=1, events=events)
    assert all(len(set(folds[groups == g])) == 1 for g in np.unique(groups))
    counts = np.bincount(folds, weights=events)
    assert counts.max() - counts.min() <= 4
    np.testing.assert_array_equal(folds, group_folds(groups, 5, seed=1, events=events))
    assert (folds != group_folds(groups, 5, seed=2, events=events)).any()
    with pytest.raises(ValueError, match="cannot make"):
        group_folds([1, 1, 1], 2, seed=0)


def test_the_best_setting_is_the_one_with_the_least_loss() -> None:
    folds = np.array([0, 1, 0, 1])
    assert best_setting([3, 1, 2], folds, lambda s, train, test: abs(s - 2) + test.sum()) == 2


def test_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    event, risk = rng.random(300) < 0.3, rng.random(300).round(2)
    assert metrics.auroc(event, risk) == pytest.approx(peer.roc_auc_score(event, risk))
    assert metrics.average_precision(event, risk) == pytest.approx(
        peer.average_precision_score(event, risk)
    )
    inside = risk.clip(0.01, 0.99)
    assert metrics.log_loss(event, inside) == pytest.approx(peer.log_loss(event, inside))
    assert metrics.brier(event, risk) == pytest.approx(peer.brier_score_loss(event, risk))


def test_metrics_of_one_class_are_nan_not_wrong() -> None:
    assert math.isnan(metrics.auroc([True, True], [0.1, 0.2]))
    assert math.isnan(metrics.average_precision([False], [0.1]))
    assert math.isnan(metrics.calibration_line([True, True], [0.1, 0.2])[1])


def test_calibration_line_finds_spread_and_shift() -> None:
    """Outcomes drawn from the risks: doubling the log odds halves the slope."""
    rng = np.random.default_rng(5)
    odds = rng.normal(-1, 1, 20000)
    event = rng.random(20000) < 1 / (1 + np.exp(-odds))
    intercept, slope = metrics.calibration_line(event, 1 / (1 + np.exp(-odds)))
    assert (intercept, slope) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))
    assert metrics.calibration_line(event, 1 / (1 + np.exp(-2 * odds)))[1] == pytest.approx(
        slope / 2, abs=1e-3
    )
    shifted = metrics.calibration_line(event, 1 / (1 + np.exp(-odds - 0.7)))
    assert shifted[0] == pytest.approx(intercept - 0.7, abs=1e-3)


def test_calibration_error_and_table_are_those_worked_out_by_hand() -> None:
    """Two bins of two: risks 0.1, 0.3 with no event (gap 0.2), 0.6, 0.8 with one (gap 0.2)."""
    event, risk = [False, False, True, False], [0.1, 0.3, 0.6, 0.8]
    table = metrics.calibration_table(event, risk, bins=2)
    np.testing.assert_allclose(table["predicted"], [0.2, 0.7])
    np.testing.assert_allclose(table["observed"], [0.0, 0.5])
    assert (table["low"] <= table["observed"]).all()
    assert metrics.expected_calibration_error(event, risk, bins=2) == pytest.approx(0.2)
    assert metrics.observed_expected(event, risk) == pytest.approx(1 / 1.8)


def test_net_benefit_is_the_one_worked_out_by_hand() -> None:
    """Of ten, two of three flagged are events: 2/10 - 1/10 * 0.25/0.75."""
    event = np.array([True, True, False, True] + [False] * 6)
    risk = np.array([0.9, 0.8, 0.7, 0.1] + [0.1] * 6)
    assert metrics.net_benefit(event, risk, 0.25) == pytest.approx(0.2 - 0.1 / 3)
    everybody = metrics.net_benefit(event, np.ones(10), 0.25)
    assert everybody == pytest.approx(0.3 - 0.7 / 3)


TABLE = pd.DataFrame(
    {"age": [40.0, 60.0, np.nan], "sex": ["male", "female", "male"], "code": [1.0, 2.0, np.nan]}
)


def test_a_design_reads_its_terms_as_they_are_written() -> None:
    """Median age 50 fills the gap; the product is (age - 50) * (male - 2/3)."""
    design = Design(["age", "log(age)", "sex=male", "code=1", "missing(age)", "age*sex=male"])
    matrix = design.fit(TABLE).matrix(TABLE)
    np.testing.assert_allclose(matrix[:, 0], [40, 60, 50])
    np.testing.assert_allclose(matrix[:, 1], np.log([40, 60, 50]))
    np.testing.assert_allclose(matrix[:, 2], [1, 0, 1])
    np.testing.assert_allclose(matrix[:2, 3], [1, 0])
    np.testing.assert_allclose(matrix[:, 4], [0, 0, 1])
    np.testing.assert_allclose(matrix[:, 5], [-10 / 3, -20 / 3, 0])
    assert design.columns == ("age", "sex", "code")
    assert design.owners[-1] == "sex"


def test_a_design_fills_new_rows_with_what_it_saw_in_training() -> None:
    design = Design(["age", "log1p(age)"]).fit(TABLE)
    new = pd.DataFrame({"age": [np.nan, 200.0]})
    np.testing.assert_allclose(design.matrix(new)[:, 0], [50, 200])
    again = Design.from_files(design.to_files())
    np.testing.assert_array_equal(again.matrix(new), design.matrix(new))


@pytest.mark.parametrize("term", ["exp(age)", "log(age", "a b", ""])
def test_a_term_that_is_not_in_the_grammar_is_refused(term) -> None:
    with pytest.raises(ValueError, match="expected"):
        Design([term])


def test_a_column_that_a_term_needs_is_named_when_it_is_missing() -> None:
    with pytest.raises(ValueError, match="lacks bmi"):
        Design(["bmi"]).matrix(TABLE)


def test_bootstrap_draws_whole_groups() -> None:
    groups = np.array(["a", "a", "b", "c", "c", "c"])
    for draw in resamples(groups, 20, seed=0):
        counts = {g: int((groups[draw] == g).sum()) for g in "abc"}
        assert counts["a"] % 2 == 0
        assert counts["c"] % 3 == 0


def test_bootstrap_interval_of_a_mean_is_the_normal_one() -> None:
    """Mean of 400 standard normals: standard error 0.05, so about +-0.098."""
    values = np.random.default_rng(0).normal(size=400)
    low, high = interval(lambda r: values[r].mean(), resamples(np.arange(400), 400, seed=1))
    assert high - low == pytest.approx(0.196, rel=0.15)
    assert limits([1.0, math.nan, 1.0]) == (1.0, 1.0)
    assert math.isnan(limits([math.nan])[0])
