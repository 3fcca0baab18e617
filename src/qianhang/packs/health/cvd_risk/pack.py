"""Ten-year cardiovascular risk: ridge Cox with the form of SCORE2, beside the Framingham equation.

Sources: SCORE2 working group (2021), Eur. Heart J. 42:2439, for the form (age interactions);
D'Agostino and others (2008), Circulation 117:743, office equation, for the published figures.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines.classify import Design
from qianhang.engines.survive import RiskTable, administrative, signed

FORM = (
    "sex=male", "log(age)", "log(age)*log(age)", "log(sbp)", "treated", "log(cholesterol)",
    "smoker", "log1p(cigarettes)", "diabetes", "log(bmi)", "log(age)*log(sbp)",
    "log(age)*log(cholesterol)", "log(age)*smoker", "log(age)*diabetes",
)  # fmt: skip
# Survival at ten years, mean score, then the weights of log age, log bmi, log systolic pressure
# untreated and treated, smoking, diabetes.
OFFICE = {
    "male": (0.88431, 23.9388, 3.11296, 0.79277, 1.85508, 1.92672, 0.70953, 0.53160),
    "female": (0.94833, 26.0145, 2.72107, 0.51125, 2.81291, 2.88267, 0.61868, 0.77763),
}


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """People free of cardiovascular disease at the chosen exam, followed up from that exam."""
    table = _ready(inputs.table, spec)
    if "person" not in table:
        table = table.assign(person=[str(i) for i in range(len(table))])
    if "follow_up" not in table:
        return inputs.replace(table=table)
    if "start" in table:
        table = table.assign(follow_up=table["follow_up"] - table["start"]).drop(columns="start")
    chosen = (table["follow_up"] > 0) & ~_had_disease(table)
    if "exam" in table:
        chosen &= table["exam"] == spec.params["exam"]
    return inputs.replace(table=table[chosen].reset_index(drop=True))


def _had_disease(table: pd.DataFrame) -> pd.Series[bool]:
    prior = [n for n in ("prior_chd", "prior_stroke") if n in table]
    return table[prior].astype(float).gt(0).any(axis=1)


def _ready(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    codes = table["sex"].astype(str).str.lower().str.removesuffix(".0")
    male = codes.isin(["male", "m", "男", str(spec.params["male"])])
    return table.assign(sex=np.where(male, "male", "female"))


def _predictors(table: pd.DataFrame, spec: Spec) -> list[str]:
    used = [n for n, c in spec.columns.items() if c.role in ("feature", "protected")]
    return [n for n in used if n in table and table[n].notna().any()]


def _fit(train: pd.DataFrame, terms: list[str], *, spec: Spec, plain: bool) -> RiskTable:
    table = _ready(train, spec)
    penalties = (0.0,) if plain else RiskTable.PENALTIES
    target = administrative(signed(table["follow_up"], table["event"]), float(spec.horizon))
    people = table["person"] if "person" in table else np.arange(len(table))
    model = RiskTable(terms, spec.horizon, penalties=penalties, seed=spec.seed)
    return model.fit(table, target, groups=people)


def fit(train: pd.DataFrame, *, spec: Spec) -> RiskTable:
    """Ridge Cox: the known form over the columns that are there, further ones as they are."""
    names = _predictors(train, spec)
    form = [t for t in FORM if set(Design([t]).columns) <= set(names)]
    more = [n for n in names if n not in Design(FORM).columns]
    return _fit(train, form + more, spec=spec, plain=False)


def predict(model: RiskTable, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """risk, score, low, high (95%) and drivers of each row; no risk where disease came before."""
    found = model.predict(_ready(rows, spec))
    return found.mask(_had_disease(rows))


def baseline(train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Age and sex alone."""
    return predict(_fit(train, ["age", "sex=male"], spec=spec, plain=True), rows, spec=spec)


def practice(train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """What a statistician fits first: plain Cox, every predictor as it is, no shrinkage."""
    terms = ["sex=male" if n == "sex" else n for n in _predictors(train, spec)]
    return predict(_fit(train, terms, spec=spec, plain=True), rows, spec=spec)


def published(rows: pd.DataFrame, *, spec: Spec) -> pd.Series[float] | None:
    """The Framingham office equation, unchanged; None where its predictors are not there."""
    if not {"age", "bmi", "sbp", "treated", "smoker", "diabetes"} <= set(rows.columns):
        return None
    table = _ready(rows, spec).fillna({"bmi": float(rows["bmi"].median()), "treated": 0.0})
    free, mean, age, mass, *pressure, smoking, diabetes = np.array([*table["sex"].map(OFFICE)]).T
    weight = np.where(table["treated"].astype(float) > 0, pressure[1], pressure[0])
    score = age * np.log(table["age"]) + mass * np.log(table["bmi"]) + weight * np.log(table["sbp"])
    score += smoking * table["smoker"].astype(float) + diabetes * table["diabetes"].astype(float)
    return pd.Series(1.0 - free ** np.exp(score - mean), index=rows.index)


def sample(seed: int) -> Inputs:
    """Invented people whose risk follows age, sex, pressure, smoking and diabetes."""
    rng, n = np.random.default_rng(seed), 1200
    age, male, sbp = rng.uniform(35, 75, n), rng.random(n) < 0.5, rng.normal(130, 18, n)
    smoker, diabetes, lost = rng.random(n) < 0.4, rng.random(n) < 0.1, rng.uniform(3, 15, n)
    pull = 0.07 * (age - 55) + 0.5 * male + 0.035 * (sbp - 130) + 0.9 * smoker + 0.8 * diabetes
    years = rng.exponential(33 / np.exp(pull))
    table = pd.DataFrame({"person": [f"p{i}" for i in range(n)], "age": age.round(), "sbp": sbp})
    table["sex"] = np.where(male, "male", "female")
    table["treated"], table["smoker"], table["diabetes"] = rng.random(n) < 0.15, smoker, diabetes
    table["cigarettes"] = np.where(smoker, rng.integers(1, 40, n), 0).astype(float)
    table["cholesterol"], table["bmi"] = rng.normal(220, 30, n), rng.uniform(18, 34, n).round(1)
    table["follow_up"] = (365.25 * np.minimum(years, lost)).round() + 1
    return Inputs({"table": table.assign(sbp=sbp.clip(80, 240), event=years <= lost)})
