"""Complaints that came through the public portal, and their answers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from qianhang.safety import complaints
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/complaints", tag="complaints")
Ref = Annotated[
    str, Path(description="Number of a complaint", max_length=20, examples=["C23456789ABCD"])
]
_ALL = 2**31 - 1


class Complaint(BaseModel):
    """One complaint, told in confidence."""

    ref: str = Field(description="Its number, by which whoever sent it reads the answer")
    org: str = Field(description="Organisation that answers for it", examples=["root"])
    kind: str = Field(description="complaint, error, oversight or advice")
    about: str = Field(description="Id of a scenario, or free words")
    text: str
    contact: str = Field(description="Empty where none was left")
    state: str = Field(description="received or answered")
    received: str = Field(description="UTC")
    answer: str
    by: str = Field(description="Who answered")
    answered: str = Field(description="UTC; empty before")


class Complaints(Page):
    """A page of complaints, in the order in which they came."""

    items: list[Complaint]


class ComplaintAnswer(Sent):
    """What whoever has the number may read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "已核实并更正。"}]})

    text: str = Field(min_length=1, max_length=4000)


@routes.get("", "safety_officer")
def list_complaints(
    ask: Who,
    *,
    state: Annotated[
        Literal["received", "answered", ""], Query(description="Only in this state")
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Complaints:
    """What people have sent to the organisations for which the reader answers."""
    every = complaints.complaints(ask.store, _orgs(ask), state=state, limit=_ALL)
    page, next_ = sliced(every, cursor, limit=limit, key=lambda c: (c.received, c.ref))
    return Complaints(items=[_shape(c) for c in page], next=next_)


@routes.get("/{ref}", "safety_officer")
def get_complaint(ask: Who, ref: Ref) -> Complaint:
    """One complaint."""
    return _shape(complaints.find(ask.store, ref, orgs=_orgs(ask)))


@routes.post("/{ref}/answer", "safety_officer", scope="safety")
def answer_complaint(ask: Who, ref: Ref, wanted: ComplaintAnswer) -> Complaint:
    """The complaint with its answer, in place of an earlier one."""
    return _shape(
        complaints.answer(ask.store, ref, wanted.text, orgs=_orgs(ask), by=ask.by, now=ask.now)
    )


def _orgs(ask: Asked) -> frozenset[str]:
    return ask.who.orgs_by_role.get("safety_officer", frozenset())


def _shape(found: complaints.Complaint) -> Complaint:
    return Complaint(**{name: getattr(found, name) for name in Complaint.model_fields})
