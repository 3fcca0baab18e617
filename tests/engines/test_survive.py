"""Survival engine: partial likelihood, Cox, boosted Cox, censored metrics, risk tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import check_estimator

from qianhang.engines.survive import (
    BoostedCox,
    CoxRidge,
    RiskSets,
    RiskTable,
    administrative,
    metrics,
    partial_likelihood,
    signed,
    unsigned,
)

TIME = np.array([1.0, 2.0, 2.0, 3.0, 4.0])
EVENT = np.array([True, True, False, True, False])


def cohort(n: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    time = rng.exponential(1 / (0.1 * np.exp(x @ [0.8, -0.5, 0.0]))).round(1) + 0.1
    lost = rng.uniform(1, 20, n).round(1)
    return x, signed(np.minimum(time, lost), time <= lost)


@pytest.mark.parametrize("model", [CoxRidge(), BoostedCox(rounds=10)], ids=["cox", "boosted"])
@pytest.mark.filterwarnings("ignore")
def test_estimators_pass_scikit_learns_own_checks(model) -> None:
    check_estimator(model, on_skip=None)


def test_cox_coefficient_of_three_subjects_is_the_one_worked_out_by_hand() -> None:
    """x = 1, 0, 1 dying at 1, 2, 3: the score equation is 2 z^2 = 1 with z = e^b, b = -ln(2)/2;
    the hazard jump at time 1 is 1 / (2 z + 1)."""
    x = np.array([[1.0], [0.0], [1.0]])
    model = CoxRidge(0.0).fit(x, [1.0, 2.0, 3.0])
    assert model.coef_[0] == pytest.approx(-0.5 * math.log(2), abs=1e-5)
    z = 1 / math.sqrt(2)
    assert model.risk([[0.0]], 1.0)[0] == pytest.approx(1 - math.exp(-1 / (2 * z + 1)), abs=1e-5)
    assert model.risk([[0.0]], 0.5)[0] == 0.0


def test_tied_events_are_counted_as_efron_does() -> None:
    """Two deaths at time 1 (x = 1, 0), one censored at 2 (x = 1), b = 0: 1 / (3 * (3 - 2/2))."""
    x = np.array([[1.0], [0.0], [1.0]])
    sets = RiskSets.of(np.array([1.0, 1.0, 2.0]), np.array([True, True, False]))
    value, _, _ = partial_likelihood(x, np.zeros(1), sets)
    assert value == pytest.approx(-math.log(6))


def test_slope_and_curvature_are_those_of_the_likelihood() -> None:
    """By central differences, on tied data."""
    x, y = cohort(80)
    sets, beta, step = RiskSets.of(*unsigned(y)), np.array([0.3, -0.2, 0.1]), 1e-5
    _, gradient, spread = partial_likelihood(x, beta, sets)
    for j in range(3):
        move = step * np.eye(3)[j]
        up, down = (partial_likelihood(x, beta + s * move, sets) for s in (1, -1))
        assert gradient[j] == pytest.approx((up[0] - down[0]) / (2 * step), abs=1e-5)
        assert -spread[j] == pytest.approx((up[1] - down[1]) / (2 * step), abs=1e-4)


def test_cox_agrees_with_scikit_survival_on_heart_attacks() -> None:
    sksurv = pytest.importorskip("sksurv.linear_model")
    from sksurv.datasets import load_whas500
    from sksurv.metrics import brier_score, concordance_index_censored

    frame, y = load_whas500()
    x, event, time = frame.astype(float).to_numpy(), y["fstat"], y["lenfol"]
    ours = CoxRidge(0.0).fit(x, signed(time, event))
    peer = sksurv.CoxPHSurvivalAnalysis(ties="efron").fit(x, y)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-6)
    score = ours.predict(x)
    assert metrics.harrell_c(time, event, score) == pytest.approx(
        concordance_index_censored(event, time, score)[0]
    )
    risk = ours.risk(x, 1000.0)
    # ours has Efron's baseline, the peer's is Breslow's: close, not the same
    free = np.array([f(1000.0) for f in peer.predict_survival_function(x)])
    np.testing.assert_allclose(1 - risk, free, atol=3e-3)
    assert metrics.brier(time, event, risk, 1000.0) == pytest.approx(
        brier_score(y, y, 1 - risk, 1000.0)[1][0], abs=1e-4
    )


def test_penalty_draws_coefficients_to_zero() -> None:
    x, y = cohort()
    sizes = [np.abs(CoxRidge(p).fit(x, y).coef_).sum() for p in (0.0, 10.0, 100.0, 1e6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.01


def test_a_repeated_column_does_not_break_plain_cox() -> None:
    x, y = cohort(200)
    twice = CoxRidge(0.0).fit(np.column_stack([x, x[:, 0]]), y)
    once = CoxRidge(0.0).fit(x, y)
    np.testing.assert_allclose(
        twice.predict(np.column_stack([x, x[:, 0]])), once.predict(x), atol=1e-3
    )


def test_no_event_is_refused() -> None:
    with pytest.raises(ValueError, match="no event"):
        CoxRidge().fit([[1.0], [2.0]], [-1.0, -2.0])


def test_interval_holds_the_risk_and_narrows_with_more_subjects() -> None:
    widths = []
    for n in (200, 2000):
        x, y = cohort(n)
        model = CoxRidge().fit(x, y)
        low, high = model.risk_interval(x[:50], 5.0)
        risk = model.risk(x[:50], 5.0)
        assert ((low < risk) & (risk < high)).all()
        widths.append((high - low).mean())
    assert widths[1] < 0.5 * widths[0]


def test_interval_covers_the_true_risk_about_nineteen_times_in_twenty() -> None:
    """Exponential survival with known hazard 0.1 exp(x'b): the true risk is 1 - exp(-5 h)."""
    point = np.array([[0.5, -0.5, 0.5]])
    truth = 1 - math.exp(-5 * 0.1 * math.exp(0.8 * 0.5 + 0.5 * 0.5))
    held = 0
    for seed in range(60):
        model = CoxRidge(0.0).fit(*cohort(400, seed))
        low, high = model.risk_interval(point, 5.0)
        held += bool(low[0] <= truth <= high[0])
    assert held >= 52


def test_contributions_add_up_to_the_score() -> None:
    x, y = cohort()
    model = CoxRidge().fit(x, y)
    np.testing.assert_allclose(model.contributions(x).sum(axis=1), model.predict(x))


@pytest.mark.parametrize("kind", [CoxRidge, BoostedCox])
def test_a_kept_model_answers_the_same(kind) -> None:
    x, y = cohort(300)
    model = kind().fit(x, y)
    again = kind.from_files(model.to_files())
    np.testing.assert_array_equal(model.risk(x, 3.0), again.risk(x, 3.0))
    np.testing.assert_array_equal(model.predict(x), again.predict(x))


def test_boosted_cox_finds_a_step_that_a_line_cannot() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (1500, 2))
    time = rng.exponential(1 / (0.1 * np.exp(1.5 * (np.abs(x[:, 0]) > 0.5))))
    y = signed(np.minimum(time, 15), time <= 15)
    boosted = BoostedCox().fit(x[:1000], y[:1000]).score(x[1000:], y[1000:])
    straight = CoxRidge().fit(x[:1000], y[:1000]).score(x[1000:], y[1000:])
    assert boosted > 0.6 > straight + 0.05


