"""Classify and survive engines beside the library that a practitioner would use alone.

Prints CPU time of ours over the library's on the same arrays, and, where the registered people are
here, how the few-events rule pays: ridge Cox beside boosted trees, ten folds over whole people.

    python bench/risk.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from qianhang.core.errors import DatasetError
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.engines.classify import BoostedTrees, Design, Logistic, group_folds
from qianhang.engines.survive import BoostedCox, CoxRidge, administrative, metrics, signed


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one go."""
    start = time.process_time()
    work()
    return time.process_time() - start


def ratio(name: str, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
    """Prints the least CPU time of each, taken turn about so that a busy machine hits both."""
    mine, other = np.min([(cpu(ours), cpu(theirs)) for _ in range(9)], axis=0)
    print(
        f"{name:30s} ours {mine * 1e3:7.1f} ms  library {other * 1e3:7.1f} ms  {mine / other:.2f}"
    )


def overhead() -> None:
    import lightgbm
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.metrics import concordance_index_censored
    from sksurv.util import Surv

    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 14))
    years = rng.exponential(10 / np.exp(x @ np.full(14, 0.2)))
    event, seen = years < 5, np.minimum(years, 5)
    target, both = signed(seen, event), Surv.from_arrays(event, seen)
    cox = CoxRidge(1.0).fit(x, target)
    score = cox.predict(x)
    many = rng.normal(size=(20000, 14))
    yes = rng.random(20000) < 1 / (1 + np.exp(-many[:, 0]))
    settings = {"verbosity": -1, "num_threads": 1, "force_row_wise": True, "deterministic": True}
    settings |= {"objective": "binary", "num_leaves": 8, "learning_rate": 0.05}

    ratio(
        "Cox, scikit-survival",
        lambda: CoxRidge(1.0).fit(x, target),
        lambda: CoxPHSurvivalAnalysis(alpha=1.0, ties="efron").fit(x, both),
    )
    ratio(
        "concordance, scikit-survival",
        lambda: metrics.harrell_c(seen, event, score),
        lambda: concordance_index_censored(event, seen, score),
    )
    ratio(
        "logistic, scikit-learn",
        lambda: Logistic().fit(many, yes),
        lambda: LogisticRegression(tol=1e-8).fit(StandardScaler().fit_transform(many), yes),
    )
    ratio(
        "boosted trees, LightGBM",
        lambda: BoostedTrees().fit(many, yes),
        lambda: lightgbm.train(settings, lightgbm.Dataset(many, label=yes), num_boost_round=200),
    )


def few_events() -> None:
    from qianhang.data import open_inputs

    pack = find("health.cvd_risk")
    case = pack.manifest.find_case("framingham")
    spec = make(pack.manifest, case, seed=0, params={})
    table = pack.code.read(open_inputs(pack.manifest, case, data=None).inputs, spec=spec).table
    target = administrative(signed(table["follow_up"], table["event"]), spec.horizon)
    folds = group_folds(table["person"], 10, seed=0, events=target > 0)
    for model in (CoxRidge(10.0), BoostedCox()):
        risk = np.zeros(len(table))
        for k in range(10):
            design = Design(pack.code.FORM).fit(table[folds != k])
            model.fit(design.matrix(table[folds != k]), target[folds != k])
            risk[folds == k] = model.risk(design.matrix(table[folds == k]), spec.horizon)
        c = metrics.harrell_c(np.abs(target), target > 0, risk)
        slope = metrics.calibration_slope(np.abs(target), target > 0, risk, spec.horizon)
        events = int((target > 0).sum())
        print(f"{type(model).__name__:12s} {events} events: C {c:.4f}, slope {slope:.3f}")


if __name__ == "__main__":
    overhead()
    try:
        few_events()
    except DatasetError as cause:
        print(cause)
