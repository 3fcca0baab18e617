"""The append-only log for administrators, and whether it is whole."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from qianhang import models
from qianhang.runs import journal, verifying
from qianhang.web.api.paging import Cursor, Limit, Page, mark, place
from qianhang.web.api.shapes import Sent, finite
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views.settings import administers_platform

__all__ = ["routes"]

routes = Endpoints("/log", tag="log")


class LogRecord(BaseModel):
    """One record: its hash covers all the rest and the record before."""

    seq: int = Field(examples=[1])
    at: str = Field(description="UTC", examples=["2026-03-01T08:00:00.000000Z"])
    kind: str = Field(examples=["run.finished"])
    subject: str = Field(description="Empty where closed", examples=["20260301-080001-abcdef"])
    payload: dict[str, Any] = Field(description="Empty where closed")
    prev_hash: str
    hash: str
    closed: bool = Field(description="Whether it belongs to an organisation closed to the reader")


class LogRecords(Page):
    """A page of the log, the oldest first."""

    items: list[LogRecord]


class NewCheck(Sent):
    """What shall be verified."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"files": True}]})

    files: bool = Field(default=True, description="Whether the files are read too")
    anchor: str = Field(
        default="",
        description="`anchor` of an earlier answer, kept outside; it shows a log rewritten whole",
        max_length=100,
        pattern="^([0-9]{1,15}:[0-9a-f]{64})?$",
    )


class Check(BaseModel):
    """What verifying found."""

    ok: bool
    records: int
    files: int
    anchor: str = Field(description="Keep it outside, to be given another day")
    broken: str = Field(description="The first record that is not as it was written, or empty")
    rows: list[str] = Field(
        description="Rows that are not what the log says; told to the platform's administrators"
    )


class LogState(BaseModel):
    """The log's last record, and what was found when the whole of it was last checked."""

    records: int
    head: str = Field(description="Hash of the last record; empty where there is none")
    ok: bool | None = Field(description="null where nobody has checked it yet")
    at: str = Field(description="When it was checked, UTC; empty where never")
    checked: int = Field(description="Records that were read then")
    files: int = Field(description="Files that were read then")
    broken: str = Field(description="The first broken record; empty where it was whole")


@routes.get("", "administrator")
def list_log(
    ask: Who,
    *,
    kind: Annotated[
        str, Query(max_length=80, description="Only of this kind, or of all that begin so: access.")
    ] = "",
    subject: Annotated[str, Query(max_length=200, description="Only of this subject")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> LogRecords:
    """The records in order: all for the platform's administrators, else those of access here."""
    told = place(cursor, 1)
    after = int(told[0]) if told and told[0].isascii() and told[0].isdecimal() else 0
    found = journal.page(
        ask.store, _mine(ask), whole=administers_platform(ask), kind=kind, subject=subject,
        after=min(after, 2**53), limit=limit + 1,
    )  # fmt: skip
    page = found[:limit]
    # Asked for by name, what is closed would show that it is there.
    items = [_record(one) for one in page if not (subject and one.closed)]
    return LogRecords(items=items, next=mark(str(page[-1].seq)) if len(found) > limit else None)


@routes.get(
    "/download",
    "administrator",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def download_log(ask: Who) -> Response:
    """The same from the first record on, one JSON object a line."""
    lines = journal.lines(ask.store, _mine(ask), whole=administers_platform(ask))
    headers = {
        "Content-Disposition": 'attachment; filename="qianhang-log.jsonl"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


@routes.get("/verification", "signed")
def get_log_verification(ask: Who) -> LogState:
    """What was found when the log was last checked."""
    found = verifying.state(ask.store)
    return LogState(**{name: getattr(found, name) for name in LogState.model_fields})


@routes.post("/verification", "safety_officer", "administrator", scope="safety")
def verify_log(ask: Who, wanted: NewCheck) -> Check:
    """The chain recomputed from its first record; a check with files and no anchor is logged."""
    found = ask.store.verify(files=wanted.files, anchor=wanted.anchor or None)
    if wanted.files and not wanted.anchor:
        verifying.keep(ask.store, found, by=ask.who.account.id, now=ask.now)
    rows = models.verify(ask.store) if found.ok else []
    return Check(
        ok=found.ok and not rows,
        records=found.records,
        files=found.files,
        anchor=found.anchor,
        broken=str(found.broken or ""),
        rows=rows if administers_platform(ask) else [],
    )


def _mine(ask: Asked) -> frozenset[str]:
    return ask.who.orgs_by_role.get("administrator", frozenset())


def _record(found: journal.Line) -> LogRecord:
    plain = ("seq", "at", "kind", "subject", "prev_hash", "hash", "closed")
    return LogRecord(
        **{name: getattr(found, name) for name in plain}, payload=finite(dict(found.payload))
    )