def test_signed_times_come_back_and_are_cut_at_the_horizon() -> None:
    y = signed([1.0, 5.0, 9.0], [True, False, True])
    np.testing.assert_array_equal(y, [1.0, -5.0, 9.0])
    time, event = unsigned(y)
    np.testing.assert_array_equal(time, [1, 5, 9])
    np.testing.assert_array_equal(event, [True, False, True])
    np.testing.assert_array_equal(administrative(y, 6.0), [1.0, -5.0, -6.0])
    with pytest.raises(ValueError, match="not negative"):
        signed([-1.0], [True])
    with pytest.raises(ValueError, match="time zero"):
        signed([0.0], [True])
    with pytest.raises(ValueError, match="alike"):
        signed([1.0, 2.0], [True])


def test_kaplan_meier_is_the_one_worked_out_by_hand() -> None:
    """5 at risk at 1, 4 at 2 (one dies, one is lost), 2 at 3: 4/5, 4/5*3/4, 3/5*1/2."""
    moments, free, greenwood = metrics.kaplan_meier(TIME, EVENT)
    np.testing.assert_array_equal(moments, [1, 2, 3])
    np.testing.assert_allclose(free, [0.8, 0.6, 0.3])
    np.testing.assert_allclose(greenwood, np.cumsum([1 / 20, 1 / 12, 1 / 2]))
    assert metrics.event_share(TIME, EVENT, 2.5) == pytest.approx(0.4)
    assert metrics.event_share(TIME, EVENT, 0.5) == 0.0
    assert math.isnan(metrics.event_share([], [], 1.0))


