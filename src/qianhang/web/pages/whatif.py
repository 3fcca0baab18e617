"""What-if: a log of jobs through the network as it is and after changes, in figures and plots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from qianhang.access import Role
from qianhang.compute.door import plant
from qianhang.compute.flavour import flavours
from qianhang.core.errors import QianhangError, UsageError
from qianhang.runs.studies import desk
from qianhang.runs.studies.carrier import MOST_JOBS
from qianhang.runs.studies.desk import Study
from qianhang.web.asked import Asked, Who
from qianhang.web.attached import attached
from qianhang.web.figures import figure_of
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import payers, studies
from qianhang.web.views.studied import KNOBS, changes_of, number_of, suffix_of

__all__ = ["STUDENTS", "kept_file", "may_study", "put", "routes"]

routes = Pages("/whatif")
STUDENTS: tuple[Role, ...] = (
    "pool_operator", "programme_office", "administrator", "developer", "scenario_owner",
)  # fmt: skip
_MOST = 32 * 2**20
_FILES = {"trace": (".csv", ".parquet", ".swf", ".txt", ".gz"), "pools": (".toml",)}


@routes.get("", "signed")
def listed(ask: Who) -> HTMLResponse:
    """The studies of the organisations that the reader covers, and the form for one."""
    return _listed(ask)


@routes.post("", *STUDENTS)
async def asks(ask: Who) -> Response:
    """A study, carried out in a process of its own."""
    async with ask.request.form(max_files=4, max_fields=100) as form:
        return await run_in_threadpool(_put, ask, form)


@routes.get("/{study}", "signed")
def one(ask: Who, study: str) -> HTMLResponse:
    """One study: how far it is, then its figures and plots."""
    found = desk.find(ask.store, study, orgs=ask.who.covers)
    cases = studies.cases(found)
    figures = [
        figure_of(chart, ask.lang, key=f"w{n}") for n, chart in enumerate(studies.charts(cases))
    ] if cases else []  # fmt: skip
    where = f"/whatif/{found.id}/waits"
    if figures:
        figures[0] = replace(figures[0], csv=f"{where}.csv", xlsx=f"{where}.xlsx")
    return page(
        ask, "billing/study.html", s=found, state=found.state_at(ask.now), cases=cases,
        figures=figures, names=payers.names(ask), flavours=flavours(),
    )  # fmt: skip


@routes.get("/{study}/figures.csv", "signed")
@routes.get("/{study}/figures.xlsx", "signed")
def figures(ask: Who, study: str) -> Response:
    """Every figure of every case as CSV or XLSX."""
    found = desk.find(ask.store, study, orgs=ask.who.covers)
    made = studies.table(studies.cases(found))
    return attached(ask, made, name=f"whatif-{found.id}", title=ask.t("whatif.result"))


@routes.get("/{study}/waits.csv", "signed")
@routes.get("/{study}/waits.xlsx", "signed")
def waits(ask: Who, study: str) -> Response:
    """The waits of every case as CSV or XLSX."""
    found = desk.find(ask.store, study, orgs=ask.who.covers)
    cases = studies.cases(found)
    if not cases:
        raise UsageError("QH804", f"study {found.id} has no figures yet")
    made = studies.charts(cases)[0].table
    return attached(ask, made, name=f"whatif-waits-{found.id}", title=ask.t("whatif.waits"))


def put(ask: Asked, spec: Mapping[str, Any], *, title: str, org: str) -> Study:
    """The study of an organisation, kept and begun in a process of its own.

    spec : as `carrier` takes it, without seed and organisations
    Raises UsageError where the reader may start none there, or too many are under way.
    """
    may_study(ask, org)
    whole = {**spec, "seed": 0, "orgs": sorted(ask.who.covers)}
    named = title.strip() or ask.t("menu.whatif")
    by = ask.who.account.id
    study = desk.put(ask.store, whole, title=named, org=org, by=by, now=ask.now)
    desk.launch(ask.settings, ask.store, study)
    return study


def may_study(ask: Asked, org: str) -> None:
    """Nothing, where the reader may start studies there.

    Raises UsageError otherwise.
    """
    if not any(ask.who.may(role, org) for role in STUDENTS):
        raise UsageError("QH862", f"no organisation {org[:40]!r} here")


def _put(ask: Asked, form: FormData) -> Response:
    typed = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    org = typed.get("org") or ask.who.account.org
    try:
        may_study(ask, org)
        spec = {
            "trace": _file(ask, form, "trace", org), "pools": _file(ask, form, "pools", org),
            "first": int(number_of(typed, "first", least=1, most=MOST_JOBS, default=2000)),
            "movable": _movable(typed), "changes": changes_of(typed),
        }  # fmt: skip
        study = put(ask, spec, title=typed.get("title", ""), org=org)
    except QianhangError as cause:
        return _listed(ask, typed=typed, error=cause)
    return RedirectResponse(f"/whatif/{study.id}", status_code=303)


def _movable(typed: Mapping[str, str]) -> float | None:
    if not typed.get("movable", "").strip():
        return None
    return number_of(typed, "movable", least=0, most=100) / 100


def _file(ask: Asked, form: FormData, name: str, org: str) -> dict[str, str] | None:
    sent, earlier = form.get(name), str(form.get(f"{name}_of") or "")
    found = sent if isinstance(sent, UploadFile) else None
    return kept_file(ask, found, name, org=org, earlier=earlier)


def kept_file(
    ask: Asked, sent: UploadFile | None, name: str, *, org: str, earlier: str = ""
) -> dict[str, str] | None:
    """What was sent, kept by its content; else what an earlier study of the organisation sent.

    name : trace or pools
    Raises UsageError for another kind of file, one too large, and no such study.
    """
    if sent is not None and sent.filename:
        suffix = suffix_of(sent.filename, _FILES[name])
        content = sent.file.read(_MOST + 1)
        if len(content) > _MOST:
            raise UsageError("QH883", f"{name}: more than {_MOST // 2**20} MiB")
        shown = sent.filename.replace("\\", "/").rpartition("/")[2][:80]
        return {"sha": ask.store.files.put(content), "name": f"{name}{suffix}", "shown": shown}
    if not earlier:
        return None
    found = desk.find(ask.store, earlier, orgs={org}).spec[name]
    return dict(found) if found else None


def _listed(
    ask: Asked, *, typed: Mapping[str, str] | None = None, error: QianhangError | None = None
) -> HTMLResponse:
    found = desk.listed(ask.store, ask.who.covers)
    pools = [held.pool for held in plant.pools(ask.store)]
    orgs = [o for o in payers.names(ask).orgs if any(ask.who.may(role, o) for role in STUDENTS)]
    earlier: dict[str, dict[str, Any]] = {"trace": {}, "pools": {}}
    for study in found:
        for name, known in earlier.items():
            told = study.spec[name]
            if told and told["sha"] not in {k["sha"] for k in known.values()}:
                known[study.id] = told
    return page(
        ask, "billing/whatif.html", status=status_of(error) if error else 200, found=found,
        states={s.id: s.state_at(ask.now) for s in found}, error=error, typed=typed or {},
        names=payers.names(ask), may=bool(orgs), orgs=orgs, earlier=earlier, pools=pools,
        flavours=flavours(), knobs=KNOBS, most=MOST_JOBS, here=ask.who.account.org,
    )  # fmt: skip
