"""Policy and legal questions answered with passages in force, each with its citation."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
FIELDS = ("document", "heading", "text")


def sample(seed: int) -> Inputs:
    """Made-up words: questions use lay ones that only answered questions tie to the passages'."""
    rng = np.random.default_rng(seed)
    signs = [chr(c) for c in rng.permutation(np.arange(0x4E00, 0x6000))[:360]]
    word = ["".join(signs[i : i + 2]) for i in range(0, 240, 2)]
    said, filler = [*word[:30], *word[30:60]], word[60:]
    topics = [rng.permutation(30)[:3] for _ in range(90)]
    texts = ["".join([*(said[30 + t] for t in own), *rng.choice(filler, 12)]) for own in topics]
    articles = pd.DataFrame({"law": "A", "no": [f"{n}" for n in range(90)], "text": texts})
    asked = rng.permutation(180) % 90
    lay = ["".join([*(said[t] for t in topics[n][:2]), said[30 + topics[n][2]]]) for n in asked]
    lines = {"question": lay, "gold": [f"A{n}" for n in asked]}
    part = np.where(np.arange(180) < 140, "train", "test")
    return Inputs({"table": pd.DataFrame({**lines, "split": part}), "articles": articles})


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Documents cut into passages; the published questions' parts and lists in our own words."""
    values = dict(inputs)
    files = {n: v for n, v in values.items() if isinstance(v, Path)}
    if files:
        held = {p.name: p.read_bytes() for v in files.values() for p in _files(v)}
        values = {n: v for n, v in values.items() if n not in files}
        values["articles"] = _pieces(held)
    table = values.get("table")
    if table is None and spec.case == "plans" and set(files) != {"documents"}:
        table = pd.read_csv(HERE / "plan_questions.csv", dtype=str, keep_default_na=False)
    if table is not None:
        gold = table.get("gold", pd.Series("", index=table.index)).fillna("").astype(str)
        listed = gold.str.findall(r"'([^']*)'").str.join("|")
        part = table.get("split", pd.Series("", index=table.index)).replace({"dev": "test"})
        values["table"] = table.assign(gold=gold.where(listed == "", listed), split=part)
    return Inputs(values)


def _files(place: Path) -> list[Path]:
    return [p for p in sorted(place.iterdir()) if p.is_file()] if place.is_dir() else [place]


def _pieces(held: dict[str, bytes]) -> pd.DataFrame:
    numbering = retrieve.Numbering.of(RULES["numbering"])
    try:
        found = retrieve.collect(held, numbering=numbering, patterns=RULES["document"])
    except ValueError as cause:
        raise ContractError("QH150", f"documents: {cause}") from None
    rows = [(p.id, p.title, p.printed, p.date, p.heading, p.text) for p in found]
    return pd.DataFrame(rows, columns=["id", "law", "no", "date", "heading", "text"])


def passages(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """One row a passage: id, citation, text, document, heading, searched, in_force, why."""
    rows = inputs["articles"].reset_index(drop=True)
    blank = pd.Series("", index=rows.index)
    dates = rows.get("date", blank).fillna("").astype(str)
    acts = [
        retrieve.Act(str(law), dates[part.index[0]], part["text"].tolist())
        for law, part in rows.groupby("law", sort=False)
    ]
    reviewed = pd.read_csv(HERE / "repeals.csv", dtype=str).set_index("law")["until"].to_dict()
    day = str(spec.params["as_of"])
    state = retrieve.in_force(acts, day=day, patterns=RULES["validity"], repealed=reviewed)
    of = dict(zip([a.name for a in acts], state, strict=True))
    begins = rows["law"].map({n: s.begins for n, s in of.items()})
    why = rows["law"].map({n: s.ended for n, s in of.items()})
    date = dates.where(dates.str.match(r"\d{4}"), begins)
    named = "《" + rows["law"] + "》" + rows["no"] + ("（" + date + "）").where(date != "", "")
    head, text = rows.get("heading", blank).fillna(""), rows["text"]
    folded = {"document": _fold(rows["law"]), "heading": _fold(head), "searched": _fold(text)}
    ids = rows["id"] if "id" in rows else rows["law"] + rows["no"]
    found = pd.DataFrame({"id": ids, "citation": named, "text": text, **folded})
    return found.assign(act=rows["law"], in_force=why == "", why=why)


def _fold(texts: pd.Series) -> list[str]:
    """Texts in simplified characters, which law and question are compared in."""
    from opencc import OpenCC

    fold = OpenCC("t2s").convert
    parts = {t: fold(t) for t in pd.unique(texts)}
    return [parts[t] for t in texts]
