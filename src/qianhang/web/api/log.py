"""The append-only log, and its verification, for an administrator of the platform."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from qianhang import models
from qianhang.access import ROOT
from qianhang.web.api.paging import Cursor, Limit, Page, mark, place
from qianhang.web.api.rights import require
from qianhang.web.api.shapes import Sent, finite
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/log", tag="log")


class LogRecord(BaseModel):
    """One record: its hash covers all the rest and the record before."""

    seq: int = Field(examples=[1])
    at: str = Field(description="UTC", examples=["2026-03-01T08:00:00.000000Z"])
    kind: str = Field(examples=["run.finished"])
    subject: str = Field(examples=["20260301-080001-abcdef"])
    payload: dict[str, Any]
    prev_hash: str
    hash: str


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
    rows: list[str] = Field(description="Rows that are not what the log says")


@routes.get("", "administrator")
def list_log(
    ask: Who,
    kind: Annotated[str, Query(max_length=80, description="Only of this kind")] = "",
    subject: Annotated[str, Query(max_length=200, description="Only of this subject")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> LogRecords:
    """The records of the log, in order."""
    require(ask, ROOT, "administrator")
    after = place(cursor, 1)
    number = int(after[0]) if after and after[0].isascii() and after[0].isdecimal() else 0
    found = ask.store.entries(
        kind=kind or None, subject=subject or None, after=min(number, 2**53), limit=limit + 1
    )
    names = ("seq", "at", "kind", "subject", "prev_hash", "hash")
    items = [
        LogRecord(**{n: getattr(e, n) for n in names}, payload=finite(dict(e.payload)))
        for e in found[:limit]
    ]
    return LogRecords(items=items, next=mark(str(items[-1].seq)) if len(found) > limit else None)


@routes.post("/verification", "administrator", scope="admin")
def verify_log(ask: Who, wanted: NewCheck) -> Check:
    """The chain recomputed from its first record, and the files that it refers to."""
    require(ask, ROOT, "administrator")
    found = ask.store.verify(files=wanted.files, anchor=wanted.anchor or None)
    rows = models.verify(ask.store) if found.ok else []
    return Check(
        ok=found.ok and not rows,
        records=found.records,
        files=found.files,
        anchor=found.anchor,
        broken=str(found.broken or ""),
        rows=rows,
    )
