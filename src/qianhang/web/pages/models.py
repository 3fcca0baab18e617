"""Models: versions by scenario with stage and run, the card of each, versions beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi.responses import HTMLResponse

from qianhang.charts import number
from qianhang.models import ModelVersion
from qianhang.runs import kept, record, shelf
from qianhang.runs.report.shape import metric_words
from qianhang.web.asked import Asked, Who
from qianhang.web.render import page
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages("/models")

_STAGES = ("accepted", "research_only", "rejected", "retired")
_PAGE = 50
_BESIDE = 6


@dataclass(frozen=True, slots=True)
class Beside:
    """Versions of one scenario and case side by side: their metrics, each with its values."""

    versions: tuple[ModelVersion, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


@routes.get("", "signed")
def models(ask: Who) -> HTMLResponse:
    """Every version whose run the reader may see, newest first."""
    scenario = ask.query("scenario")
    stage = ask.query("stage") if ask.query("stage") in _STAGES else ""
    every = kept.kept(ask.store, ask.who.covers)
    found = [
        v for v in every
        if (not scenario or kept.scenario_of(v.name) == scenario) and stage in ("", v.stage)
    ]  # fmt: skip
    start = _whole(ask.query("page")) * _PAGE
    titles = {e.id: e.title for e in shelf.entries()}
    return page(
        ask, "models/list.html", found=found[start : start + _PAGE], count=len(found),
        number=start // _PAGE, more=len(found) > start + _PAGE, scenario=scenario, chosen=stage,
        scenarios=sorted({kept.scenario_of(v.name) for v in every}), stages=_STAGES, titles=titles,
        scenario_of=kept.scenario_of,
    )  # fmt: skip


@routes.get("/{name:path}/{version:int}", "signed")
def model(ask: Who, name: str, version: int) -> HTMLResponse:
    """One version: its card, and its figures beside those of the versions around it."""
    covers = ask.who.covers
    found = kept.one_kept(ask.store, covers, name=name, version=version)
    scenario = kept.scenario_of(name)
    run = record.get(ask.store, found.run)
    others = kept.kept(ask.store, covers, scenario=scenario)
    entry = next((e for e in shelf.entries() if e.id == scenario), None)
    titles = entry.titles if entry else {}
    beside = _beside(ask, found, run.case, others)
    units = {bar["metric"]: bar["unit"] for bar in run.result.get("bars") or ()}
    return page(
        ask, "models/model.html", m=found, run=run, scenario=scenario, entry=entry,
        beside=beside, scored={name for name, _ in beside.rows},
        metric=lambda name: metric_words(name, ask.lang, titles),
        unit=lambda name: number.unit(units.get(name, ""), lang=ask.lang),
    )  # fmt: skip


def _beside(ask: Asked, found: ModelVersion, case: str, others: Sequence[ModelVersion]) -> Beside:
    cases = kept.seen_runs(ask.store, (v.run for v in others), ask.who.covers)
    same = [v for v in others if cases.get(v.run) == case and v.id != found.id]
    chosen = (found, *same[: _BESIDE - 1])
    scores = [record.get(ask.store, v.run).result.get("scores") or {} for v in chosen]
    names = dict.fromkeys(name for one in scores for name in one)
    return Beside(chosen, tuple((n, tuple(s.get(n) for s in scores)) for n in names))


def _whole(text: str) -> int:
    return min(int(text), 10**5) if text.isdecimal() else 0
