"""What packs and trials hand back: plain frozen values with frames inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from qianhang.core.model import Model

__all__ = ["Answer", "Episode", "FoldScore", "Hit", "Plan", "Trial"]

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision: what to do, and how far it can be from the best.

    table : one row a decision variable that a practitioner reads
    bound, gap : proven bound in the unit of the cost; relative gap (0 = optimal); None if unproven
    prices : shadow prices, one row a constraint, or None
    """

    table: pd.DataFrame
    bound: float | None = None
    gap: float | None = None
    prices: pd.DataFrame | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of a simulator: table holds a row a step, totals the score of the whole."""

    table: pd.DataFrame
    totals: Scores


@dataclass(frozen=True, slots=True)
class Hit:
    """One cited passage: its id, score, citation as printed, and the extract that answers."""

    passage: str
    score: float
    citation: str
    extract: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits, best first; refused with a reason code when nothing supports an answer."""

    hits: tuple[Hit, ...]
    refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FoldScore:
    """The scores of one fold: ours, the trivial baseline, the practitioner's (may be empty)."""

    name: str
    ours: Scores
    trivial: Scores
    practice: Scores = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """A pack tried on held-out data.

    scores, trivial, practice : metric -> value over all folds
    tables : name -> frame, what the report plots
    model : fitted model to keep, or None where the task has none
    headline : value in the unit of the manifest's [headline], or None
    facts : what was cut and counted (rows, folds, dates), for the record
    """

    folds: tuple[FoldScore, ...]
    scores: Scores
    trivial: Scores
    practice: Scores = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    model: Model | None = None
    headline: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
