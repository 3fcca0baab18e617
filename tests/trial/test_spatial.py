"""Spatial trials: samples foretold without themselves, alone and by whole blocks."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from qianhang import trial as trials
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Split, Words
from qianhang.core.spec import Spec
from qianhang.engines import spatial
from qianhang.trial import spatial as spatial_trial

COLUMNS = {
    "hole": Column(role="id", kind="text"),
    "x": Column(role="place", unit="m"),
    "y": Column(role="place", unit="m"),
    "ash": Column(role="target", unit="%"),
}
SPEC = Spec(target="ash", columns=COLUMNS)


def case(**split: object) -> Case:
    return Case(name="c", title=Words("例", "case"), split=Split(**split))


ONE_BY_ONE = case(kind="unit_out", column="hole")


def table(n: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 100, n), rng.uniform(0, 100, n)
    ash = 20 + 5 * np.sin(x / 20) + 4 * np.cos(y / 25) + rng.normal(0, 0.5, n)
    return pd.DataFrame({"hole": [f"H{k}" for k in range(n)], "x": x, "y": y, "ash": ash})


def held(train):
    return train[["x", "y"]].to_numpy(), train["ash"].to_numpy()


def fit(train, *, spec):
    return spatial.Field.fit(*held(train), kinds=["spherical"])


def predict(model, points, *, spec):
    assert "ash" not in points
    found = model.predict(points[["x", "y"]].to_numpy())
    band = {"sd": found.sd, "low": found.low, "high": found.high}
    return pd.DataFrame({"estimate": found.estimate, **band}, index=points.index)


def baseline(train, points, *, spec):
    found = spatial.nearest(*held(train), points[["x", "y"]].to_numpy())
    return pd.Series(found, index=points.index)


def practice(train, points, *, spec):
    found = spatial.inverse_distance(*held(train), points[["x", "y"]].to_numpy(), power=2.0)
    return pd.Series(found, index=points.index)


def extra(model, inputs, *, spec):
    return {"size": pd.DataFrame({"samples": [len(inputs.table)]})}


PACK = SimpleNamespace(fit=fit, predict=predict, baseline=baseline, practice=practice, tables=extra)


def tried(pack=PACK, given=None, how=ONE_BY_ONE):
    inputs = Inputs({"table": table() if given is None else given})
    return trials.run(pack, inputs, task="spatial", case=how, spec=SPEC)


@pytest.fixture(scope="module")
def trial():
    return tried()


def test_every_sample_is_foretold_once_by_a_model_that_did_not_see_it(trial):
    """Independent: the nearest other sample, by all distances."""
    rows, shown = table(), trial.tables["foretold"]
    assert len(shown) == len(rows)
    places = rows[["x", "y"]].to_numpy()
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    expected = rows["ash"].to_numpy()[apart.argmin(axis=1)]
    by_place = shown.set_index(["x", "y"]).loc[list(map(tuple, places))]
    np.testing.assert_allclose(by_place["trivial"], expected)
    np.testing.assert_allclose(by_place["actual"], rows["ash"])


def test_scores_are_those_of_the_held_out_samples_together(trial):
    shown = trial.tables["foretold"]
    apart = shown["predicted"] - shown["actual"]
    assert trial.scores["rmse"] == pytest.approx(np.sqrt((apart**2).mean()))
    inside = (shown["low"] <= shown["actual"]) & (shown["actual"] <= shown["high"])
    assert trial.scores["coverage"] == pytest.approx(100 * inside.mean())
    ratio = trial.scores["rmse"] / trial.practice["rmse"]
    assert trial.scores["rmse_ratio"] == pytest.approx(ratio)
    assert trial.practice["rmse_ratio"] == pytest.approx(1.0)


def test_folds_of_single_samples_are_judged_only_together(trial):
    assert [f.name for f in trial.folds] == ["all"]
    assert trial.facts["folds"] == 30


def test_whole_blocks_held_out_are_harder_and_shown_beside(trial):
    assert trial.scores["rmse_block"] > trial.scores["rmse"]
    assert "coverage_block" in trial.scores
    assert "rmse_block" in trial.trivial


def test_tables_and_model_of_the_pack_are_made_of_all_samples(trial):
    assert trial.tables["size"]["samples"].iloc[0] == 30
    assert len(trial.model.values) == 30


def test_large_folds_are_judged_each():
    found = tried(given=table(80), how=case(kind="spatial_block", folds=2, column="x,y"))
    assert len(found.folds) == 2
    assert "rmse_block" not in found.scores


def test_ratio_is_to_the_trivial_baseline_where_there_is_no_practice():
    pack = SimpleNamespace(fit=fit, predict=predict, baseline=baseline)
    found = tried(pack)
    assert found.scores["rmse_ratio"] == found.scores["rmse"] / found.trivial["rmse"]


@pytest.mark.parametrize(
    ("column", "value", "says"), [("high", -1.0, "outside its own band"), ("sd", np.nan, "finite")]
)
def test_an_answer_that_is_no_estimate_is_refused(column, value, says):
    def spoilt(model, points, *, spec):
        return predict(model, points, spec=spec).assign(**{column: value})

    with pytest.raises(ValueError, match=says):
        tried(SimpleNamespace(fit=fit, predict=spoilt, baseline=baseline))


def test_two_samples_at_one_place_are_refused_before_anything_is_fitted():
    rows = table()
    rows.loc[1, ["x", "y"]] = rows.loc[0, ["x", "y"]].to_numpy()
    with pytest.raises(ContractError, match=r"QH132 two samples at x = .*average"):
        trials.parts(Inputs({"table": rows}), task="spatial", case=ONE_BY_ONE, spec=SPEC)


def test_a_random_split_is_refused():
    with pytest.raises(ContractError, match="QH131"):
        tried(how=case(kind="none", folds=5))


def test_parts_are_the_folds_of_the_split():
    parts = trials.parts(Inputs({"table": table()}), task="spatial", case=ONE_BY_ONE, spec=SPEC)
    assert len(parts) == 30
    assert all((labels == "test").sum() == 1 for _, _, labels in parts)


def test_a_kept_model_is_asked_about_new_places_without_their_target(trial):
    rows = Inputs({"table": table(5)})
    served = spatial_trial.serve(PACK, trial.model, rows, spec=SPEC)
    assert list(served.columns) == ["x", "y", "estimate", "sd", "low", "high"]
