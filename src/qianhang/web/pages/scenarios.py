"""The catalogue of scenarios, a scenario's own page, and asking for a run of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import Depends, File, Form, UploadFile
from fastapi import Request as FormRequest
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.access import Organisation, organisations
from qianhang.charts import number
from qianhang.core.errors import PackError, QianhangError
from qianhang.core.pack import Pack, find
from qianhang.plan.systems import systems
from qianhang.runs import Request, asks, display, kept, listing, record, shelf, showcase
from qianhang.runs.report.shape import metric_words
from qianhang.web import uploads
from qianhang.web.asked import Asked, Who
from qianhang.web.figures import figures
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import catalogue as views
from qianhang.web.views import scores
from qianhang.web.views.catalogue import Shown
from qianhang.web.views.clauses import clauses

__all__ = ["Shown", "chosen", "routes"]

routes = Pages("/scenarios")

_PAGE = 50


@routes.get("", "signed")
def catalogue(ask: Who) -> HTMLResponse:
    """Every scenario, searched and filtered."""
    whole = views.catalogue(ask.store)
    found = tuple(chosen(whole.every, ask.query("q"), _filters(ask)))
    last = max(0, (len(found) - 1) // _PAGE)
    asked = ask.query("page")
    at = min(int(asked), last) if asked.isdecimal() and len(asked) < 7 else 0
    return page(
        ask,
        "scenarios/catalogue.html",
        rows=[one.row for one in found[at * _PAGE : (at + 1) * _PAGE]],
        count=len(found),
        at=at,
        last=last,
        total=len(whole.every),
        q=ask.query("q"),
        filters=_filters(ask),
        choices=whole.choices,
    )


def chosen(every: Iterable[Shown], text: str, filters: Mapping[str, str]) -> Iterable[Shown]:
    """The scenarios whose words hold every word of `text` and that pass every filter."""
    for name, value in filters.items():
        every = [one for one in every if _has(one, name) == value]
    for word in text.lower().split():
        every = [one for one in every if word in one.entry.text]
    return every


def _has(one: Shown, name: str) -> str:
    if name == "tier":
        return one.tier or "none"
    return one.entry.industry if name == "industry" else one.entry.task


def _filters(ask: Asked) -> dict[str, str]:
    named = {name: ask.query(name) for name in ("industry", "task", "tier")}
    return {name: value for name, value in named.items() if value}


@routes.get("/{scenario}", "signed")
def scenario(ask: Who, scenario: str) -> HTMLResponse:
    """A scenario: problem, promise, contract, figures, the form to try it, history, models."""
    return _scenario(ask, find(_named(scenario)))


async def _typed(request: FormRequest) -> dict[str, str]:
    """Every field of the form that is text."""
    return {n: v for n, v in (await request.form()).items() if isinstance(v, str)}


@routes.post("/{scenario}/runs", "scenario_owner", "developer")
def asks_for_run(
    ask: Who,
    scenario: str,
    *,
    case: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = "0",
    org: Annotated[str, Form()] = "",
    subject: Annotated[str, Form()] = "",
    region: Annotated[str, Form()] = "",
    again: Annotated[bool, Form()] = False,
    files: Annotated[list[UploadFile] | None, File()] = None,
    typed: Annotated[dict[str, str] | None, Depends(_typed)] = None,
) -> Response:
    """A run in the queue, then the page on which it is watched; or the form, with the error."""
    pack = find(_named(scenario))
    org = org or ask.who.account.org
    try:
        _require(ask, org)
        request = Request(
            pack.id,
            case,
            _data(ask, files or (), org),
            seed=int(seed) if seed.isdecimal() else -1,
            params=_params(pack, typed or {}),
            again=again,
            subject=subject,
            region=region,
        )
        put = asks.put(
            ask.store, request, org=org, by=ask.who.account.id, now=ask.now,
            home=ask.settings.home,
        )  # fmt: skip
    except QianhangError as cause:
        return _scenario(ask, pack, error=cause, typed=typed)
    ask.request.app.state.dispatcher.poke()
    return RedirectResponse(f"/runs/asks/{put.id}", status_code=303)


@routes.post("/{scenario}/scores", "scenario_owner", "developer")
def asks_for_score(
    ask: Who,
    scenario: str,
    *,
    table: Annotated[UploadFile, File()],
    pool: Annotated[str, Form(max_length=40)] = "local",
    jobs: Annotated[str, Form()] = "1",
    version: Annotated[str, Form()] = "",
    org: Annotated[str, Form()] = "",
) -> Response:
    """A table scored by a kept model: in the queue, then the page on which it is watched."""
    pack = find(_named(scenario))
    org = org or ask.who.account.org
    try:
        _require(ask, org)
        put = scores.put(
            ask, pack.id, org=org, pool=pool, version=_whole(version) or None,
            upload=uploads.keep([table], home=ask.settings.home, org=org), jobs=_whole(jobs),
        )  # fmt: skip
    except QianhangError as cause:
        return _scenario(ask, pack, error=cause)
    return RedirectResponse(f"/runs/asks/{put.id}", status_code=303)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _require(ask: Asked, org: str) -> None:
    if not ask.who.may("developer", org):
        ask.who.require("scenario_owner", org)


def _data(ask: Asked, files: Sequence[UploadFile], org: str) -> Path | None:
    sent = [f for f in files if f.filename]
    if not sent:
        return None
    place = uploads.keep(sent, home=ask.settings.home, org=org)
    return ask.settings.home / "uploads" / org / place


def _params(pack: Pack, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed for the pack's own settings, where it differs from what they are."""
    known = {f"p.{name}": str(value) for name, value in pack.manifest.params.items()}
    return {n[2:]: v for n, v in typed.items() if n in known and v.strip() and v != known[n]}


