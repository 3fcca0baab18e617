"""Cardiovascular risk pack: bars on real people, the published equation, coding, service."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core.inputs import Inputs
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.engines.survive import RiskTable
from qianhang.trial import survive
from qianhang.trial.verdict import judge

PACK = find("health.cvd_risk")
CODE = PACK.code


def opened(name: str):
    from qianhang.data import open_inputs

    case = PACK.manifest.find_case(name)
    spec = make(PACK.manifest, case, seed=0, params={})
    return CODE.read(open_inputs(PACK.manifest, case, data=None).inputs, spec=spec), case, spec


@pytest.fixture(scope="module")
def spec():
    return make(PACK.manifest, PACK.manifest.find_case(), seed=0, params={})


@pytest.mark.data
def test_every_bar_is_met_on_the_framingham_people(data_root: Path) -> None:
    inputs, case, spec = opened("framingham")
    assert len(inputs.table) == 4215
    trial = survive.run(CODE, inputs, case=case, spec=spec)
    judgement = judge(trial, case)
    assert judgement.verdict == "met", [(b.bar.metric, b.value) for b in judgement.bars]
    assert judgement.beats_trivial
    assert trial.scores["c"] > trial.practice["c"] > trial.trivial["c"]
    published = trial.facts["published"]
    assert published["c"] == pytest.approx(0.757, abs=0.001)
    assert published["oe"] < 0.75, "the equation predicts a third too many events"
    groups = trial.tables["subgroups"]
    assert groups["held"].all()
    assert set(groups["group"]) == {"sex", "age"}


def test_every_bar_is_met_on_the_patients_that_a_library_ships() -> None:
    pytest.importorskip("sksurv")
    inputs, case, spec = opened("infarction")
    trial = survive.run(CODE, inputs, case=case, spec=spec)
    judgement = judge(trial, case)
    assert judgement.verdict == "met", [(b.bar.metric, b.value) for b in judgement.bars]
    assert "los" not in trial.facts["predictors"]
    assert trial.facts["published"] == {}


def test_the_published_equation_gives_the_risk_worked_out_by_hand(spec) -> None:
    """Man of 53, BMI 27, 130 mmHg untreated, smoker, no diabetes, weights of the office equation:
    3.11296 ln 53 + 0.79277 ln 27 + 1.85508 ln 130 + 0.70953 = 24.7113, so
    1 - 0.88431 ** exp(24.7113 - 23.9388) = 0.2337. Woman, treated, diabetic likewise."""
    row = {"age": 53.0, "bmi": 27.0, "sbp": 130.0, "smoker": True, "diabetes": False}
    man = {**row, "sex": "male", "treated": 0.0}
    woman = {**row, "sex": "female", "treated": 1.0, "diabetes": True}
    risks = CODE.published(pd.DataFrame([man, woman]), spec=spec)
    score = 3.11296 * math.log(53) + 0.79277 * math.log(27) + 1.85508 * math.log(130) + 0.70953
    assert risks.iloc[0] == pytest.approx(1 - 0.88431 ** math.exp(score - 23.9388))
    score = 2.72107 * math.log(53) + 0.51125 * math.log(27) + 2.88267 * math.log(130)
    score += 0.61868 + 0.77763
    assert risks.iloc[1] == pytest.approx(1 - 0.94833 ** math.exp(score - 26.0145))
    assert CODE.published(pd.DataFrame([man]).drop(columns="bmi"), spec=spec) is None


@pytest.mark.parametrize(
    ("codes", "male"),
    [
        (("男", "女"), "1"),
        (("M", "F"), "1"),
        (("1", "2"), "1"),
        ((1.0, 2.0), "1"),
        (("0", "1"), "0"),
        (("2", "1"), "2"),
    ],
)
def test_sex_may_be_coded_in_any_way(codes, male) -> None:
    inputs = CODE.sample(0)
    case = PACK.manifest.find_case()
    spec = make(PACK.manifest, case, seed=0, params={"male": male})
    coded = inputs.table["sex"].map(dict(zip(("male", "female"), codes, strict=True)))
    read = CODE.read(inputs.replace(table=inputs.table.assign(sex=coded)), spec=spec)
    assert (read.table["sex"] == inputs.table["sex"]).all()


def test_only_people_free_of_disease_at_the_chosen_exam_are_learnt_from(spec) -> None:
    table = (
        CODE.sample(0)
        .table.head(4)
        .assign(
            exam=[1, 2, 1, 1],
            start=[0.0, 100.0, 0.0, 0.0],
            prior_chd=[False, False, True, False],
            prior_stroke=[False, False, False, True],
        )
    )
    read = CODE.read(Inputs({"table": table}), spec=spec).table
    assert list(read["person"]) == ["p0"]
    later = make(PACK.manifest, PACK.manifest.find_case(), seed=0, params={"exam": "2"})
    second = CODE.read(Inputs({"table": table}), spec=later).table
    assert list(second["person"]) == ["p1"]
    assert second["follow_up"].iloc[0] == table["follow_up"].iloc[1] - 100


def test_served_rows_carry_risk_limits_and_drivers_but_none_after_disease(spec) -> None:
    train = CODE.sample(0).table
    model = CODE.fit(train, spec=spec)
    new = CODE.sample(1).table.head(20).drop(columns=["follow_up", "event"])
    new = new.assign(prior_stroke=[True] + [False] * 19)
    rows = CODE.read(Inputs({"table": new}), spec=spec)
    served = survive.serve(CODE, model, rows, spec=spec)
    assert len(served) == 20
    assert (served["person"] == new["person"]).all()
    told = served.drop(columns=["person", "prior_stroke"])
    assert told.iloc[0].isna().all()
    rest = told.iloc[1:]
    assert rest["risk"].between(rest["low"], rest["high"]).all()
    assert rest["drivers"].str.contains(r"^\w+ [+-]\d\.\d\d; ").all()
    again = CODE.predict(RiskTable.from_files(model.to_files()), rows.table, spec=spec)
    pd.testing.assert_frame_equal(again, told)


def test_a_cohort_without_cigarettes_or_exams_is_served_all_the_same(spec) -> None:
    table = CODE.sample(0).table.drop(columns=["cigarettes", "person"])
    read = CODE.read(Inputs({"table": table}), spec=spec).table
    model = CODE.fit(read, spec=spec)
    assert "log1p(cigarettes)" not in model.design.terms
    assert "log(age)*smoker" in model.design.terms
    assert np.isfinite(CODE.predict(model, read, spec=spec)["risk"]).all()


def test_the_sample_lies_within_the_contract() -> None:
    from qianhang.data import check

    case = PACK.manifest.find_case()
    assert len(check(CODE.sample(3).table, case.columns).frame) == 1200
    pd.testing.assert_frame_equal(CODE.sample(3).table, CODE.sample(3).table)
