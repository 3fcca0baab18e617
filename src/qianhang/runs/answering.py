"""Questions of the public answered from the kept search over registered laws, loaded once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from qianhang import models
from qianhang.core.manifest import Words
from qianhang.core.pack import find
from qianhang.core.spec import Spec, make
from qianhang.models import ModelVersion
from qianhang.runs import record
from qianhang.runs.kept import seen_runs
from qianhang.store import Store

__all__ = ["LONGEST", "SCENARIO", "Answerer", "Passage", "Reply", "Source"]

SCENARIO = "government.policy_qa"
LONGEST = 300
_FIRST = "laws"  # of several kept searches the one over national law answers the public


@dataclass(frozen=True, slots=True)
class Source:
    """The search that answers: its version, the run that made it, and of which case."""

    version: int
    run: str
    case: Words
    at: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a document in force, with where they stand."""

    citation: str
    extract: str
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """Passages, best first; none where nothing supports an answer, with the reason's code."""

    passages: tuple[Passage, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Loaded:
    manifest: str
    model: Any
    spec: Spec


class Answerer:
    """The newest accepted search of the platform, in memory from the first question on."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._loaded: _Loaded | None = None

    def source(self) -> Source | None:
        """The search that would answer now, None where no accepted one is kept."""
        found = self._newest()
        if found is None:
            return None
        version, case = found
        title = find(SCENARIO).manifest.find_case(case).title
        return Source(version.version, version.run, title, version.at)

    def ask(self, question: str) -> Reply | None:
        """What the documents say, None where no accepted search is kept.

        One question at a time: a search uses all of a core.
        """
        found = self._newest()
        if found is None:
            return None
        with self._lock:
            held = self._load(found[0])
            pack = find(SCENARIO)
            answer = pack.code.answer(held.model, question[:LONGEST], spec=held.spec)
        if answer.refused:
            return Reply((), answer.reason)
        cited = [h for h in answer.hits if h.citation and h.extract]
        return Reply(tuple(Passage(h.citation, h.extract, h.score) for h in cited))

    def _newest(self) -> tuple[ModelVersion, str] | None:
        """Only what everybody may see: a search that an organisation fitted is its own."""
        every = [v for v in models.versions(self._store, SCENARIO) if v.stage == "accepted"]
        cases = seen_runs(self._store, (v.run for v in every), frozenset())
        shown = [(v, cases[v.run]) for v in every if v.run in cases]
        return max(shown, key=lambda one: (one[1] == _FIRST, one[0].version), default=None)

    def _load(self, kept: ModelVersion) -> _Loaded:
        if self._loaded is None or self._loaded.manifest != kept.manifest:
            pack = find(SCENARIO)
            made = record.get(self._store, kept.run)
            params = {name: str(value) for name, value in made.request["params"].items()}
            case = pack.manifest.find_case(made.case)
            spec = make(pack.manifest, case, seed=made.request["seed"], params=params)
            model = models.load(self._store.files, kept.manifest, local=pack.code)
            self._loaded = _Loaded(kept.manifest, model, spec)
        return self._loaded