def _scenario(
    ask: Asked,
    pack: Pack,
    *,
    error: QianhangError | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    covers = ask.who.covers
    runs = listing.lines(ask.store, orgs=covers, scenario=pack.id, limit=20)
    ended = next((line for line in runs if line.state == "finished"), None)
    last = record.get(ask.store, ended.id) if ended else None
    return page(
        ask,
        "scenarios/scenario.html",
        status=status_of(error) if error else 200,
        id=pack.id,
        pack=pack.manifest,
        tier=shelf.tiers(ask.store).get(pack.id, ""),
        runs=runs,
        cases={c.name: c.title for c in pack.manifest.case},
        last=last,
        measured=showcase.measured(last.result) if last else (),
        figures=figures(ask, last, *display.view(ask.store, last)) if last else (),
        models=kept.kept(ask.store, covers, scenario=pack.id),
        systems=[systems()[i] for i in pack.manifest.covers if i in systems()],
        clauses=clauses(ask, pack.id),
        orgs=_orgs(ask),
        scored=scores.of(ask, pack.id) if pack.manifest.task in scores.BY_ROW else None,
        pools=scores.pools(ask),
        error=error,
        typed=typed or {},
        metric=lambda name: metric_words(name, ask.lang, pack.manifest.page.titles),
        unit=lambda name: number.unit(name, lang=ask.lang),
    )


def _orgs(ask: Asked) -> list[Organisation]:
    """The organisations for which the reader may run scenarios, their own first."""
    may = [
        one
        for one in organisations.organisations(ask.store)
        if ask.who.may("scenario_owner", one.id) or ask.who.may("developer", one.id)
    ]
    return sorted(may, key=lambda one: one.id != ask.who.account.org)


def _named(scenario: str) -> str:
    """The id as it stands in an address, never a folder.

    Raises PackError for anything else.
    """
    if "/" in scenario or scenario.startswith("."):
        raise PackError("QH206", f"scenario {scenario[:80]!r} does not exist")
    return scenario
