"""A retrieve pack tried: questions that its search was not taught, ranked, refused and timed.

query_ms is CPU time, mean over the questions: a busy machine does not change it much.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Answer, FoldScore, Trial
from qianhang.core.spec import Spec
from qianhang.engines.retrieve import metrics
from qianhang.trial.folds import Fold, cut, labelled
from qianhang.trial.progress import Progress

__all__ = ["parts", "run", "serve"]

DEEP = 100
TIMED = 100  # fewer questions than this say nothing about speed
OWN = 200
EXAMPLES = 20


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """`pack` tried on the questions of `inputs.table`; without any, on its own passages.

    Passages ask for themselves where nobody has asked yet: such figures are named self_hit1 and
    self_hit10, and say only that the index works.
    """
    passages = pack.passages(inputs, spec=spec)
    if "table" not in inputs or not _asked(inputs.table).any():
        return _by_itself(pack, passages, spec=spec)
    table = inputs.table.reset_index(drop=True)
    folds = cut(table, case.split or Split(), spec=spec)
    rows, scored = [], []
    for done, fold in enumerate(folds):
        found = _tried(pack, passages, table, fold, spec=spec)
        rows.append(found)
        scored.append(_score(found, fold.name))
        if progress:
            progress(done + 1, len(folds), fold.name)
    every = pd.concat(rows, ignore_index=True)
    whole = _score(every, "all")
    scores = dict(whole.ours)
    return Trial(
        folds=tuple(scored),
        scores=scores,
        trivial=whole.trivial,
        tables=_tables(every, passages),
        model=pack.fit(passages, table, spec=spec),
        headline=1000.0 * scores["hit5"],
        facts=_facts(passages, every, folds),
    )


def _asked(table: pd.DataFrame) -> NDArray[np.bool_]:
    """(n,) whether it is known of each question which passage holds."""
    gold = table["gold"] if "gold" in table else pd.Series("", index=table.index)
    return (gold.fillna("").astype(str) != "").to_numpy()


def _tried(
    pack: Any, passages: pd.DataFrame, table: pd.DataFrame, fold: Fold, *, spec: Spec
) -> pd.DataFrame:
    """One row a tested question: question, gold, ours, trivial (lists of ids), refused, ms."""
    rows = table.iloc[fold.test].reset_index(drop=True)
    model = pack.fit(passages, table.iloc[fold.train].reset_index(drop=True), spec=spec)
    questions = rows["question"].astype(str).tolist()
    deep = replace(spec, params={**spec.params, "hits": DEEP})
    ranked = [pack.answer(model, q, spec=deep) for q in questions]
    shown, spent = _timed(pack, model, questions, spec=spec)
    trivial = pack.baseline(passages, questions, spec=spec)
    gold = rows["gold"].fillna("").astype(str).str.split("|")
    return pd.DataFrame(
        {
            "question": questions,
            "gold": [[g for g in held if g] for held in gold],
            "ours": [_ids(a) for a in ranked],
            "trivial": [_ids(a) for a in trivial],
            "refused": [a.refused for a in shown],
            "trivial_refused": [a.refused for a in trivial],
            "citation": [a.hits[0].citation if a.hits else "" for a in shown],
            "extract": [a.hits[0].extract if a.hits else "" for a in shown],
            "ms": spent,
        }
    )


def _timed(
    pack: Any, model: Any, questions: Sequence[str], *, spec: Spec
) -> tuple[list[Answer], list[float]]:
    answers, spent = [], []
    for question in questions:
        start = time.process_time()
        answers.append(pack.answer(model, question, spec=spec))
        spent.append(1000.0 * (time.process_time() - start))
    return answers, spent


def _ids(answer: Answer) -> list[str]:
    return [hit.passage for hit in answer.hits]


def _score(found: pd.DataFrame, name: str) -> FoldScore:
    on = found[found["gold"].str.len() > 0]
    off = (found["gold"].str.len() == 0).to_numpy()
    ours, trivial = (
        {
            **metrics.ranking(on[who].tolist(), on["gold"].tolist()),
            **metrics.refusal(found[refused].to_numpy(), off),
        }
        for who, refused in (("ours", "refused"), ("trivial", "trivial_refused"))
    )
    if len(found) >= TIMED:
        ours["query_ms"] = float(found["ms"].mean())
    return FoldScore(name, ours, trivial)


def _tables(found: pd.DataFrame, passages: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """reach (share of questions answered within k), examples, misses, corpus."""
    on = found[found["gold"].str.len() > 0]
    gold = on["gold"].tolist()
    first = {who: _first(on[who].tolist(), gold) for who in ("ours", "trivial")}
    places = np.arange(1, DEEP + 1)
    reach = {who: (rank[:, None] <= places).mean(axis=0) for who, rank in first.items()}
    said = ["question", "citation", "extract"]
    missed = on[first["ours"] > 10]
    wanted = missed["gold"].str.join(", ")
    return {
        "reach": pd.DataFrame({"k": places, **reach}),
        "examples": found.loc[~found["refused"], said].head(EXAMPLES).reset_index(drop=True),
        "misses": missed[said].assign(wanted=wanted).head(EXAMPLES).reset_index(drop=True),
        "corpus": _corpus(passages),
    }


def _corpus(passages: pd.DataFrame) -> pd.DataFrame:
    """One row: passages, how many are in force, how many are left out for that."""
    live = int(_live(passages).sum())
    left = len(passages) - live
    return pd.DataFrame([{"passages": len(passages), "in_force": live, "left_out": left}])


def _first(ranked: Sequence[list[str]], gold: Sequence[list[str]]) -> NDArray[np.float64]:
    """(n,) rank of the first gold passage, infinite where none was found."""
    ranks = [
        next((k for k, passage in enumerate(found, start=1) if passage in held), np.inf)
        for found, held in zip(ranked, gold, strict=True)
    ]
    return np.array(ranks, dtype=float)


def _live(passages: pd.DataFrame) -> NDArray[np.bool_]:
    if "in_force" not in passages:
        return np.ones(len(passages), dtype=bool)
    return passages["in_force"].to_numpy(dtype=bool)


def _facts(passages: pd.DataFrame, found: pd.DataFrame, folds: Sequence[Fold]) -> Mapping[str, Any]:
    off = int((found["gold"].str.len() == 0).sum())
    return {
        "passages": len(passages),
        "in_force": int(_live(passages).sum()),
        "questions": len(found) - off,
        "off_topic": off,
        "taught_by": [len(fold.train) for fold in folds],
        "self_retrieval": False,
    }


def _by_itself(pack: Any, passages: pd.DataFrame, *, spec: Spec) -> Trial:
    """Each of some passages asked for by its own middle: self_hit1 and self_hit10."""
    nobody = pd.DataFrame({"question": pd.Series(dtype=str), "gold": pd.Series(dtype=str)})
    model = pack.fit(passages, nobody, spec=spec)
    live = passages[_live(passages)]
    some = live.sample(n=min(OWN, len(live)), random_state=spec.seed)
    asked = [t[len(t) // 3 : len(t) // 3 + 24] for t in some["text"].astype(str)]
    gold = [[i] for i in some["id"].astype(str)]
    deep = replace(spec, params={**spec.params, "hits": DEEP})
    ours = [_ids(pack.answer(model, q, spec=deep)) for q in asked]
    theirs = [_ids(a) for a in pack.baseline(passages, asked, spec=spec)]
    scores = {w: _own(metrics.ranking(r, gold)) for w, r in (("o", ours), ("t", theirs))}
    facts = {"passages": len(passages), "in_force": len(live), "questions": 0}
    return Trial(
        folds=(FoldScore("self", scores["o"], scores["t"]),),
        scores=scores["o"],
        trivial=scores["t"],
        tables={"corpus": _corpus(passages)},
        model=model,
        facts={**facts, "self_retrieval": True},
    )


def _own(scores: Mapping[str, float]) -> dict[str, float]:
    return {f"self_{name}": scores[name] for name in ("hit1", "hit10")}


def parts(
    inputs: Inputs, *, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, NDArray[np.str_]], ...]:
    """Which questions each fold is taught and tested by: name, frame (n, 1), labels (n,)."""
    if "table" not in inputs or not _asked(inputs.table).any():
        return ()
    table = inputs.table.reset_index(drop=True)
    folds = cut(table, case.split or Split(), spec=spec)
    return tuple((f.name, table[["question"]], labelled(f, len(table))) for f in folds)


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """One row a question: refused, reason, the best citation, extract and score, others cited."""
    lines = []
    for question in inputs.table["question"].astype(str):
        answer = pack.answer(model, question, spec=spec)
        best = answer.hits[0] if answer.hits else None
        lines.append(
            {
                "question": question,
                "refused": answer.refused,
                "reason": answer.reason,
                "citation": best.citation if best else "",
                "extract": best.extract if best else "",
                "score": best.score if best else float("nan"),
                "also": " | ".join(hit.citation for hit in answer.hits[1:]),
            }
        )
    return pd.DataFrame(lines)
