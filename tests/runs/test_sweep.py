"""A scenario over seeds and parameters: what is asked for, the lines, their spread."""

from __future__ import annotations

import pytest

from qianhang.core.errors import UsageError
from qianhang.runs import Request
from qianhang.runs.sweep import Line, requests, seeds_of, spreads, sweep
from qianhang.store import Settings


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-3", (0, 1, 2, 3)), ("7", (7,)), ("4, 1,3-4", (4, 1, 3))]
)
def test_seeds_are_ranges_and_single_ones_each_once(text, seeds):
    assert seeds_of(text) == seeds


@pytest.mark.parametrize(
    "text", ["-1", "-1-3", "3-1", "", "a", "0-", "0-5000", "2147483648", "1.5"]
)
def test_anything_else_is_no_seeds(text):
    with pytest.raises(UsageError, match="seeds: found"):
        seeds_of(text)


def test_every_choice_of_values_meets_every_seed(pack):
    name = next(iter(pack.manifest.find_case("").params), None)
    asked = Request(str(pack.folder))
    if name is None:
        with pytest.raises(UsageError, match="does not exist"):
            requests(asked, (0, 1), {"x": ("1", "2")})
    assert [one.seed for one in requests(asked, (5, 6), {})] == [5, 6]
    with pytest.raises(UsageError, match="1001 runs"):
        requests(asked, tuple(range(1001)), {})


def test_a_spread_is_mean_and_deviation_over_the_seeds_of_one_choice():
    """0.6 and 0.8: mean 0.7, sample deviation 0.1414; the failed one counts nowhere."""
    lines = (
        Line(0, {"x": "1"}, "a", scores={"auroc": 0.6}),
        Line(1, {"x": "1"}, "b", scores={"auroc": 0.8}),
        Line(2, {"x": "1"}, error="QH510 it failed"),
        Line(0, {"x": "2"}, "c", scores={"auroc": 0.5}),
    )
    found = [(one.params["x"], one.runs, round(one.mean, 4), round(one.deviation, 4))
             for one in spreads(lines)]  # fmt: skip
    assert found == [("1", 2, 0.7, 0.1414), ("2", 1, 0.5, 0.0)]


def test_a_run_that_fails_does_not_stop_the_others(home, registered):
    scenario = registered("odd", fit="_ = 1 / (spec.seed - 1)")
    every = requests(Request(scenario, "sample"), (0, 1), {})
    told = []
    lines = sweep(every, settings=Settings.load(), at_once=2, tell=told.append)
    assert [one.seed for one in lines] == [0, 1]
    assert [bool(one.error) for one in lines] == [False, True]
    assert len(told) == 2
    assert all(one.scores and one.pool == "local" for one in lines if one.run)
