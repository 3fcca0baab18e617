"""How well passages were found, and how well silence was kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["ranking", "refusal"]

HITS = (1, 5, 10)


def ranking(ranked: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> dict[str, float]:
    """hit1, hit5, hit10, mrr10 and recall100: means over questions.

    ranked : for each question the passages found, best first; gold : the ones that hold, not none
    hit k : share with a gold passage among the first k; mrr10 : mean of 1 / rank of the first gold
    passage, 0 beyond rank 10; recall100 : mean share of the gold passages among the first 100
    Raises ValueError where a question has no gold passage.
    """
    if any(not wanted for wanted in gold):
        raise ValueError("a question without a gold passage cannot be ranked")
    first, recall = [], []
    for found, wanted in zip(ranked, gold, strict=True):
        places = {passage: place for place, passage in reversed(list(enumerate(found, start=1)))}
        reached = [places[w] for w in set(wanted) if w in places]
        first.append(min(reached, default=0))
        recall.append(sum(place <= 100 for place in reached) / len(set(wanted)))
    rank = np.array(first, dtype=float)
    found_at = np.where(rank > 0, rank, np.inf)
    scores = {f"hit{k}": float((found_at <= k).mean()) for k in HITS}
    scores["mrr10"] = float(np.where(found_at <= 10, 1.0 / found_at, 0.0).mean())
    return scores | {"recall100": float(np.mean(recall))}


def refusal(refused: ArrayLike, off_topic: ArrayLike) -> dict[str, float]:
    """off_topic_refused and on_topic_kept, shares of the questions of each sort.

    refused, off_topic : (n,) flags; a share of no questions is left out
    """
    silent, off = np.asarray(refused, dtype=bool), np.asarray(off_topic, dtype=bool)
    scores = {}
    if off.any():
        scores["off_topic_refused"] = float(silent[off].mean())
    if not off.all():
        scores["on_topic_kept"] = float((~silent[~off]).mean())
    return scores
