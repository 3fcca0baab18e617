"""The Python surface: the same nouns as the command line.

>>> import qianhang as qh
>>> run = qh.run("water.leak_detection")          # doctest: +SKIP
>>> run.scores, run.report("leaks.html")          # doctest: +SKIP
>>> qh.scenario("water.leak_detection").predict("readings.csv")   # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core import pack as packs_
from qianhang.core.manifest import Manifest
from qianhang.store import Settings

if TYPE_CHECKING:
    import pandas as pd

    from qianhang.runs import Record, Served

__all__ = ["Run", "Scenario", "history", "run", "scenario", "scenarios"]


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run."""

    record: Record
    found: bool = False

    @property
    def id(self) -> str:
        """The run's id."""
        return self.record.id

    @property
    def scores(self) -> Mapping[str, float]:
        """Metric -> figure over all folds."""
        scores: Mapping[str, float] = self.record.result["scores"]
        return scores

    @property
    def trivial(self) -> Mapping[str, float]:
        """Metric -> figure of the trivial baseline."""
        scores: Mapping[str, float] = self.record.result["trivial"]
        return scores

    @property
    def verdict(self) -> str:
        """`met`, `unmet` or `none`."""
        return self.record.verdict

    @property
    def stage(self) -> str:
        """What the safety gate made of the run: `rejected`, `research_only` or `accepted`."""
        stage: str = self.record.result["gate"]["stage"]
        return stage

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Name -> frame, what the report plots."""
        from qianhang.runs import read_store, tables_of

        with read_store() as store:
            return tables_of(store, self.record)

    def report(self, path: str | Path, *, lang: str = "both") -> Path:
        """The path of the self-contained HTML report, written whole or not at all."""
        from qianhang.runs import page, read_store

        with read_store() as store:
            text = page(store, self.record, lang=lang)
        target = Path(path)
        beside = target.with_name(f".{target.name}.part")
        beside.write_text(text, encoding="utf8")
        return beside.replace(target)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, by its pack."""

    pack: packs_.Pack

    @property
    def id(self) -> str:
        """`<industry>.<name>`."""
        return self.pack.id

    @property
    def manifest(self) -> Manifest:
        """What the pack promises."""
        return self.pack.manifest

    def run(self, **asked: Any) -> Run:
        """A run of this scenario: see `qianhang.run`."""
        return run(self.id, **asked)

    def predict(self, data: str | Path | pd.DataFrame, *, version: int | None = None) -> Served:
        """Answers, rejects and the model that answered, by the newest accepted model."""
        from qianhang.runs import predict

        source = Path(data) if isinstance(data, str) else data
        return predict(self.id, source, settings=Settings.load(), version=version)


def scenario(name: str) -> Scenario:
    """The scenario with this id. Raises PackError with the nearest one."""
    return Scenario(packs_.find(name))


def scenarios() -> tuple[Scenario, ...]:
    """Every scenario that is installed."""
    return tuple(Scenario(p) for p in packs_.packs())


def run(
    name: str,
    *,
    case: str = "",
    data: str | Path | None = None,
    seed: int = 0,
    again: bool = False,
    subject: str = "",
    region: str = "",
    **params: Any,
) -> Run:
    """A finished run of scenario `name`, found again where the same one stands already.

    data : the user's own file or folder instead of the case's registered data set
    subject, region : of what one's own data tell, and where it lies, for the plan ledger
    params : parameters of the pack
    Raises the named error of the step that fails.
    """
    from qianhang.runs import Request, carry_out

    texts = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in params.items()}
    source = Path(data) if data else None
    asked = Request(
        name, case, source, seed, "local", texts, again, subject=subject, region=region
    )  # fmt: skip
    record, found = carry_out(asked, settings=Settings.load())
    return Run(record, found)


def history(**which: Any) -> list[Run]:
    """Finished runs, newest first; `scenario` and `limit` narrow them."""
    from qianhang.runs import read_store, recent

    with read_store() as store:
        return [Run(r) for r in recent(store, state="finished", **which)]
