"""Jobs of the compute network: submitted once, looked at, followed, explained, cancelled."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Header, Query
from starlette.responses import Response, StreamingResponse

from qianhang.compute.door import attempts, jobs, listing
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.listing import Filter
from qianhang.web.api.compute_shapes import (
    ComputeJob,
    ComputeJobs,
    JobId,
    JobLog,
    JobWhy,
    NewJob,
    Submitted,
    SubmittedJob,
    job_of,
    line_of,
    why_of,
)
from qianhang.web.api.paging import Cursor, Limit, mark, place
from qianhang.web.api.rights import RUNNERS, chosen_org, require
from qianhang.web.asked import Asked, Who
from qianhang.web.job_log import JobLogs
from qianhang.web.routes import Endpoints
from qianhang.web.views import jobs as views

__all__ = ["routes"]

routes = Endpoints("/compute/jobs", tag="compute")
State = Literal["open", "queued", "running", "finished", "failed", "cancelled", "refused", ""]
_LARGEST = 2**53 - 1


@routes.post("", *RUNNERS, scope="run", status_code=202)
def create_job(
    ask: Who,
    wanted: NewJob,
    answer: Response,
    idempotency_key: Annotated[str, Header(include_in_schema=False)] = "",
) -> Submitted:
    """A task before the door: its jobs, which wait for a pool; all of them or none."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    made = views.submit(
        ask, wanted.task, org=org, project=wanted.project.strip(), key=idempotency_key
    )
    answer.headers["Location"] = f"/api/v1/compute/jobs/{made[0][0]}"
    return Submitted(items=[SubmittedJob(id=name, new=new) for name, new in made])


@routes.get("", "signed")
def list_jobs(
    ask: Who,
    *,
    state: State = "",
    org: Annotated[str, Query(max_length=40)] = "",
    project: Annotated[str, Query(max_length=80)] = "",
    pool: Annotated[str, Query(max_length=60, description="Where an attempt was made")] = "",
    mine: Annotated[bool, Query(description="Only what this account submitted")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> ComputeJobs:
    """The jobs of the organisations that the reader covers, the newest first."""
    before = place(cursor, 2)
    states = jobs.OPEN if state == "open" else (state,) if state else ()
    account = ask.who.account.id if mine else ""
    found = listing.lines(
        ask.store, ask.who.covers, Filter(states, org, project, account, pool),
        before=(before[0], before[1]) if before else None, limit=limit + 1,
    )  # fmt: skip
    more = mark(*found[limit - 1].cursor) if len(found) > limit else None
    return ComputeJobs(items=[line_of(one) for one in found[:limit]], next=more)


@routes.get("/{job_id}", "signed")
def get_job(ask: Who, job_id: JobId) -> ComputeJob:
    """One job with its attempts and what they used."""
    return _job(ask, views.seen(ask, job_id))


@routes.get("/{job_id}/why", "signed")
def explain_job(ask: Who, job_id: JobId) -> JobWhy:
    """Why the job is where it is: each pool with its sum in yuan, or what it lacks."""
    found = views.seen(ask, job_id)
    return why_of(found, views.why(ask, found))


@routes.post("/{job_id}/cancel", *RUNNERS, scope="run")
def cancel_job(ask: Who, job_id: JobId) -> ComputeJob:
    """The job, told to stop; one that has ended stays as it is."""
    found = views.seen(ask, job_id)
    require(ask, found.job.org, *RUNNERS)
    told = jobs.cancel(ask.store, found.job.id, by=ask.who.account.id, at=ask.now)
    return _job(ask, told)


@routes.get("/{job_id}/log", "signed")
def read_job_log(
    ask: Who, job_id: JobId, start: Annotated[int, Query(ge=0, le=_LARGEST)] = 0
) -> JobLog:
    """What the last attempt printed from byte `start` on."""
    found = views.seen(ask, job_id)
    made = attempts.of(ask.store, found.job.id)
    if not made:
        return JobLog(attempt=0, start=start, next=start, text="", away=False, open=found.open)
    piece = _logs(ask).piece(made[-1], start, over=not found.open)
    more = found.open or piece.away or piece.size > 0
    return JobLog(
        attempt=made[-1].epoch, start=start, next=start + piece.size, text=piece.text,
        away=piece.away, open=more,
    )  # fmt: skip


@routes.get(
    "/{job_id}/stream",
    "signed",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def stream_job(
    ask: Who,
    job_id: JobId,
    after: Annotated[int, Query(ge=0, le=_LARGEST, description="Id of the last event")] = 0,
    last_event_id: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """The same and each change of the job as server-sent events, until it has ended."""
    found = views.seen(ask, job_id)
    if last_event_id.isascii() and last_event_id.isdecimal():
        after = min(int(last_event_id[:17]), _LARGEST)
    told = _logs(ask).follow(found.job.id, after=after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


def _logs(ask: Asked) -> JobLogs:
    found: JobLogs = ask.request.app.state.job_logs
    return found


def _job(ask: Asked, found: Kept) -> ComputeJob:
    return job_of(found, attempts.of(ask.store, found.job.id), views.used(ask, found))
