"""A boosted ranking of candidates, learnt from questions whose passages are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.retrieve.features import Found
from qianhang.engines.retrieve.grams import Ints
from qianhang.engines.retrieve.trees import Trees
from qianhang.engines.steady import STEADY

__all__ = ["Ranker"]

ROUNDS = 150
MEMBERS = 4  # one model alone moved by three points of hits from run to run
_SETTINGS = {
    "objective": "lambdarank",
    "learning_rate": 0.06,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "lambdarank_truncation_level": 30,
    "max_bin": 127,
    **STEADY,
}


class Ranker:
    """The sum of a few LambdaMART models over the features of `look`; higher is better.

    Source: Burges 2010, as in LightGBM.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._trees = Trees(text)

    @classmethod
    def of(cls, found: Sequence[Found], gold: Sequence[Sequence[int]], *, seed: int) -> Ranker:
        """The ranker of candidates of questions (q,) whose passages are known."""
        import lightgbm

        held = [np.isin(f.numbers, g) for f, g in zip(found, gold, strict=True)]
        use = [n for n, flags in enumerate(held) if flags.any()]
        data = lightgbm.Dataset(
            np.concatenate([found[n].features for n in use]),
            np.concatenate([held[n] for n in use]).astype(int),
            group=[len(held[n]) for n in use],
        )
        drawn = [{**_SETTINGS, "seed": seed * MEMBERS + n} for n in range(MEMBERS)]
        return cls("\n".join(lightgbm.train(s, data, ROUNDS).model_to_string() for s in drawn))

    def order(self, found: Found) -> tuple[Ints, NDArray[np.float64]]:
        """The candidates' numbers best first (c,), and their scores (c,)."""
        scores = self._trees.predict(found.features)
        best = np.argsort(-scores, kind="stable")
        return found.numbers[best], scores[best]
