"""Jobs of the compute network: the queue, one's own, submitting one, watching it, its end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, File, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response, StreamingResponse

from qianhang.access import organisations
from qianhang.compute.door import attempts, jobs, listing, plant
from qianhang.compute.door.listing import Filter
from qianhang.compute.flavour import flavours
from qianhang.compute.quote import Quote
from qianhang.core.errors import QianhangError, UsageError
from qianhang.web.api.rights import RUNNERS, require
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.compute import back, compute_page
from qianhang.web.pages.runs import after_event
from qianhang.web.problems import status_of
from qianhang.web.routes import Pages
from qianhang.web.views import artefacts, pools
from qianhang.web.views import jobs as views

__all__ = ["STATES", "routes"]

routes = Pages("/compute")

STATES = ("queued", "running", "finished", "failed", "cancelled", "refused")
_PAGE = 50


@routes.get("/jobs", "signed")
def queue(ask: Who) -> HTMLResponse:
    """The jobs of the reader's organisations: those that wait or run, or as they are filtered."""
    state = ask.query("state", "open")
    states = jobs.OPEN if state == "open" else (state,) if state in STATES else ()
    wanted = Filter(states, ask.query("org"), ask.query("project")[:80], pool=ask.query("pool"))
    return _list(ask, wanted, tab="jobs", state=state)


@routes.get("/mine", "signed")
def mine(ask: Who) -> HTMLResponse:
    """What the reader has submitted, the newest first."""
    return _list(ask, Filter(account=ask.who.account.id), tab="mine", state="")


@routes.get("/submit", *RUNNERS)
def form(ask: Who) -> HTMLResponse:
    """The form for a task."""
    return _form(ask)


