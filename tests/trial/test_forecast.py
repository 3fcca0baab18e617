"""Forward trials: what the pack is given, what it is scored on, and that it cannot look ahead."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError, PackError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Split, Words
from qianhang.core.spec import Spec
from qianhang.trial import forecast
from qianhang.trial.forward import walk

COLUMNS = {
    "time": Column(role="time", step="1h", zone="Australia/Melbourne"),
    "load": Column(role="target", unit="MW"),
    "warmth": Column(unit="degC", known_ahead=True),
    "price": Column(),
}
SPEC = Spec(target="load", time="time", horizon=24, season=24, columns=COLUMNS)


def case_of(**split) -> Case:
    made = Split(**{"kind": "forward", "every": 24, "folds": 2, **split})
    return Case(name="c", title=Words("例", "case"), split=made, columns=COLUMNS)


def table_of(days: int = 20, start: str = "2014-09-22", zone: str = "Australia/Melbourne"):
    times = pd.date_range(start, periods=days * 24, freq="1h", tz=zone, name="time")
    step = np.arange(len(times), dtype=float)
    return pd.DataFrame({"load": step + 1, "warmth": step * 2, "price": step * 3}, index=times)


def pack_of(seen: list) -> SimpleNamespace:
    """A pack that says the load of a day ago and writes down what it was shown."""

    def fit(history, *, spec):
        seen.append(("fit", history))
        return len(history)

    def told(history, ahead):
        return pd.DataFrame(
            {"p50": history["load"].to_numpy()[-24:][: len(ahead)]}, index=ahead.index[:24]
        ).reindex(ahead.index)

    def predict(model, history, ahead, *, spec):
        seen.append(("predict", history, ahead))
        frame = told(history, ahead)
        return frame.assign(p10=frame["p50"], p90=frame["p50"] + 24)

    def baseline(history, ahead, *, spec):
        return told(history, ahead) - 24

    return SimpleNamespace(fit=fit, predict=predict, baseline=baseline)


def test_the_pack_sees_only_what_was_known_at_each_origin():
    seen: list = []
    table = table_of()
    forecast.run(pack_of(seen), Inputs({"table": table}), case=case_of(), spec=SPEC)
    for _, history, ahead in (s for s in seen if s[0] == "predict"):
        assert history.index[-1] < ahead.index[0]
        assert list(ahead.columns) == ["warmth"]
        assert np.shares_memory(history.to_numpy(), table.to_numpy()) is False
        # The arrays behind the frames end where the frames end: nothing can be found behind them.
        assert history["load"].to_numpy().base is None or len(
            np.asarray(history["load"].to_numpy().base).ravel()
        ) <= 3 * len(history)


def test_training_ends_before_the_first_origin_of_its_fold():
    seen: list = []
    forecast.run(pack_of(seen), Inputs({"table": table_of()}), case=case_of(), spec=SPEC)
    ends = [s[1].index[-1] for s in seen if s[0] == "fit"]
    starts = [s[2].index[0] for s in seen if s[0] == "predict"]
    assert ends[0] < starts[0]
    assert ends[1] < starts[len(starts) // 2 + len(starts) % 2]


def test_scores_are_those_worked_out_by_hand():
    """The load rises by one an hour: a day ago is 24 too low, the trivial one 48; the band from a
    day ago to 24 above it just holds every reading, each of which is its upper end."""
    case = case_of(folds=1)
    table = table_of(start="2014-08-04")
    got = forecast.run(pack_of([]), Inputs({"table": table}), case=case, spec=SPEC)
    assert got.scores["mae"] == pytest.approx(24)
    assert got.trivial["mae"] == pytest.approx(48)
    assert got.scores["coverage"] == pytest.approx(100)
    assert got.scores["mase"] == pytest.approx(1)
    assert got.tables["skill"]["skill"].to_numpy() == pytest.approx(np.full(24, 0.5))
    reliability = got.tables["reliability"].set_index("predicted")["observed"]
    assert list(reliability) == [0, 0, 0.9]


def test_every_step_of_the_test_part_is_forecast_once_through_a_clock_change():
    """Clocks go forward on 5 October 2014: that day has 23 hours, and origins stay at midnight."""
    table = table_of(days=30)
    folds = walk(table, Split(kind="forward", test_from="2014-10-03", every=24, folds=2), SPEC)
    rows = np.concatenate(
        [np.arange(a, b) for f in folds for a, b in zip(f.origins, f.ends, strict=True)]
    )
    np.testing.assert_array_equal(rows, np.arange(rows[0], rows[-1] + 1))
    origins = table.index[np.concatenate([f.origins for f in folds])]
    assert set(origins.hour) == {0}
    lengths = np.concatenate([f.ends - f.origins for f in folds])
    assert lengths[2] == 23
    assert set(np.delete(lengths, 2)) == {24}


def test_overlapping_windows_end_inside_the_test_part():
    """Test rows 240 to 479, horizon 24, every step: origins 240 to 456."""
    table = table_of(zone="Asia/Shanghai")
    split = Split(kind="forward", test_from="2014-10-02", test_to="2014-10-11", every=1)
    (fold,) = walk(table, split, SPEC)
    assert (fold.origins[0], fold.origins[-1], fold.ends[-1]) == (240, 456, 480)


def test_a_contract_in_hours_keeps_its_day_on_quarter_hours():
    times = pd.date_range("2024-01-01", periods=20 * 96, freq="15min", tz="Asia/Shanghai")
    table = pd.DataFrame({"load": 1.0}, index=times)
    (fold,) = walk(table, Split(kind="forward", every=24), SPEC)
    assert set(fold.ends - fold.origins) == {96}


def test_a_random_split_of_a_series_is_refused():
    with pytest.raises(ContractError, match="forward in time"):
        walk(table_of(), Split(kind="none"), SPEC)


def test_a_test_part_without_history_is_refused():
    with pytest.raises(ContractError, match="longer history"):
        walk(table_of(3), Split(kind="forward", test_share=0.9, every=24), SPEC)


def test_a_forecast_of_the_wrong_rows_is_a_fault_of_the_pack():
    pack = pack_of([])
    pack.predict = lambda model, history, ahead, *, spec: pd.DataFrame({"p50": [1.0]})
    with pytest.raises(PackError, match="indexed like"):
        forecast.run(pack, Inputs({"table": table_of()}), case=case_of(), spec=SPEC)


def windows_pack(seen: list) -> SimpleNamespace:
    """Two targets, the last reading for ever; the baseline says nought."""

    def predict_windows(model, windows, *, spec):
        pasts = np.stack([windows.of(t)[:, 0] for t in spec.target], axis=-1)
        seen.append(pasts)
        return np.repeat(pasts[:, None, -1:, :], spec.horizon, axis=2)

    return SimpleNamespace(
        fit=lambda history, *, spec: None,
        predict_windows=predict_windows,
        baseline_windows=lambda windows, *, spec: np.zeros(
            (len(windows.origins), 1, spec.horizon, 2)
        ),
    )


def test_windows_hold_exactly_the_steps_before_each_origin():
    seen: list = []
    table = table_of(zone="Asia/Shanghai")
    spec = replace(SPEC, target=("load", "warmth"), horizon=3, params={"lookback": 5})
    case = case_of(every=1, folds=1, test_share=0.5)
    got = forecast.run(windows_pack(seen), Inputs({"table": table}), case=case, spec=spec)
    pasts = np.concatenate(seen)
    assert pasts.shape == (240 - 2, 5, 2)
    np.testing.assert_array_equal(pasts[0, :, 0], [236, 237, 238, 239, 240])
    # Persistence of a line is 1, 2, 3 steps behind; both targets are the same line when scaled.
    spread = np.std(np.arange(240))
    assert got.scores["mse"] == pytest.approx((1 + 4 + 9) / 3 / spread**2)


def test_served_rows_are_the_steps_after_the_last_reading():
    table = table_of()
    table.loc[table.index[-24:], "load"] = np.nan
    told = forecast.serve(pack_of([]), 0, Inputs({"table": table}), spec=SPEC)
    assert told.index.equals(table.index[-24:])
    plain = forecast.serve(pack_of([]), 0, Inputs({"table": table_of()}), spec=SPEC)
    assert len(plain) == 24
    assert plain.index[0] == table_of().index[-1] + pd.Timedelta(hours=1)


PANEL = {
    "time": Column(role="time", step="1h", zone="Asia/Shanghai"),
    "station": Column(role="group"),
    "pm": Column(role="target", unit="ug/m3"),
    "warmth": Column(unit="degC", known_ahead=True, required=False),
}


def panel_table(hours: int = 240) -> pd.DataFrame:
    """Station a rises by one an hour, b by two."""
    times = pd.date_range("2024-01-01", periods=hours, freq="1h", tz="Asia/Shanghai", name="time")
    step = np.arange(hours, dtype=float)
    parts = [
        pd.DataFrame({"station": s, "pm": k * step, "warmth": step}, index=times)
        for s, k in (("a", 1), ("b", 2))
    ]
    return pd.concat(parts).sort_index(kind="stable")


def panel_pack(seen: list) -> SimpleNamespace:
    """The last reading for ever, an interval of 5 and 50 about it; the baseline is one hour older."""

    def fit(history, *, spec):
        seen.append(history)

    def predict_windows(model, windows, *, spec):
        seen.append(windows)
        last = np.repeat(windows.of("pm")[..., -1:], windows.horizon, axis=2)
        return np.stack([last - 5, last, last + 5, last + 50], axis=-1)

    def score(answers, *, spec):
        return {
            "mae_b": float((answers["actual"] - answers["p50"])[answers["series"] == "b"].mean())
        }

    return SimpleNamespace(
        LEVELS=(0.1, 0.5, 0.9, 0.99),
        fit=fit,
        predict_windows=predict_windows,
        baseline_windows=lambda windows, *, spec: np.repeat(
            windows.of("pm")[..., -2:-1], windows.horizon, axis=2
        ),
        score=score,
    )


def test_a_panel_is_scored_over_all_series_with_the_fields_own_scores():
    """The last reading is 1, 2, 3 behind for a and 2, 4, 6 for b: 3 in the mean, 4 for b."""
    seen: list = []
    spec = replace(SPEC, target="pm", horizon=3, columns=PANEL, params={"lookback": 2})
    case = replace(case_of(every=3, folds=1, test_share=0.5), columns=PANEL)
    got = forecast.run(panel_pack(seen), Inputs({"table": panel_table()}), case=case, spec=spec)
    assert got.scores["mae"] == pytest.approx(3)
    assert got.trivial["mae"] == pytest.approx(4.5)
    assert got.scores["mae_b"] == pytest.approx(4)
    assert got.scores["coverage"] == pytest.approx(100 * 5 / 6)
    series = got.tables["series"].set_index("series")
    assert series.loc["a", "ours"] == pytest.approx(2)
    assert series.loc["b", "n"] == got.facts["origins"] * 3
    assert list(got.tables["reliability"]["predicted"]) == [0.1, 0.5, 0.9, 0.99]
    assert set(got.tables["forecast"]["unit"]) == {"a", "b"}
    fitted, windows = seen[0], seen[1]
    assert fitted.index.max() < windows.origins[0]


def test_a_panel_is_served_one_row_a_step_and_series():
    spec = replace(SPEC, target="pm", horizon=3, columns=PANEL, params={"lookback": 2})
    told = forecast.serve(panel_pack([]), None, Inputs({"table": panel_table()}), spec=spec)
    assert list(told.columns) == ["station", "p10", "p50", "p90", "p99"]
    assert list(told["p50"]) == [239.0] * 3 + [478.0] * 3
    assert told.index[0] == panel_table().index[-1] + pd.Timedelta(hours=1)


def test_an_answer_of_the_wrong_shape_is_a_fault_of_the_pack():
    pack = panel_pack([])
    pack.predict_windows = lambda model, windows, *, spec: windows.of("pm")
    spec = replace(SPEC, target="pm", horizon=3, columns=PANEL, params={"lookback": 2})
    case = replace(case_of(every=3, folds=1, test_share=0.5), columns=PANEL)
    with pytest.raises(PackError, match="shape"):
        forecast.run(pack, Inputs({"table": panel_table()}), case=case, spec=spec)
