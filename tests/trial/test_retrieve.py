"""The trial of retrieve packs: what is scored, what is taught, what is timed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qianhang import trial as trials
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split, Words
from qianhang.core.results import Answer, Hit
from qianhang.core.spec import Spec

CASE = Case("c", Words("题", "title"), split=Split(kind="given", column="split"))
SPEC = Spec(params={"hits": 2})
PASSAGES = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "citation": ["A", "B", "C"],
        "text": ["a" * 60, "b" * 60, "c" * 60],
        "in_force": [True, True, False],
    }
)


def _answer(*ids: str) -> Answer:
    return Answer(tuple(Hit(i, 1.0, i.upper(), f"says {i}") for i in ids))


@dataclass
class Pack:
    """Knows the answers by heart: the question's first letter, then b; z is refused."""

    taught: list[list[str]]

    def passages(self, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
        return PASSAGES

    def fit(self, passages: pd.DataFrame, questions: pd.DataFrame, *, spec: Spec) -> Any:
        self.taught.append(questions["question"].tolist())
        return "model"

    def answer(self, model: Any, question: str, *, spec: Spec) -> Answer:
        if question.startswith("z"):
            return Answer((), refused=True, reason="off_topic")
        ids = [question[0], "b"][: int(spec.params["hits"])]
        return _answer(*dict.fromkeys(ids))

    def baseline(self, passages: Any, questions: list[str], *, spec: Spec) -> list[Answer]:
        return [_answer("b") for _ in questions]


def _inputs(**columns: list[str]) -> Inputs:
    return Inputs({"table": pd.DataFrame(columns)})


def _run(pack: Pack, inputs: Inputs, case: Case = CASE) -> Any:
    return trials.run(pack, inputs, task="retrieve", case=case, spec=SPEC)


def test_scores_are_of_the_test_part_by_hand() -> None:
    """Three test questions: gold first, gold second, off topic and refused."""
    table = _inputs(
        question=["a1", "b1", "a2", "a3", "z1"],
        gold=["a", "b", "a", "b", ""],
        split=["train", "train", "test", "test", "test"],
    )
    pack = Pack([])
    found = _run(pack, table)
    assert pack.taught == [["a1", "b1"], ["a1", "b1", "a2", "a3", "z1"]]
    assert found.scores["hit1"] == 0.5
    assert found.scores["hit5"] == 1.0
    assert found.scores["mrr10"] == pytest.approx(0.75)
    assert found.scores["off_topic_refused"] == 1.0
    assert found.trivial["hit1"] == 0.5
    assert found.trivial["off_topic_refused"] == 0.0
    assert found.headline == 1000.0
    assert found.facts["questions"] == 2
    assert found.tables["corpus"].iloc[0].to_dict() == {"passages": 3, "in_force": 2, "left_out": 1}


def test_halves_are_each_scored_by_the_other() -> None:
    table = _inputs(
        question=["a1", "a2", "b1", "b2"], gold=["a", "a", "b", "b"], split=list("pqpq")
    )
    pack = Pack([])
    found = _run(pack, table)
    assert [f.name for f in found.folds] == ["1", "2"]
    assert pack.taught[:2] == [["a2", "b2"], ["a1", "b1"]]


def test_speed_is_scored_only_over_many_questions() -> None:
    """One hundred test questions or more; the mean CPU time of a quick pack is below a second."""
    few = _run(Pack([]), _inputs(question=["a", "a"], gold=["a", "a"], split=["train", "test"]))
    assert "query_ms" not in few.scores
    many = _inputs(question=["a"] * 101, gold=["a"] * 101, split=["train", *["test"] * 100])
    assert 0 <= _run(Pack([]), many).scores["query_ms"] < 1000


def test_documents_without_questions_give_figures_named_as_their_own() -> None:
    found = _run(Pack([]), Inputs({}))
    assert set(found.scores) == {"self_hit1", "self_hit10"}
    assert found.facts["self_retrieval"]
    assert found.headline is None
    assert trials.parts(Inputs({}), task="retrieve", case=CASE, spec=SPEC) == ()


def test_parts_name_who_is_taught() -> None:
    table = _inputs(question=["a", "b"], gold=["a", "b"], split=["train", "test"])
    ((name, frame, labels),) = trials.parts(table, task="retrieve", case=CASE, spec=SPEC)
    assert (name, frame["question"].tolist(), labels.tolist()) == (
        "given",
        ["a", "b"],
        ["train", "test"],
    )


def test_serving_gives_one_row_a_question() -> None:
    frame = trials.serve(
        Pack([]), "model", _inputs(question=["a", "z"]), task="retrieve", spec=SPEC
    )
    assert frame["refused"].tolist() == [False, True]
    assert frame["citation"].tolist() == ["A", ""]
    assert frame["also"].tolist() == ["B", ""]
    assert np.isnan(frame["score"].iloc[1])