def _filled(
    task: Annotated[str, Form()] = "",
    org: Annotated[str, Form()] = "",
    project: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> tuple[dict[str, str], UploadFile | None]:
    typed = {"task": task, "org": org, "project": project.strip(), "key": key[:64]}
    return typed, file


Filled = Annotated[tuple[dict[str, str], UploadFile | None], Depends(_filled)]


@routes.post("/jobs", *RUNNERS)
def submits(ask: Who, filled: Filled) -> Response:
    """A job before the door, then its page; or the form, with the field that is wrong."""

    def submitted(given: Mapping[str, str]) -> Response:
        text, org, project, key = given.values()
        made = views.submit(ask, text, org=org, project=project, key=key)
        if len(made) == 1:
            return RedirectResponse(f"/compute/jobs/{made[0][0]}", status_code=303)
        return back("/compute/mine", "submitted")

    return _carried(ask, filled, submitted)


@routes.post("/quote", *RUNNERS)
def quotes(ask: Who, filled: Filled) -> Response:
    """The form with what each pool offers the task; nothing is submitted or held."""

    def quoted(given: Mapping[str, str]) -> Response:
        text, org, project, _ = given.values()
        found = views.quote(ask, text, org=org, project=project)
        return _form(ask, typed=given, quote=found)

    return _carried(ask, filled, quoted)


def _carried(
    ask: Asked, filled: Filled, carry: Callable[[Mapping[str, str]], Response]
) -> Response:
    """What comes of the filled form; the form again, with the error, where that is refused."""
    typed, file = filled
    given = typed | {"org": typed["org"] or ask.who.account.org}
    try:
        require(ask, given["org"], *RUNNERS)
        given |= {"task": _sent(file) or given["task"]}
        return carry(given)
    except QianhangError as cause:
        return _form(ask, error=cause, typed=given)


@routes.get("/jobs/{job_id}", "signed")
def job(ask: Who, job_id: str) -> HTMLResponse:
    """A job: where it is and why, its attempts, its log as it is printed, what it cost."""
    found = views.seen(ask, job_id)
    return compute_page(
        ask, "job", tab="jobs", found=found, why=views.why(ask, found),
        attempts=attempts.of(ask.store, found.job.id), used=views.used(ask, found),
        names=_names(ask), flavours=flavours(), org=_orgs(ask).get(found.job.org, found.job.org),
        may=any(ask.who.may(role, found.job.org) for role in RUNNERS),
        outputs=artefacts.found(ask, found),
    )  # fmt: skip


@routes.get("/jobs/{job_id}/events", "signed")
async def live(ask: Who, job_id: str) -> Response:
    """What the job prints and how it changes, as server-sent events; a reader back goes on."""
    found = views.seen(ask, job_id)
    after = after_event(ask.request, most=2**53)
    told = ask.request.app.state.job_logs.follow(found.job.id, after=after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


@routes.get("/jobs/{job_id}/download", "signed")
def download(ask: Who, job_id: str) -> Response:
    """All that the job's last attempt printed, as a file."""
    found = views.seen(ask, job_id)
    made = attempts.of(ask.store, found.job.id)
    text = ask.request.app.state.job_logs.whole(made[-1]) if made else b""
    headers = {"Content-Disposition": f'attachment; filename="{found.job.id}.log"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


@routes.post("/jobs/{job_id}/cancel", *RUNNERS)
def cancels(ask: Who, job_id: str) -> Response:
    """The job, told to stop."""
    found = views.seen(ask, job_id)
    require(ask, found.job.org, *RUNNERS)
    jobs.cancel(ask.store, found.job.id, by=ask.who.account.id, at=ask.now)
    return back(f"/compute/jobs/{found.job.id}", "cancelled")


def _list(ask: Asked, wanted: Filter, *, tab: str, state: str) -> HTMLResponse:
    at, _, id_ = ask.query("before").partition("~")
    before = (at, id_) if id_ else None
    found = listing.lines(ask.store, ask.who.covers, wanted, before=before, limit=_PAGE + 1)
    known, names, chips = _orgs(ask), _names(ask), flavours()
    rows = [
        (j, known.get(j.org, j.org), names.get(j.pool), _chips(j.flavours, chips))
        for j in found[:_PAGE]
    ]
    more = found[_PAGE - 1].cursor if len(found) > _PAGE else None
    return compute_page(
        ask, "jobs", tab=tab, rows=rows, more=more, state=state, states=STATES, wanted=wanted,
        orgs=tuple(known.items()), pools=tuple(names.items()),
        may=any(ask.who.may(role) for role in RUNNERS),
    )  # fmt: skip


def _chips(wanted: tuple[str, ...], known: Mapping[str, Any]) -> tuple[Any, ...]:
    """The names of the kinds of chip that will do; what nobody knows stays as it is."""
    return tuple(known[name].name if name in known else name for name in wanted)


def _orgs(ask: Asked) -> dict[str, str]:
    """Organisation that the reader covers -> its name."""
    every = organisations.organisations(ask.store)
    return {one.id: one.name for one in every if one.id in ask.who.covers}


def _names(ask: Asked) -> dict[str, Any]:
    """Pool -> its name, where it has one."""
    return dict(plant.names(ask.store))


def _form(
    ask: Asked,
    *,
    error: QianhangError | None = None,
    typed: Mapping[str, str] | None = None,
    quote: Quote | None = None,
) -> HTMLResponse:
    """The form, with what was typed; its key makes a second click the same request."""
    shown = {"task": "", "org": "", "project": "", "key": ""} | dict(typed or {})
    shown["key"] = shown["key"] or secrets.token_hex(12)
    found = pools.lines(ask)
    return compute_page(
        ask, "submit", tab="submit", status=status_of(error) if error else 200, error=error,
        typed=shown, quote=quote, orgs=views.orgs(ask), projects=views.projects(ask),
        pools=found, called={one.held.pool.id: one.name for one in found}, flavours=flavours(),
    )  # fmt: skip


def _sent(file: UploadFile | None) -> str:
    """The text of the file that was sent, "" where none was.

    Raises UsageError where it is no text in UTF-8.
    """
    if file is None or not file.filename:
        return ""
    body = file.file.read(1_000_001)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("QH874", f"{file.filename[:80]!r} is no text in UTF-8") from None
