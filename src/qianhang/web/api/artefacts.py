"""Result files of jobs: what became of the outputs that a task names, and their bytes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from qianhang.compute.artefacts import shelf
from qianhang.core.errors import UsageError
from qianhang.web.api.compute_shapes import JobId
from qianhang.web.api.rights import RUNNERS
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import artefacts as views
from qianhang.web.views import jobs

__all__ = ["routes"]

routes = Endpoints("/compute/jobs/{job_id}/artefacts", tag="compute")
Number = Annotated[int, Path(ge=1, le=10**6, description="Number of a file", examples=[1])]
_BINARY = {"content": {views.MEDIA: {"schema": {"type": "string", "format": "binary"}}}}


class JobArtefact(BaseModel):
    """A file that was kept of a job."""

    number: int = Field(examples=[1])
    path: str = Field(description="Below the job's folder", examples=["results/scores.json"])
    bytes: int
    sha256: str
    gone: str = Field(description="When it was deleted, UTC; empty while it is kept")


class SkippedFile(BaseModel):
    """A file that was passed over."""

    path: str
    why: str = Field(description="link, not a file, linked (has a second name), name, unreadable")


class JobArtefacts(BaseModel):
    """What became of the outputs that a job's task names."""

    job: str = Field(examples=["j0123456789ab"])
    state: str = Field(
        description="wanted until the job has ended and they are collected; kept; empty; too_much;"
        " full (of the organisation's share); away (its folder is not seen); unsupported (by its"
        " pool); not_due (it failed); gone (deleted)"
    )
    bytes: int
    at: str = Field(description="UTC")
    until: str = Field(description="When they are deleted, UTC; empty where nothing is kept")
    missing: list[str] = Field(description="Patterns that meant no file")
    skipped: list[SkippedFile]
    found: str = Field(description="Of what was too much")
    expected: str
    items: list[JobArtefact]


@routes.get("", "signed")
def list_job_artefacts(ask: Who, job_id: JobId) -> JobArtefacts:
    """The result files of a job, and what was passed over."""
    return _told(ask, job_id)


@routes.get("/{number}", "signed", response_class=StreamingResponse, responses={200: _BINARY})
def download_job_artefact(ask: Who, job_id: JobId, number: Number) -> Response:
    """One file's bytes, as an attachment."""
    return views.download(ask, job_id, str(number))


@routes.post("/collect", *RUNNERS, scope="run")
def collect_job_artefacts(ask: Who, job_id: JobId) -> JobArtefacts:
    """Outputs of which nothing could be kept, wanted once more."""
    name = views.acted(ask, job_id)
    shelf.again(ask.store, name, by=ask.who.account.id, at=ask.now)
    return _told(ask, name)


@routes.delete("", *RUNNERS, scope="run")
def delete_job_artefacts(ask: Who, job_id: JobId) -> None:
    """The job's files, deleted before their time."""
    name = views.acted(ask, job_id)
    shelf.remove(ask.store, name, by=ask.who.account.id, at=ask.now)


def _told(ask: Asked, job_id: str) -> JobArtefacts:
    found = views.found(ask, jobs.seen(ask, job_id))
    if found is None:
        raise UsageError(
            "QH527", f"job {job_id[:40]} names no outputs",
            hint="name them in the task: outputs: [results/*.json]",
        )  # fmt: skip
    told = found.harvest
    return JobArtefacts(
        job=told.job, state=told.state, bytes=sum(one.size for one in found.kept), at=told.at,
        until=found.until, missing=list(told.missing), found=told.found, expected=told.expected,
        skipped=[SkippedFile(path=path, why=why) for path, why in told.skipped.items()],
        items=[
            JobArtefact(
                number=one.number, path=one.path, bytes=one.size, sha256=one.sha, gone=one.gone
            )
            for one in found.files
        ],
    )  # fmt: skip
