"""How the few-events rule pays: ridge Cox beside boosted trees, ten folds over whole people.

python bench/risk.py
"""

from __future__ import annotations

import numpy as np

from qianhang.core.errors import DatasetError
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.engines.classify import Design, group_folds
from qianhang.engines.survive import BoostedCox, CoxRidge, administrative, metrics, signed


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
    try:
        few_events()
    except DatasetError as cause:
        print(cause)
