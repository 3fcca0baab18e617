"""The office's work on a plan: what falls due, what is late, meetings, decisions, who attends."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from qianhang.plan.office import agenda, work
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import PlanRef, Sent
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_work, plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}", tag="plans")
Number = Annotated[int, Path(description="Number of a decision", ge=1, le=2**31 - 1, examples=[1])]
Days = Annotated[int, Field(ge=0, le=3650)]


class Due(BaseModel):
    """Something that has to be there on a day."""

    kind: str = Field(description="milestone, target, task, decision, report or node")
    ref: str = Field(examples=["P1.T3"])
    name: str
    day: datetime.date
    units: list[str] = Field(description="Who leads it")
    person: str = Field(description="Who attends to it; empty for nobody")


class Timeline(Page):
    """A page of what falls due, by day."""

    items: list[Due]


class Late(BaseModel):
    """A late thing, and whom to tell."""

    due: Due
    late: int = Field(description="Days")
    step: str = Field(description="lead, superior or office")
    to: list[str] = Field(description="Names; none where nobody is named")


class Meeting(BaseModel):
    """A meeting and its minutes."""

    id: int
    day: datetime.date
    title: str
    body: str
    by: str
    at: str = Field(description="UTC")


class Decision(BaseModel):
    """Something that was decided, to be carried out."""

    id: int
    meeting: int | None = Field(description="Number of the meeting that decided it")
    item: str = Field(description="Code of the item that it is about; empty for none")
    text: str
    owner: str
    due: datetime.date | None
    state: str = Field(description="open or done")
    revision: int = Field(description="Sent back when it is done")
    by: str
    at: str = Field(description="UTC")


class ItemOwner(BaseModel):
    """Who attends to an item."""

    item: str = Field(description="Code", examples=["T3"])
    person: str
    unit: str
    contact: str
    by: str
    at: str = Field(description="UTC")


class Rhythm(BaseModel):
    """When the office reminds, collects and escalates."""

    remind: list[int] = Field(description="Days before something is due")
    reporting_day: int = Field(description="Of each month; 0 for none")
    quarterly: bool = Field(description="Whether each quarter closes with a report")
    escalate: list[int] = Field(description="Days late: unit itself, the one above it, the office")
    office: str
    superiors: dict[str, str] = Field(description="Unit -> the unit above it")


class Work(BaseModel):
    """The plan's work today."""

    day: datetime.date
    rhythm: Rhythm
    coming: list[Due] = Field(description="Due until the first reminder would be sent")
    reminded: list[Due] = Field(description="Those of which somebody is reminded today")
    late: list[Late]
    meetings: list[Meeting] = Field(description="The newest first")
    decisions: list[Decision]
    owners: list[ItemOwner]


class NewMeeting(Sent):
    """A meeting and its minutes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "第三次调度会", "day": "2026-03-01"}]}
    )

    title: str = Field(min_length=1, max_length=400)
    day: datetime.date
    body: str = Field(default="", max_length=50_000)


class NewDecision(Sent):
    """Something to be done."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "补报算力台账", "owner": "李娜"}]}
    )

    text: str = Field(min_length=1, max_length=4000)
    owner: str = Field(description="Who carries it out", min_length=1, max_length=160)
    due: datetime.date | None = None
    meeting: int | None = Field(default=None, description="Its number", ge=1, le=2**31 - 1)
    item: str = Field(default="", description="Code of the item it is about", max_length=20)


class Done(Sent):
    """A decision as it was seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision": 0}]})

    revision: int = Field(ge=0, le=2**31 - 1)


class NewOwner(Sent):
    """Who shall attend to an item."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"item": "T1", "person": "李娜"}]})

    item: str = Field(description="Code", max_length=20)
    person: str = Field(min_length=1, max_length=80)
    unit: str = Field(default="", max_length=160)
    contact: str = Field(default="", max_length=160)


