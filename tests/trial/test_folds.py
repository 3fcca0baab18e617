"""Splits: who may be learnt from, who is scored; no leak of time, place or group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Column, Split
from qianhang.core.spec import Spec
from qianhang.trial.folds import cut, labelled


def spec(**roles: str) -> Spec:
    return Spec(columns={name: Column(role=role) for name, role in roles.items()}, seed=1)


def hours(n: int = 100) -> pd.DataFrame:
    index = pd.date_range("2026-01-01", periods=n, freq="1h", tz="Asia/Shanghai", name="time")
    return pd.DataFrame({"x": np.arange(n)}, index=index)


def test_forward_folds_never_learn_from_what_comes_later() -> None:
    table = hours()
    folds = cut(table, Split(kind="forward", folds=3, test_share=0.3), spec=spec(time="time"))
    assert [len(f.test) for f in folds] == [10, 10, 10]
    for fold in folds:
        assert table.index[fold.train].max() < table.index[fold.test].min()
    assert folds[-1].test[-1] == 99


def test_forward_split_may_start_and_stop_on_a_named_day() -> None:
    split = Split(kind="forward", test_from="2026-01-03", test_to="2026-01-04")
    (fold,) = cut(hours(), split, spec=spec(time="time"))
    assert (fold.train[-1], fold.test[0], fold.test[-1]) == (47, 48, 71)
    assert fold.name == "2026-01-03"


def test_rows_of_one_moment_stay_on_one_side() -> None:
    table = hours(50)
    doubled = pd.concat([table, table])
    (fold,) = cut(doubled, Split(kind="forward", test_share=0.31), spec=spec(time="time"))
    assert not set(doubled.index[fold.train]) & set(doubled.index[fold.test])


def test_a_group_is_never_on_both_sides_and_every_row_is_scored_once() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"person": rng.integers(0, 40, 200), "x": 1.0})
    events = rng.random(200) < 0.3
    folds = cut(table, Split(kind="group", folds=5), spec=spec(person="group"), events=events)
    assert len(folds) == 5
    for fold in folds:
        assert not set(table["person"].iloc[fold.train]) & set(table["person"].iloc[fold.test])
    np.testing.assert_array_equal(np.sort(np.concatenate([f.test for f in folds])), np.arange(200))


def test_each_unit_is_held_out_in_turn() -> None:
    table = pd.DataFrame({"farm": list("aabbc"), "x": 1.0})
    folds = cut(table, Split(kind="unit_out", column="farm"), spec=spec(x="feature"))
    assert [f.name for f in folds] == ["a", "b", "c"]
    np.testing.assert_array_equal(folds[1].test, [2, 3])


def test_seasons_are_the_years_of_the_time_column() -> None:
    index = pd.date_range("2023-01-01", "2025-12-31", freq="10D", tz="UTC", name="time")
    table = pd.DataFrame({"x": 1.0}, index=index)
    folds = cut(table, Split(kind="season_out", column="time"), spec=spec(time="time"))
    assert [f.name for f in folds] == ["2023", "2024", "2025"]
    assert set(index[folds[0].test].year) == {2023}


def test_spatial_blocks_are_neighbours_of_near_equal_size() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.uniform(0, 10, 400), "y": rng.uniform(0, 1, 400)})
    split = Split(kind="spatial_block", column="x,y", folds=4)
    folds = cut(table, split, spec=spec(x="place", y="place"))
    assert [len(f.test) for f in folds] == [100] * 4
    spans = sorted((table["x"].iloc[f.test].min(), table["x"].iloc[f.test].max()) for f in folds)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))


def test_a_given_column_is_followed() -> None:
    table = pd.DataFrame({"part": ["train", "test", "train", ""], "x": 1.0})
    (fold,) = cut(table, Split(kind="given", column="part"), spec=spec(x="feature"))
    np.testing.assert_array_equal(labelled(fold, 4), ["train", "test", "train", ""])


@pytest.mark.parametrize("role", ["time", "place", "group"])
def test_a_random_split_is_refused_where_a_column_orders_or_groups_the_rows(role) -> None:
    with pytest.raises(ContractError, match="random split is refused: k") as caught:
        cut(pd.DataFrame({"k": [1, 2, 3]}), Split(kind="none"), spec=spec(k=role))
    assert caught.value.code == "QH131"


def test_a_random_split_serves_where_nothing_orders_the_rows() -> None:
    folds = cut(pd.DataFrame({"x": range(20)}), Split(kind="none", folds=4), spec=spec(x="feature"))
    assert [len(f.test) for f in folds] == [5] * 4


@pytest.mark.parametrize(
    "split",
    [
        Split(kind="group", column="k", folds=5),
        Split(kind="group", folds=2),
        Split(kind="spatial_block", folds=2),
        Split(kind="unit_out", column="missing"),
        Split(kind="unit_out", column="one"),
    ],
)
def test_a_split_that_cannot_be_made_is_told(split) -> None:
    table = pd.DataFrame({"k": [1, 1, 2], "one": [1, 1, 1]})
    with pytest.raises(ContractError) as caught:
        cut(table, split, spec=spec(x="feature"))
    assert caught.value.code == "QH132"
