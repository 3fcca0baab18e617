"""Ten-year cardiovascular risk: ridge Cox with the form of SCORE2, beside the Framingham equation.

Sources: SCORE2 working group (2021), Eur. Heart J. 42:2439, for the form (logs, age interactions);
D'Agostino and others (2008), Circulation 117:743, office equation, for the published figures.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
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
WORDS = {"male": "male", "m": "male", "男": "male", "female": "female", "f": "female", "女": "female"}


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """People free of cardiovascular disease at the chosen exam, followed up from that exam."""
    table = _ready(inputs.table, spec)
    if "follow_up" in table:
        chosen = pd.Series(True, index=table.index)
        if "exam" in table:
            chosen &= table["exam"] == spec.params["exam"]
        for name in {"prior_chd", "prior_stroke"} & set(table.columns):
            chosen &= table[name].astype(float) == 0
        if "start" in table:
            table = table.assign(follow_up=table["follow_up"] - table["start"])
        table = table[chosen & (table["follow_up"] > 0)].reset_index(drop=True)
    if "person" not in table:
        table = table.assign(person=[str(i) for i in range(len(table))])
    unused = ["exam", "start", "prior_chd", "prior_stroke"]
    return inputs.replace(table=table.drop(columns=unused, errors="ignore"))


def _ready(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    codes = table["sex"].astype(str).str.lower().str.removesuffix(".0")
    other = pd.Series(np.where(codes == str(spec.params["male"]), "male", "female"), table.index)
    return table.assign(sex=codes.map(WORDS).fillna(other))


def _terms(table: pd.DataFrame, spec: Spec) -> list[str]:
    """The known form over the columns that are there, and every further predictor as it is."""
    roles = {n: c.role for n, c in spec.columns.items() if n in table and table[n].notna().any()}
    predictors = [n for n, role in roles.items() if role in ("feature", "protected")]
    form = [t for t in FORM if set(Design([t]).columns) <= set(predictors)]
    return form + [n for n in predictors if n not in Design(FORM).columns]


def _fit(train: pd.DataFrame, terms: list[str], *, spec: Spec, plain: bool = False) -> RiskTable:
    table = _ready(train, spec)
    target = administrative(signed(table["follow_up"], table["event"]), float(spec.horizon))
    settings = {"penalties": (0.0,)} if plain else {}
    people = table["person"] if "person" in table else np.arange(len(table))
    model = RiskTable(terms, spec.horizon, seed=spec.seed, **settings)
    return model.fit(table, target, groups=people)


def fit(train: pd.DataFrame, *, spec: Spec) -> RiskTable:
    """Ridge Cox over the form; the penalty is chosen inside `train`, whole people at a time."""
    return _fit(train, _terms(train, spec), spec=spec)


def predict(model: RiskTable, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """risk, score, low, high (95%) and drivers of each row."""
    return model.predict(_ready(rows, spec))


def baseline(train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Age and sex alone."""
    return _fit(train, ["age", "sex=male"], spec=spec, plain=True).predict(_ready(rows, spec))


def practice(train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """What a statistician fits first: plain Cox, every predictor as it is, no shrinkage."""
    roles = ("feature", "protected")
    names = [n for n, c in spec.columns.items() if c.role in roles and n in train]
    terms = ["sex=male" if n == "sex" else n for n in names if train[n].notna().any()]
    return _fit(train, terms, spec=spec, plain=True).predict(_ready(rows, spec))


def published(rows: pd.DataFrame, *, spec: Spec) -> pd.Series[float] | None:
    """The Framingham office equation, unchanged; None where its predictors are not there."""
    if not {"age", "bmi", "sbp", "treated", "smoker", "diabetes"} <= set(rows.columns):
        return None
    table = _ready(rows, spec)
    bmi = table["bmi"].fillna(table["bmi"].median())
    weights = np.array([OFFICE[sex] for sex in table["sex"]]).T
    free, mean, age, mass, untreated, treated, smoking, diabetes = weights
    pressure = np.where(table["treated"].astype(float).fillna(0.0) > 0, treated, untreated)
    score = age * np.log(table["age"]) + mass * np.log(bmi) + pressure * np.log(table["sbp"])
    score += smoking * table["smoker"].astype(float) + diabetes * table["diabetes"].astype(float)
    return pd.Series(1.0 - free ** np.exp(score - mean), index=rows.index)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Needless treatments avoided per 1,000 people, against treating all, no case lost on balance."""
    odds = float(spec.params["threshold"]) / (1.0 - float(spec.params["threshold"]))
    curve = trial.tables["decision_curve"].set_index("threshold")
    row = curve.iloc[int(np.argmin(np.abs(curve.index - float(spec.params["threshold"]))))]
    return float(1000.0 * (row["ours"] - row["treat_all"]) / odds)


def sample(seed: int) -> Inputs:
    """Invented people whose risk follows age, sex, pressure, smoking and diabetes."""
    rng, n = np.random.default_rng(seed), 1200
    age, sex = rng.uniform(35, 75, n).round(), rng.choice(["male", "female"], n)
    sbp, smoker = rng.normal(130, 18, n).clip(90, 220).round(), rng.random(n) < 0.4
    diabetes, treated = rng.random(n) < 0.1, rng.random(n) < 0.15
    pull = 0.07 * (age - 55) + 0.5 * (sex == "male") + 0.035 * (sbp - 130)
    years = rng.exponential(1 / (0.03 * np.exp(pull + 0.9 * smoker + 0.8 * diabetes)))
    lost = rng.uniform(3, 15, n)
    table = {"person": [f"p{i}" for i in range(n)], "sex": sex, "age": age, "sbp": sbp,
             "treated": treated, "smoker": smoker, "diabetes": diabetes,
             "cigarettes": np.where(smoker, rng.integers(1, 40, n), 0).astype(float),
             "cholesterol": rng.normal(220, 35, n).clip(120, 400).round(),
             "bmi": rng.normal(25, 3.5, n).clip(16, 45).round(1),
             "follow_up": (365.25 * np.minimum(years, lost)).round() + 1, "event": years <= lost}  # fmt: skip
    return Inputs({"table": pd.DataFrame(table)})
