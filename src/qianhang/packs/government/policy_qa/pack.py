"""Policy and legal questions answered with passages in force, each with its citation."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Answer
from qianhang.core.spec import Spec
from qianhang.engines import retrieve
from qianhang.engines.retrieve import Answered, Library, Retriever

HERE = Path(__file__).parent
RULES = tomllib.loads((HERE / "rules.toml").read_text(encoding="utf8"))
REPEALED = dict(pd.read_csv(HERE / "repeals.csv", dtype=str)[["law", "until"]].to_numpy())
_simplifier = cache(lambda: import_module("opencc").OpenCC("t2s"))


def sample(seed: int) -> Inputs:
    """Made-up words: questions use lay ones that only answered questions tie to the passages'."""
    rng = np.random.default_rng(seed)
    signs = rng.permutation(4608)[:360].reshape(-1, 2) + 0x4E00
    word = [chr(a) + chr(b) for a, b in signs]
    topics = [rng.permutation(12)[:3] for _ in range(90)]
    texts = ["".join([*(word[t] for t in own), *rng.choice(word[24:], 12)]) for own in topics]
    articles = pd.DataFrame({"law": "A", "no": [f"{n}" for n in range(90)], "text": texts})
    turned = [(np.roll(own, k), n) for k in (0, 1) for n, own in enumerate(topics)]
    lay = [word[12 + a] + word[12 + b] + word[c] for (a, b, c), _ in turned]
    part, gold = rng.permutation(["train"] * 130 + ["test"] * 50), [f"A{n}" for _, n in turned]
    table = pd.DataFrame({"question": lay, "gold": gold, "split": part})
    return Inputs({"table": table.drop_duplicates("question"), "articles": articles})


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Documents cut into passages; the published questions' parts and lists in our own words."""
    files = {n: v for n, v in inputs.items() if isinstance(v, Path)}
    values = {n: v for n, v in inputs.items() if n not in files}
    if files:
        values["articles"] = _pieces(files.values())
    if spec.case == "plans" and files and "documents" not in files:
        values["table"] = pd.read_csv(HERE / "plan_questions.csv", dtype=str, na_filter=False)
    if "table" in values:
        gold, part = (_column(values["table"], n) for n in ("gold", "split"))
        listed = gold.str.findall("['\"]([^'\"]*)['\"]").str.join("|")
        gold, part = gold.where(listed == "", listed), part.replace({"dev": "test"})
        values["table"] = values["table"].assign(gold=gold, split=part)
    return Inputs(values)


def _column(table: pd.DataFrame, name: str) -> pd.Series[str]:
    return table.get(name, pd.Series("", index=table.index)).fillna("").astype(str)


def _pieces(places: Iterable[Path]) -> pd.DataFrame:
    files = [f for p in places for f in (sorted(p.iterdir()) if p.is_dir() else [p]) if f.is_file()]
    numbering = retrieve.Numbering.of(RULES["numbering"])
    held = {f.name: f.read_bytes() for f in files if not f.name.startswith(("table.", "."))}
    try:
        found = retrieve.collect(held, numbering=numbering, patterns=RULES["document"])
    except ValueError as cause:
        raise ContractError("QH118", f"documents: {cause}") from None
    return pd.DataFrame(map(asdict, found)).rename(columns={"title": "law", "printed": "no"})


def passages(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """One row a passage: id, citation, text, document, heading, searched, in_force, why."""
    rows = inputs["articles"].reset_index(drop=True)
    law, no, text, date = (_column(rows, n).tolist() for n in ("law", "no", "text", "date"))
    rules, day = RULES["validity"], str(spec.params["as_of"])
    states = retrieve.standing(law, date, text, day=day, patterns=rules, repealed=REPEALED)
    days = [d if d[3:4].isdigit() else s.begins for d, s in zip(date, states, strict=True)]
    form, held = RULES["citation"], zip(law, no, days, strict=True)
    cited = [form[bool(h[2])].format(*h) for h in held]
    ids = rows["id"] if "id" in rows else [a + b for a, b in zip(law, no, strict=True)]
    found = pd.DataFrame({"id": ids, "citation": cited, "text": text, "searched": _fold(text)})
    found = found.assign(document=_fold(law), heading=_fold(_column(rows, "heading")))
    why = [s.ended for s in states]
    return found.assign(in_force=[not w for w in why], why=why)


def _fold(texts: Iterable[str]) -> list[str]:
    """Texts in simplified characters, in which passage and question are compared."""
    return [_simplifier().convert(t) for t in texts]


def fit(passages: pd.DataFrame, questions: pd.DataFrame, *, spec: Spec) -> Retriever:
    """A search over the passages in force, taught by the questions whose passages are known."""
    live = passages[passages["in_force"]].reset_index(drop=True)
    fields = {n: live[n].tolist() for n in ("document", "heading", "searched")}
    weights = {n: float(spec.params[f"{n}_weight"]) for n in ("document", "heading")}
    number = dict(zip(live["id"], range(len(live)), strict=True))
    right = _column(questions, "gold")
    gold = [[number[g] for g in t.split("|") if g in number] for t in right]
    told = _fold(_column(questions, "keywords") + " " + _column(questions, "answer"))
    every = Answered(_fold(_column(questions, "question")), told, gold)
    known = every.part(n for n, held in enumerate(gold) if held)
    off, lost = every.part(np.flatnonzero(right == "")), float(spec.params["lost"])
    taught = known if spec.params["learn"] else None
    made = Retriever.fit(Library.of(live), fields, weights=weights, answered=taught, seed=spec.seed)
    return made.calibrated(known.questions, off.questions, lost=lost)


def answer(model: Retriever, question: str, *, spec: Spec) -> Answer:
    """At most `hits` quoted passages with their citations, best first, or a refusal."""
    return model.answer(_fold([question])[0], most=int(spec.params["hits"]))


def baseline(passages: pd.DataFrame, questions: Sequence[str], *, spec: Spec) -> list[Answer]:
    """Plain BM25 over the passages as printed: nothing folded, learnt or refused."""
    plain = Retriever.fit(Library.of(passages), {"text": passages["text"].tolist()}, weights={})
    return [plain.answer(q, most=100, quoted=False) for q in questions]
