"""The index beside tantivy's, on the same pairs of characters of made-up Chinese passages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qianhang.engines.retrieve.bm25 import Bm25
from timing import Pair

_FIRST = 0x4E00


def passages(count: int) -> list[str]:
    """Texts of 120 ideographs, drawn as unevenly as words are."""
    rng = np.random.default_rng(0)
    drawn = (rng.zipf(1.3, size=(count, 120)) % 3000) + _FIRST
    return ["".join(map(chr, row)) for row in drawn.tolist()]


def pairs(size: float = 1.0) -> list[Pair]:
    """Every question is 12 characters of a passage; compared is how often that one comes first."""
    try:
        import tantivy
    except ImportError:
        return []
    texts = passages(max(int(8000 * size), 50))
    asked = {k: texts[k][40:52] for k in range(0, len(texts), max(len(texts) // 200, 1))}
    index, theirs = _ours(texts), _theirs(tantivy, texts)

    def hit(best: Callable[[str], int]) -> float:
        return sum(best(q) == k for k, q in asked.items()) / len(asked)

    why = "pairs and single characters in numpy; tantivy has pairs only, compiled"
    return [
        Pair("retrieve", "Bm25, index", "tantivy, 2-grams",
             lambda: _ours(texts).size, lambda: _theirs(tantivy, texts).searcher().num_docs,
             repeats=4, wraps=False, why=why),
        Pair("retrieve", "Bm25, query", "tantivy, 2-grams",
             lambda: hit(lambda q: _best(index, q)),
             lambda: hit(lambda q: _first(tantivy, theirs, q)), 0.05,
             repeats=4, wraps=False, why=why),
    ]  # fmt: skip


def _ours(texts: list[str]) -> Bm25:
    return Bm25.of({"text": texts}, {"text": 1.0})


def _best(index: Bm25, question: str) -> int:
    terms = index.numbers(question)
    return int(index.scores(terms, np.ones(len(terms), dtype=np.float32)).argmax())


def _theirs(tantivy: Any, texts: list[str]) -> Any:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="pairs")
    schema.add_unsigned_field("number", stored=True)
    index = tantivy.Index(schema.build())
    index.register_tokenizer("pairs", _analyzer(tantivy))
    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for number, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=text, number=number))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def _analyzer(tantivy: Any) -> Any:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(2, 2)).build()


def _first(tantivy: Any, index: Any, question: str) -> int:
    terms = [question[k : k + 2] for k in range(len(question) - 1)]
    term, should = tantivy.Query.term_query, tantivy.Occur.Should
    parts = [(should, term(index.schema, "text", word)) for word in terms]
    searcher = index.searcher()
    hits = searcher.search(tantivy.Query.boolean_query(parts), limit=1).hits
    return int(searcher.doc(hits[0][1]).get_first("number"))
