"""Formula trials: figures against what was published, which the pack does not see."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from qianhang import trial as trials
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Words
from qianhang.core.spec import Spec
from qianhang.engines.formula import Book, Constant

CASE = Case(name="c", title=Words("例", "case"))
BOOK = Book.of([Constant("f", 2.0, "t/t", 1.8, 2.2, "a handbook", "1")])
ROWS = pd.DataFrame({"town": ["a", "b"], "burnt": [10.0, 20.0]})
TRUTH = pd.DataFrame({"town": ["a", "b"], "value": [20.0, 50.0]})


def compute(inputs, *, spec):
    assert "truth" not in inputs
    value = inputs.table["burnt"] * 2.0
    band = {"low": 0.9 * value, "high": 1.1 * value}
    return pd.DataFrame({"town": inputs.table["town"], "value": value, **band, "unit": "t"})


def baseline(inputs, *, spec):
    value = inputs.table["burnt"] * 1.0
    return pd.DataFrame({"town": inputs.table["town"], "value": value, "unit": "t"})


PACK = SimpleNamespace(constants=lambda *, spec: BOOK, compute=compute, baseline=baseline)


def tried(pack=PACK, **more):
    inputs = Inputs({"table": ROWS, **more})
    return trials.run(pack, inputs, task="formula", case=CASE, spec=Spec())


def test_figures_are_held_against_published_ones_that_the_pack_does_not_see():
    """By hand: 40 beside 50 is off by 0.2 and outside 36 to 44; the baseline's 20 by 0.6."""
    trial = tried(truth=TRUTH)
    assert trial.scores["closure_error"] == pytest.approx(0.2)
    assert trial.scores["closure_mean"] == pytest.approx(0.1)
    assert trial.scores["held"] == 50.0
    assert trial.scores["total"] == 60.0
    assert trial.trivial["closure_error"] == pytest.approx(0.6)
    assert trial.facts["against"] == "published"


def test_differences_are_shown_with_the_worst_first():
    closed = tried(truth=TRUTH).tables["closure"]
    assert closed["town"].tolist() == ["b", "a"]
    (row,) = tried(truth=TRUTH).tables["constants"].to_dict("records")
    assert row["source"] == "a handbook"
    assert (row["first"], row["last"]) == ("", "")


def test_levels_are_scored_each_by_itself_and_only_the_first_is_the_total():
    def levels(inputs, *, spec):
        one = compute(inputs, spec=spec).assign(level="town")
        return pd.concat([one, one.assign(level="street", value=one["value"] / 2)])

    truth = pd.concat(
        [TRUTH.assign(level="town"), TRUTH.assign(level="street", value=[10.0, 20.0])]
    )
    pack = SimpleNamespace(constants=PACK.constants, compute=levels, baseline=levels)
    scores = tried(pack, truth=truth).scores
    assert scores["closure_error_town"] == pytest.approx(0.2)
    assert scores["closure_error_street"] == pytest.approx(0.0)
    assert scores["total"] == 60.0


def test_a_recount_stands_in_where_nothing_was_published():
    pack = SimpleNamespace(**vars(PACK), recount=lambda inputs, *, spec: TRUTH)
    trial = tried(pack)
    assert trial.scores["closure_error"] == pytest.approx(0.2)
    assert trial.facts["against"] == "recount"


def test_figures_with_nothing_to_be_held_against_are_refused():
    with pytest.raises(ValueError, match="no input `truth`"):
        tried()


def test_practice_and_tables_of_the_pack_are_shown():
    def shown(inputs, results, *, spec):
        return {"rows": results}

    pack = SimpleNamespace(**vars(PACK), practice=baseline, tables=shown)
    trial = tried(pack, truth=TRUTH)
    assert trial.practice["closure_error"] == pytest.approx(0.6)
    assert "rows" in trial.tables
    assert trial.model is None


def test_the_service_answers_with_figures_and_their_intervals():
    served = trials.serve(PACK, None, Inputs({"table": ROWS}), task="formula", spec=Spec())
    assert served["value"].tolist() == [20.0, 40.0]
    assert {"low", "high", "unit"} <= set(served.columns)


def test_figures_have_no_parts_to_cut():
    assert trials.parts(Inputs({"table": ROWS}), task="formula", case=CASE, spec=Spec()) == ()
