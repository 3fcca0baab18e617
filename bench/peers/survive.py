"""Cox regression and concordance beside scikit-survival."""

from __future__ import annotations

import numpy as np

from qianhang.engines.survive import CoxRidge, metrics, signed
from timing import Pair


def pairs(size: float = 1.0) -> list[Pair]:
    """Fitted on the same standardised rows, Efron's ties."""
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.metrics import concordance_index_censored
    from sksurv.util import Surv

    rng = np.random.default_rng(0)
    x = rng.normal(size=(int(3000 * size), 14))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    years = np.ceil(200 * rng.exponential(10 / np.exp(x @ np.full(14, 0.2)))) / 200
    event, seen = years < 5, np.minimum(years, 5)
    target, both = signed(seen, event), Surv.from_arrays(event, seen)
    score = x @ np.full(14, 0.2)
    return [
        Pair("survive", "CoxRidge", "scikit-survival CoxPHSurvivalAnalysis",
             lambda: CoxRidge(1.0).fit(x, target).coef_,
             lambda: CoxPHSurvivalAnalysis(alpha=1.0, ties="efron").fit(x, both).coef_,
             1e-4, repeats=4, wraps=False, why="own Newton steps on whole arrays"),
        Pair("survive", "harrell_c", "scikit-survival concordance_index_censored",
             lambda: metrics.harrell_c(seen, event, score),
             lambda: concordance_index_censored(event, seen, score)[0],
             repeats=4, wraps=False, why="counts in O(n log n) instead of O(n²)"),
    ]  # fmt: skip
