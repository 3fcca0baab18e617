"""Runs: the list, a run's own page, the comparison of two, and an ask as it is carried out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response, StreamingResponse

from qianhang.charts import number
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Manifest
from qianhang.runs import asks, compare, display, listing, record, report, shelf, steps
from qianhang.runs.record import Record
from qianhang.runs.report.shape import metric_words
from qianhang.runs.scoring import asked as scored
from qianhang.web import choices
from qianhang.web.asked import Asked, Who
from qianhang.web.figures import figures
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import scores
from qianhang.web.views.compared import differences

__all__ = ["after_event", "routes", "seen_run"]

routes = Pages("/runs")

_PAGE = 50
_STATES = ("running", "finished", "failed", "interrupted")


@routes.get("", "signed")
def runs(ask: Who) -> HTMLResponse:
    """The newest runs that the reader may see, and what is waiting."""
    scenario, state = ask.query("scenario"), ask.query("state")
    at, _, id_ = ask.query("before").partition("~")
    covers = ask.who.covers
    found = listing.lines(
        ask.store,
        orgs=covers,
        scenario=scenario,
        state=state if state in _STATES else "",
        before=(at, id_) if id_ else None,
        limit=_PAGE + 1,
    )
    titles, cases = shelf.titles(), shelf.case_titles()
    waiting = [] if at else asks.asks(ask.store, covers, limit=20)
    return page(
        ask,
        "runs/list.html",
        rows=[
            (r, r.state_now, titles.get(r.scenario), cases.get((r.scenario, r.case)))
            for r in found[:_PAGE]
        ],
        more=found[_PAGE - 1].cursor if len(found) > _PAGE else None,
        waiting=[a for a in waiting if a.open],
        titles=titles,
        options=choices.scenarios(ask.lang, chosen=scenario),
        scenario=scenario,
        state=state,
        states=_STATES,
    )


@routes.get("/compare", "signed")
def compared(ask: Who) -> HTMLResponse:
    """Two runs side by side."""
    first, second = (seen_run(ask, ask.query(name)) for name in ("a", "b"))
    found, manifest = compare(first, second), display.manifest_of(first)
    titles = manifest.page.titles if manifest else {}
    cases = {
        case: title
        for one in (second, first)
        for (scenario, case), title in shelf.case_titles().items()
        if scenario == one.scenario
    }
    return page(
        ask, "runs/compare.html", a=first, b=second, scores=found["scores"], units=_units(manifest),
        unit=lambda name: number.unit(name, lang=ask.lang),
        metric=lambda name: metric_words(name, ask.lang, titles),
        differences=differences(
            ask, found["differences"], manifest=manifest, case=first.case, cases=cases
        ),
    )  # fmt: skip


def _units(manifest: Manifest | None) -> dict[str, str]:
    """Metric -> unit, of those that the pack promises."""
    return {b.metric: b.unit for c in manifest.case for b in c.bar} if manifest else {}


@routes.get("/asks/{ask_id}", "signed")
def asked_for(ask: Who, ask_id: str) -> Response:
    """An ask: waiting, carried out, or ended."""
    found = _seen_ask(ask, ask_id)
    if found.state == "finished" and found.run:
        return RedirectResponse(f"/runs/{found.run}", status_code=303)
    entry = next((e for e in shelf.entries() if e.id == found.scenario), None)
    may = ask.who.may("scenario_owner", found.org) or ask.who.may("developer", found.org)
    names = steps.NAMES if found.work == "run" else (found.work,)
    return page(
        ask, "runs/ask.html", found=found, entry=entry, steps=names, may_cancel=may,
        files=_files(ask, found),
    )  # fmt: skip


def _files(ask: Asked, found: asks.Ask) -> list[str]:
    """Which files of a scoring are kept still."""
    kept = []
    for what in ("answers", "rejects"):
        with suppress(UsageError):
            scored.file(ask.settings.home, found, what)
            kept.append(what)
    return kept


@routes.get("/scores/{score_id}/{file}/download", "signed")
def scored_file(ask: Who, score_id: str, file: str) -> Response:
    """The answers (Parquet) or the rejects (CSV) of a scoring, to keep."""
    return scores.download(ask, score_id, "rejects" if file == "rejects" else "answers")


@routes.get("/asks/{ask_id}/events", "signed")
async def live(ask: Who, ask_id: str) -> Response:
    """What happens to an ask, as server-sent events; a browser that comes back goes on."""
    found = _seen_ask(ask, ask_id)
    after = after_event(ask.request)
    if not found.open and not asks.events(ask.store, ask_id, after, limit=1):
        return Response(status_code=204)
    told = ask.request.app.state.live.follow(ask_id, after=after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


@routes.post("/asks/{ask_id}/cancel", "scenario_owner", "developer")
def cancels(ask: Who, ask_id: str) -> Response:
    """The ask, told to stop."""
    found = _seen_ask(ask, ask_id)
    if not (ask.who.may("scenario_owner", found.org) or ask.who.may("developer", found.org)):
        ask.who.require("scenario_owner", found.org)
    asks.cancel(ask.store, found.id, by=ask.who.account.id, now=ask.now)
    return RedirectResponse(f"/runs/asks/{found.id}", status_code=303)


@routes.get("/{run_id}", "signed")
def run(ask: Who, run_id: str) -> HTMLResponse:
    """A run: verdict, figures beside baselines and published best, charts, data, log."""
    found = seen_run(ask, run_id)
    if found.state != "finished":
        entry = next((e for e in shelf.entries() if e.id == found.scenario), None)
        name = ask.word(entry.title) if entry else found.scenario
        case = entry.case_titles.get(found.case) if entry else None
        case_name = ask.word(case) if case else found.case
        return page(ask, "runs/run.html", run=found, name=name, case_name=case_name)
    body, manifest = display.view(ask.store, found)
    return page(
        ask,
        "runs/run.html",
        run=found,
        name=ask.word(manifest.title) if manifest else found.scenario,
        parts=report.parts(body, manifest, lang=ask.lang),
        figures=figures(ask, found, body, manifest),
    )


@routes.get("/{run_id}/report", "signed")
def download(ask: Who, run_id: str) -> Response:
    """The run's report as one HTML file, to keep; it is not shown here, where its styles stand."""
    found = seen_run(ask, run_id)
    text = display.page(ask.store, found, lang=ask.lang)
    name = f"{found.scenario}-{found.id}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def seen_run(ask: Asked, run_id: str) -> Record:
    """The run of this whole id, where the reader may see it.

    Raises UsageError where there is none, or none for this reader: the two look the same.
    """
    found: Record | None = None
    if run_id not in ("", "last"):
        try:
            found = record.get(ask.store, run_id)
        except UsageError:
            found = None
    if found is None or found.id != run_id or not record.visible(found, ask.who.covers):
        raise UsageError("QH804", f"run {run_id!r} does not exist")
    return found


def _seen_ask(ask: Asked, ask_id: str) -> asks.Ask:
    found = asks.get(ask.store, ask_id)
    if found.org not in ask.who.covers:
        raise UsageError("QH850", f"ask {ask_id!r} does not exist")
    return found


def after_event(request: Request, *, most: int = 2**31) -> int:
    """After which event the browser wants to go on."""
    told: Any = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    return min(int(told), most) if str(told).isdecimal() else 0
