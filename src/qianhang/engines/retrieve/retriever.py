"""Passages that answer a question, with their citations, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qianhang.core.results import Answer, Hit
from qianhang.engines.retrieve.bm25 import Bm25
from qianhang.engines.retrieve.extract import extract
from qianhang.engines.retrieve.features import Found, Passages, look
from qianhang.engines.retrieve.grams import Ints, spell
from qianhang.engines.retrieve.library import Library
from qianhang.engines.retrieve.memory import Answered, Memory
from qianhang.engines.retrieve.ranker import Ranker
from qianhang.engines.saving import packed, unpacked

__all__ = ["OFF_TOPIC", "Retriever", "threshold"]

OFF_TOPIC = "off_topic"
FOLDS = 10
FEW = 30  # answered questions below which nothing is learnt from them
ENOUGH = 200  # answered questions from which on a ranker is learnt


@dataclass(frozen=True, slots=True)
class Retriever:
    """An index with what answered questions taught it; made by `fit`.

    least : BM25 score of the best passage below which a question is refused
    """

    library: Library
    index: Bm25
    passages: Passages
    memory: Memory | None = None
    ranker: Ranker | None = None
    least: float = 0.0

    @classmethod
    def fit(
        cls,
        library: Library,
        fields: Mapping[str, Sequence[str]],
        *,
        weights: Mapping[str, float],
        answered: Answered | None = None,
        seed: int = 0,
    ) -> Self:
        """The retriever of a library whose passages are searched by the given fields.

        fields : name -> a text a passage (n,); weights : how much each field counts, 1 if not named
        answered : questions with the numbers of their passages; the ranker sees each through a
        memory that does not hold it (ten folds)
        """
        beside = answered.questions if answered else ()
        made = cls(library, Bm25.of(fields, weights, beside=beside), library.passages)
        if answered is None or len(answered.questions) < FEW:
            return made
        ranker = None
        if len(answered.questions) >= ENOUGH:
            ranker = Ranker.of(made._unseen(answered, seed), answered.gold, seed=seed)
        return replace(made, memory=Memory.of(made.index, answered), ranker=ranker)

    def _unseen(self, answered: Answered, seed: int) -> list[Found]:
        """The candidates of every answered question, found without knowing its answer."""
        count = len(answered.questions)
        fold = np.random.default_rng(seed).permutation(count) % FOLDS
        found: dict[int, Found] = {}
        for k in range(FOLDS):
            memory = Memory.of(self.index, answered.part(np.flatnonzero(fold != k)))
            for row in np.flatnonzero(fold == k).tolist():
                found[row] = self._look(answered.questions[row], memory)
        return [found[row] for row in range(count)]

    def _look(self, question: str, memory: Memory | None) -> Found:
        return look(question, index=self.index, passages=self.passages, memory=memory)

    def refusing(self, least: float) -> Self:
        """The same retriever that refuses what scores below `least`."""
        return replace(self, least=least)

    def calibrated(self, on_topic: Sequence[str], off_topic: Sequence[str], *, lost: float) -> Self:
        """The same retriever that refuses below the `threshold` of these questions' supports."""
        supports = [[self.support(q) for q in part] for part in (on_topic, off_topic)]
        return self.refusing(threshold(*supports, lost=lost))

    def support(self, question: str) -> float:
        """BM25 score of the passage that has most in common with the question."""
        terms = self.index.numbers(question)
        scores = self.index.scores(terms, np.ones(len(terms), dtype=np.float32))
        return float(scores.max(initial=0.0))

    def search(self, question: str) -> tuple[Ints, NDArray[np.float64], float]:
        """Passage numbers best first (c,), their scores (c,), and the question's support."""
        found = self._look(question, self.memory)
        return *self._ordered(found), found.support

    def _ordered(self, found: Found) -> tuple[Ints, NDArray[np.float64]]:
        if self.ranker is None:
            return found.numbers, found.fused.astype(np.float64)
        return self.ranker.order(found)

    def answer(self, question: str, *, most: int = 5, quoted: bool = True) -> Answer:
        """The best passages with their citations, or a refusal where the best has little in common.

        most : passages; quoted : whether sentences are taken out, which a ranking does not need
        """
        found = self._look(question, self.memory)
        if found.support <= 0 or found.support < self.least:
            return Answer((), refused=True, reason=OFF_TOPIC)
        numbers, scores = self._ordered(found)
        terms = found.terms if quoted else found.terms[:0]
        said = dict(
            zip(spell(self.index.terms[terms]), self.index.idf[terms].tolist(), strict=True)
        )
        hits = []
        for number, score in zip(numbers[:most].tolist(), scores[:most].tolist(), strict=True):
            shown = self.library.texts[number]
            text = extract(self.library.plain(number), said, shown=shown) if quoted else ""
            hits.append(Hit(self.library.ids[number], score, self.library.citations[number], text))
        return Answer(tuple(hits))

    def to_files(self) -> dict[str, bytes]:
        """The whole retriever as name -> bytes: arrays without objects, text and JSON."""
        files = {
            "library.npz": packed(self.library.arrays()),
            "index.npz": packed(self.index.arrays()),
            "retriever.json": json.dumps({"least": self.least}).encode(),
        }
        if self.memory is not None:
            files["memory.npz"] = packed(self.memory.arrays)
        if self.ranker is not None:
            files["ranker.txt"] = self.ranker.text.encode()
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The retriever that `to_files` wrote."""
        library = Library.from_arrays(unpacked(files["library.npz"]))
        index = Bm25.from_arrays(unpacked(files["index.npz"]))
        memory = files.get("memory.npz")
        ranker = files.get("ranker.txt")
        return cls(
            library,
            index,
            library.passages,
            memory=Memory(unpacked(memory), index.size) if memory else None,
            ranker=Ranker(ranker.decode()) if ranker else None,
            least=float(json.loads(files["retriever.json"])["least"]),
        )


def threshold(
    on_topic: Sequence[float], off_topic: Sequence[float], *, lost: float = 0.03
) -> float:
    """The support below which to refuse, from the supports of questions of both sorts.

    lost : share of on-topic questions that may be refused; with off-topic ones at hand the
    threshold lies in the middle between that quantile and theirs from above
    """
    if not len(on_topic):
        return 0.0
    low = float(np.quantile(on_topic, lost))
    if not len(off_topic):
        return low
    return (low + float(np.quantile(off_topic, 1.0 - lost))) / 2.0