def test_harrells_c_counts_the_same_pairs_as_a_double_loop() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        n = int(rng.integers(2, 40))
        time, event = rng.integers(1, 8, n).astype(float), rng.random(n) < 0.6
        score = rng.integers(0, 6, n).astype(float)
        good = pairs = 0.0
        for i in range(n):
            for j in range(n):
                later = time[j] > time[i] or (time[j] == time[i] and not event[j])
                if event[i] and i != j and later:
                    pairs += 1
                    good += 1.0 * (score[i] > score[j]) + 0.5 * (score[i] == score[j])
        found = metrics.harrell_c(time, event, score)
        assert (math.isnan(found) and not pairs) or found == pytest.approx(good / pairs)


def test_observed_over_expected_is_one_for_kaplan_meiers_own_risk() -> None:
    risk = np.full(5, 0.4)
    assert metrics.observed_expected(TIME, EVENT, risk, 2.5) == pytest.approx(1.0)
    assert metrics.observed_expected(TIME, EVENT, risk / 2, 2.5) == pytest.approx(2.0)


def test_doubling_the_spread_of_the_log_hazard_halves_the_slope() -> None:
    """A plain Cox model has slope one on its own data; twice its score has slope a half."""
    x, y = cohort()
    time, event = unsigned(administrative(y, 8.0))
    score = CoxRidge(0.0).fit(x, administrative(y, 8.0)).predict(x)
    for spread in (1.0, 2.0):
        risk = 1 - np.exp(-0.05 * np.exp(spread * score))
        slope = metrics.calibration_slope(time, event, risk, 8.0)
        assert slope == pytest.approx(1 / spread, abs=1e-3)
    assert math.isnan(metrics.calibration_slope(time, event, np.full(len(time), 0.1), 8.0))


def test_net_benefit_without_censoring_is_the_plain_one() -> None:
    """Ten followed in full, four events; six flagged, three rightly: 3/10 - 3/10 * 0.2/0.8."""
    time = np.array([1.0] * 4 + [9.0] * 6)
    event = np.array([True] * 4 + [False] * 6)
    risk = np.array([0.9, 0.9, 0.9, 0.1, 0.3, 0.3, 0.3, 0.1, 0.1, 0.1])
    assert metrics.net_benefit(time, event, risk, 5.0, 0.2) == pytest.approx(0.3 - 0.3 * 0.25)
    assert metrics.net_benefit(time, event, np.zeros(10), 5.0, 0.2) == 0.0


def table_and_target(n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    x, y = cohort(n)
    frame = pd.DataFrame({"age": 50 + 8 * x[:, 0], "sbp": 130 + 15 * x[:, 1]})
    frame["sex"] = np.where(x[:, 2] > 0, "male", "female")
    return frame, y


def test_risk_table_tells_risk_limits_and_drivers_for_each_row() -> None:
    frame, y = table_and_target()
    terms = ["log(age)", "sbp", "sex=male", "log(age)*sbp"]
    model = RiskTable(terms, 5.0).fit(frame, y, groups=np.arange(len(frame)))
    told = model.predict(frame.set_axis(frame.index + 7), drivers=2)
    assert list(told.columns) == ["risk", "score", "low", "high", "drivers"]
    assert told.index[0] == 7
    assert told["risk"].between(told["low"], told["high"]).all()
    parts = model.contributions(frame)
    np.testing.assert_allclose(parts.sum(axis=1), told["score"])
    first = parts.iloc[0].abs().idxmax()
    assert told["drivers"].iloc[0].startswith(f"{first} {parts[first].iloc[0]:+.2f};")


def test_a_kept_risk_table_answers_the_same() -> None:
    frame, y = table_and_target()
    model = RiskTable(["age", "sex=male"], 5.0).fit(frame, y, groups=np.arange(len(frame)))
    again = RiskTable.from_files(model.to_files())
    pd.testing.assert_frame_equal(model.predict(frame), again.predict(frame))
    pd.testing.assert_frame_equal(model.coefficients(), again.coefficients())


def test_a_handful_of_people_is_still_fitted_without_choosing_a_penalty() -> None:
    frame, y = table_and_target(30)
    model = RiskTable(["age"], 5.0).fit(frame, y, groups=np.zeros(30))
    assert model.cox.penalty == 10.0


def test_the_penalty_is_chosen_inside_and_grows_when_columns_are_noise() -> None:
    rng = np.random.default_rng(0)
    _, y = cohort(150)
    noise = pd.DataFrame(rng.normal(size=(150, 8)), columns=list("abcdefgh"))
    model = RiskTable(list("abcdefgh"), 5.0).fit(noise, y, groups=np.arange(150))
    assert model.cox.penalty == max(RiskTable.PENALTIES)
