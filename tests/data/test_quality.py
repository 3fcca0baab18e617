"""Near-duplicates, crossing groups, leaking columns; the spoilt rows are put in by hand."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from qianhang.data import groups_across, leak_probe, near_duplicate_texts, near_duplicates


def people(size: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": draw.normal(50, 10, size),
            "pressure": draw.normal(130, 20, size),
            "sex": draw.choice(["m", "f"], size),
        }
    )
    return frame, np.where(np.arange(size) < 300, "train", "test")


def test_copied_and_slightly_moved_rows_are_found_across_the_split() -> None:
    frame, part = people()
    frame.loc[350] = frame.loc[10]
    frame.loc[360] = frame.loc[20]
    frame.loc[360, "age"] += 1e-6
    found = near_duplicates(frame, part)
    assert found.values.tolist() == [[350, 10, "exact"], [360, 20, "near"]]


def test_copies_within_one_part_and_independent_rows_are_no_duplicates() -> None:
    frame, part = people()
    frame.loc[11] = frame.loc[10]
    assert near_duplicates(frame, part).empty


def test_same_reading_at_another_hour_is_no_duplicate() -> None:
    hours = pd.date_range("2026-01-01", periods=200, freq="1h", tz="UTC")
    frame = pd.DataFrame({"power": np.zeros(200), "sun": np.zeros(200)}, index=hours)
    part = np.repeat(["train", "test"], 100)
    assert near_duplicates(frame, part).empty


def test_rows_that_must_coincide_by_chance_are_no_duplicates() -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.integers(0, 3, 500), "b": draw.choice(["x", "y"], 500)})
    assert near_duplicates(frame, np.repeat(["train", "test"], 250)).empty


def test_missing_cells_compare_equal() -> None:
    frame, part = people()
    frame.loc[10, "pressure"] = np.nan
    frame.loc[350] = frame.loc[10]
    assert near_duplicates(frame, part).row.tolist() == [350]


def test_near_duplicates_of_a_hundred_thousand_rows_are_quick() -> None:
    frame, _ = people(100_000)
    start = time.process_time()
    near_duplicates(frame, np.arange(100_000) % 2)
    assert time.process_time() - start < 2.0


def test_groups_that_cross_are_listed() -> None:
    assert groups_across(["a", "a", "b", "c", "c"], [0, 1, 0, 1, 1]) == ["a"]
    assert groups_across([1, 2], ["train", "test"]) == []


def test_texts_that_differ_by_a_few_characters_are_found() -> None:
    law = "国家机关、社会团体、企业事业单位应当依法履行节约用水的义务，建立健全节约用水制度。"
    other = "县级以上人民政府应当加强对防汛抗旱工作的领导，采取措施做好防汛抗旱的各项准备。"
    texts = [law, other, law.replace("健全", ""), "全然不同的一句话，与上面两条毫无关系可言。"]
    found = near_duplicate_texts(texts, ["train", "train", "test", "test"], threshold=0.7)
    assert found[["row", "twin"]].values.tolist() == [[2, 0]]


def test_similarity_is_the_share_of_four_grams_in_common() -> None:
    """abcdefgh has 5 four-grams, abcdefgx shares 4 of them: 4 / 6 by hand."""
    found = near_duplicate_texts(["abcdefgh", "abcdefgx"], [0, 1], threshold=0.5)
    assert found.similarity.tolist() == pytest.approx([4 / 6])


def test_short_empty_and_no_texts_do_not_break() -> None:
    assert near_duplicate_texts(["", "a", "ab"], [0, 1, 1]).empty
    assert near_duplicate_texts([], []).empty


def test_leaking_column_and_sorted_rows_are_named() -> None:
    """A column that is the target tells it fully; so does the row number when rows are sorted."""
    draw = np.random.default_rng(0)
    target = np.repeat([0, 1], 100)
    frame = pd.DataFrame({"fair": draw.normal(size=200), "leak": target * 2.0 - 1})
    found = leak_probe(frame, target).set_index("column").auc
    assert found.to_dict() == {"(row number)": 1.0, "leak": 1.0}
    shuffled = draw.permutation(200)
    assert leak_probe(frame.iloc[shuffled], target[shuffled]).column.tolist() == ["leak"]


def test_category_that_gives_the_target_away_is_named() -> None:
    draw = np.random.default_rng(0)
    target = draw.integers(0, 2, 300)
    frame = pd.DataFrame({"ward": np.where(target == 1, "cardiac", "other")})
    assert leak_probe(frame, target).column.tolist() == ["ward"]


def test_leak_probe_wants_two_outcomes() -> None:
    with pytest.raises(ValueError, match="3 values"):
        leak_probe(pd.DataFrame({"a": [1, 2, 3]}), ["x", "y", "z"])
