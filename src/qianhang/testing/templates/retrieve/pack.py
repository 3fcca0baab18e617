"""$title_en."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Answer
from qianhang.core.spec import Spec
from qianhang.engines.retrieve import Answered, Library, Retriever


def passages(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """One row a passage: id, citation, document, heading, text, searched, in_force."""
    rows = inputs["documents"].reset_index(drop=True)
    printed = {"citation": rows["title"], "document": rows["title"], "heading": ""}
    return rows.assign(**printed, searched=rows["text"], in_force=True)


def fit(passages: pd.DataFrame, questions: pd.DataFrame, *, spec: Spec) -> Retriever:
    """A search over the passages, taught by the questions whose passages are known."""
    number = dict(zip(passages["id"].astype(str), range(len(passages)), strict=True))
    gold = [[number[g] for g in held.split("|") if g in number] for held in questions["gold"]]
    asked = Answered(questions["question"].tolist(), [""] * len(questions), gold)
    fields = {name: passages[name].tolist() for name in ("document", "searched")}
    return Retriever.fit(
        Library.of(passages), fields, weights={"document": 0.5}, answered=asked, seed=spec.seed
    )


def answer(model: Retriever, question: str, *, spec: Spec) -> Answer:
    """The best passages with their citations, or a refusal."""
    return model.answer(question, most=int(spec.params["hits"]))


def baseline(passages: pd.DataFrame, questions: Sequence[str], *, spec: Spec) -> list[Answer]:
    """Plain search, taught by nobody."""
    plain = Retriever.fit(Library.of(passages), {"text": passages["text"].tolist()}, weights={})
    return [plain.answer(q, most=100, quoted=False) for q in questions]


def sample(seed: int) -> Inputs:
    """80 passages of made-up words, asked for in other words that answered questions teach."""
    rng = np.random.default_rng(seed)
    signs = [chr(c) for c in rng.permutation(np.arange(0x4E00, 0x6000))[:360]]
    word = [a + b for a, b in zip(signs[::2], signs[1::2], strict=True)]
    topics = [rng.permutation(30)[:3] for _ in range(80)]
    texts = ["".join([*(word[t] for t in own), *rng.choice(word[60:], 12)]) for own in topics]
    ids = [f"P{n}" for n in range(80)]
    documents = pd.DataFrame({"id": ids, "title": ids, "text": texts})
    asked = rng.permutation(160) % 80
    lay = ["".join([*(word[30 + t] for t in topics[n][:2]), word[topics[n][2]]]) for n in asked]
    part = np.where(np.arange(160) < 120, "train", "test")
    table = pd.DataFrame({"question": lay, "gold": [f"P{n}" for n in asked], "split": part})
    return Inputs({"table": table.drop_duplicates("question"), "documents": documents})
