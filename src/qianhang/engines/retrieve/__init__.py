"""Retrieval: passages found by characters and by answered questions, quoted, cited or refused."""

from qianhang.engines.retrieve import metrics
from qianhang.engines.retrieve.bm25 import Bm25
from qianhang.engines.retrieve.collection import Piece, collect
from qianhang.engines.retrieve.document import READABLE, paragraphs
from qianhang.engines.retrieve.extract import extract
from qianhang.engines.retrieve.library import Library
from qianhang.engines.retrieve.memory import Answered
from qianhang.engines.retrieve.outline import Numbering, Section, cut
from qianhang.engines.retrieve.retriever import OFF_TOPIC, Retriever, threshold
from qianhang.engines.retrieve.validity import Act, Standing, in_force, standing

__all__ = [
    "OFF_TOPIC",
    "READABLE",
    "Act",
    "Answered",
    "Bm25",
    "Library",
    "Numbering",
    "Piece",
    "Retriever",
    "Section",
    "Standing",
    "collect",
    "cut",
    "extract",
    "in_force",
    "metrics",
    "paragraphs",
    "standing",
    "threshold",
]