class NewRhythm(Sent):
    """What shall be otherwise; what is null stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remind": [30, 7, 0]}]})

    remind: list[Days] | None = Field(default=None, min_length=1, max_length=12)
    reporting_day: int | None = Field(default=None, ge=0, le=31)
    quarterly: bool | None = None
    escalate: list[Days] | None = Field(default=None, min_length=3, max_length=3)
    office: str | None = Field(default=None, max_length=160)


@routes.get("/timeline", "signed")
def list_dues(
    ask: Who,
    plan: PlanRef,
    *,
    until: Annotated[datetime.date | None, Query(description="Only up to this day")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Timeline:
    """Deadlines, milestones and open decisions, by day, without what is done."""
    found = plan_work.dues(ask, plans.seen_plan(ask, plan), on=plans.today(ask))
    fits = [d for d in found if until is None or d.day <= until]
    page, next_ = sliced(
        fits, cursor, limit=limit, key=lambda d: (f"{d.day}", d.ref, d.kind, d.name)
    )
    return Timeline(items=[_due(d) for d in page], next=next_)


@routes.get("/work", "signed")
def get_work(ask: Who, plan: PlanRef) -> Work:
    """Reminders, what is late, meetings, decisions, and who attends to what."""
    found = plan_work.desk(ask, plans.seen_plan(ask, plan))
    return Work(
        day=found.day,
        rhythm=_rhythm(found.rhythm),
        coming=[_due(d) for d in found.coming],
        reminded=[_due(d) for d in found.coming if d in found.reminded],
        late=[Late(due=_due(e.due), late=e.late, step=e.step, to=list(e.to)) for e in found.late],
        meetings=[_meeting(m) for m in found.meetings],
        decisions=[_decision(d) for d in found.decisions],
        owners=[_owner(o) for o in found.owners.values()],
    )


@routes.post("/meetings", plans.ROLE, scope="plan", status_code=201)
def hold_meeting(ask: Who, plan: PlanRef, wanted: NewMeeting) -> Meeting:
    """The plan with a meeting more, and its minutes."""
    found = plans.own_plan(ask, plan)
    made = agenda.hold(
        ask.store, found, wanted.title, day=wanted.day, body=wanted.body, by=ask.by, at=ask.now
    )
    return _meeting(made)


@routes.post("/decisions", plans.ROLE, scope="plan", status_code=201)
def create_decision(ask: Who, plan: PlanRef, wanted: NewDecision) -> Decision:
    """The plan with something more to be done."""
    found = plans.own_plan(ask, plan)
    item = plans.seen_item(ask, found, wanted.item).code if wanted.item else ""
    made = agenda.decide(
        ask.store, found, wanted.text, owner=wanted.owner, by=ask.by, at=ask.now, due=wanted.due,
        meeting=wanted.meeting, item=item,
    )  # fmt: skip
    return _decision(made)


@routes.post("/decisions/{number}/done", plans.ROLE, scope="plan")
def close_decision(ask: Who, plan: PlanRef, number: Number, wanted: Done) -> Decision:
    """The decision as carried out; refused where somebody has changed it since it was seen."""
    found = plans.own_plan(ask, plan)
    seen = agenda.find_decision(ask.store, found, number)
    agenda.close(ask.store, replace(seen, revision=wanted.revision), by=ask.by, at=ask.now)
    return _decision(agenda.find_decision(ask.store, found, number))


@routes.post("/owners", plans.ROLE, scope="plan")
def set_owner(ask: Who, plan: PlanRef, wanted: NewOwner) -> ItemOwner:
    """The item with the person who attends to it."""
    found = plans.own_plan(ask, plan)
    item = plans.seen_item(ask, found, wanted.item)
    agenda.entrust(
        ask.store, item, wanted.person, unit=wanted.unit, contact=wanted.contact, by=ask.by,
        at=ask.now,
    )  # fmt: skip
    return _owner(agenda.owners(ask.store, found)[item.code])


@routes.post("/rhythm", plans.ROLE, scope="plan")
def set_rhythm(ask: Who, plan: PlanRef, wanted: NewRhythm) -> Rhythm:
    """The plan's rhythm of reminders, reports and escalation with these values in it."""
    found = plans.own_plan(ask, plan)
    values = wanted.model_dump(exclude_none=True)
    plan_work.beat(ask, found, [f"{name}={_written(value)}" for name, value in values.items()])
    return _rhythm(work.rhythm(ask.store, found))


def _written(value: str | int | bool | list[int]) -> str:
    if isinstance(value, list):
        return ",".join(str(day) for day in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _due(found: work.Due) -> Due:
    plain = ("kind", "ref", "name", "day", "person")
    return Due(**{name: getattr(found, name) for name in plain}, units=list(found.units))


def _meeting(found: agenda.Meeting) -> Meeting:
    plain = ("id", "day", "title", "body", "by", "at")
    return Meeting(**{name: getattr(found, name) for name in plain})


def _decision(found: agenda.Decision) -> Decision:
    plain = (
        "id", "meeting", "item", "text", "owner", "due", "state", "revision", "by", "at",
    )  # fmt: skip
    return Decision(**{name: getattr(found, name) for name in plain})


def _owner(found: agenda.Owner) -> ItemOwner:
    plain = ("item", "person", "unit", "contact", "by", "at")
    return ItemOwner(**{name: getattr(found, name) for name in plain})


def _rhythm(found: work.Rhythm) -> Rhythm:
    return Rhythm(
        remind=list(found.remind),
        reporting_day=found.reporting_day,
        quarterly=found.quarterly,
        escalate=list(found.escalate),
        office=found.office,
        superiors=dict(found.superiors),
    )
