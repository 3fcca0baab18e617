"""Targets of a plan: where each stands on a day, of what its figure is made, and new evidence."""

from __future__ import annotations

import datetime
import math
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from qianhang.core.errors import UsageError
from qianhang.plan import answers, evidence
from qianhang.plan.items import Plan
from qianhang.plan.standing import Standing
from qianhang.runs import asks
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.plan_items import Code
from qianhang.web.api.plans import Day, day_of
from qianhang.web.api.shapes import PlanRef, Sent, finite
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_target, plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}/targets", tag="plans")
State = Literal["met", "on_track", "watch", "behind", "overdue", "no_evidence", "open", ""]


class Override(BaseModel):
    """What a person states instead of the reading, until it expires."""

    state: str
    value: float | None = Field(description="In the target's unit")
    reason: str
    by: str
    expires: datetime.date


class Target(BaseModel):
    """A confirmed target on a day."""

    ref: str = Field(examples=["P1.T3"])
    code: str = Field(examples=["T3"])
    name: str = Field(description="Indicator", examples=["智能算力规模"])
    section: str
    comparator: str = Field(examples=[">="])
    low: float | None = Field(description="The figure to be reached, in `unit`", examples=[30.0])
    high: float | None = Field(description="Upper end of a range, in `unit`")
    unit: str = Field(description="Unit of low, high, value, claimed", examples=["EFLOPS"])
    deadline: int | None = Field(description="Year", examples=[2027])
    on: datetime.date = Field(description="The day of which this is told")
    state: str = Field(
        description="met, on_track, watch, behind, overdue, no_evidence or open",
        examples=["on_track"],
    )
    value: float | None = Field(description="By evidence of grades A to C, in `unit`")
    claimed: float | None = Field(description="What is only claimed (grade D), in `unit`")
    grade: str = Field(description="Worst grade that the value rests on; empty where none")
    attainment: float | None = Field(description="Share of the way that is done")
    expected: float | None = Field(description="Share of the way that would be done by now")
    forecast: datetime.date | None = Field(description="When it is reached if it goes on so")
    leaders: list[str] = Field(description="Units that lead it")
    reason: str
    override: Override | None


class Targets(Page):
    """A page of targets, by number."""

    items: list[Target]


class Component(BaseModel):
    """One record of evidence as the reading saw it."""

    seq: int = Field(description="Number of the record in the log")
    grade: str = Field(description="A computed here, B connector, C document, D claim")
    kind: str
    subject: str
    on: datetime.date
    value: float | None = Field(description="In the target's unit")
    used: bool = Field(description="Whether it is in the figure")
    why: str = Field(description="Why it is not")
    part: str = Field(description="value, or per for the denominator of a ratio")
    run: str = Field(description="Run behind it, where the reader may see it; else empty")
    by: str = Field(description="Who or what recorded it")
    retracted: str = Field(description="Why it was taken back; empty while it stands")


class TargetDetail(Target):
    """A target with everything that its figure is made of."""

    components: list[Component]
    by_grade: dict[str, float] = Field(description="Grade -> its share, in `unit`")
    again: float | None = Field(description="The value once more, from the components alone")
    rule: dict[str, Any] | None = Field(description="How evidence becomes the figure")
    upto: int = Field(description="Last record of the log that was looked at")


class ReadingPoint(BaseModel):
    """A reading on a day on which something was observed."""

    on: datetime.date
    value: float = Field(description="In `unit`")


class TargetReadings(BaseModel):
    """A target's readings over time, as the figure of its page shows them."""

    ref: str = Field(examples=["P1.T3"])
    unit: str = Field(examples=["EFLOPS"])
    points: list[ReadingPoint] = Field(description="The oldest first; empty before any reading")


class NewEvidence(Sent):
    """What somebody states of a target, with the document that shows it or without."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"value": 12.5, "unit": "EFLOPS", "on": "2026-03-01", "subject": "年报"}]
        }
    )

    value: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        default=None, description="In `unit`"
    )
    unit: str = Field(default="", description="The target's own where empty", max_length=40)
    on: datetime.date | None = Field(default=None, description="Of which day; today where null")
    kind: str = Field(default="", description="statistic, document, claim ...", max_length=40)
    subject: str = Field(default="", description="Of what it was observed", max_length=200)
    facts: dict[str, Any] = Field(default_factory=dict)
    upload: str | None = Field(
        default=None,
        description="Id of an upload: the document, kept with the record (grade C, else D)",
        max_length=120,
    )


class Recorded(BaseModel):
    """The record in the log."""

    seq: int
    grade: str
    at: str = Field(description="UTC")


@routes.get("", "signed")
def list_targets(
    ask: Who,
    plan: PlanRef,
    *,
    on: Day = None,
    state: Annotated[State, Query(description="Only in this state")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Targets:
    """The plan's confirmed targets and where each stands."""
    day = day_of(ask, on)
    found = [
        s for s in plans.stand(ask, plans.seen_plan(ask, plan), on=day) if state in ("", s.state)
    ]
    page, next_ = sliced(found, cursor, limit=limit, key=lambda s: (f"{int(s.item.code[1:]):09d}",))
    return Targets(items=[Target(**_target(s)) for s in page], next=next_)


@routes.get("/{code}", "signed")
def get_target(ask: Who, plan: PlanRef, code: Code, on: Day = None) -> TargetDetail:
    """One target with every component of its reading, down to the run behind each."""
    found = plans.seen_plan(ask, plan)
    item = plans.seen_item(ask, found, code, "target")
    day = day_of(ask, on)
    told = plan_target.told(ask, found, item, on=day)
    reading = told.standing.reading
    return TargetDetail(
        **_target(told.standing),
        components=[_component(c) for c in told.components],
        by_grade=finite(dict(reading.by_grade)),
        again=finite(told.again),
        rule=finite(reading.rule.to_dict()) if reading.rule else None,
        upto=reading.upto,
    )


@routes.get("/{code}/readings", "signed")
def list_target_readings(ask: Who, plan: PlanRef, code: Code, on: Day = None) -> TargetReadings:
    """The target's readings over time until a day."""
    found = plans.seen_plan(ask, plan)
    item = plans.seen_item(ask, found, code, "target")
    read = plan_target.points(ask, found, item, on=day_of(ask, on))
    return TargetReadings(
        ref=item.ref, unit=str(item.values["unit"]),
        points=[ReadingPoint(on=day, value=value) for day, value in read if math.isfinite(value)],
    )  # fmt: skip


@routes.post("/{code}/evidence", plans.ROLE, scope="plan", status_code=201)
def create_evidence(ask: Who, plan: PlanRef, code: Code, wanted: NewEvidence) -> Recorded:
    """A new record for the target: a document is grade C, without one it is a claim of grade D."""
    found = plans.own_plan(ask, plan)
    item = plans.seen_item(ask, found, code, "target")
    file = _document(ask, found, wanted.upload) if wanted.upload else None
    seen = evidence.Observation(
        kind=wanted.kind or ("document" if file else "claim"),
        subject=wanted.subject or item.ref,
        on=wanted.on or plans.today(ask),
        value=wanted.value,
        unit=wanted.unit,
        facts=finite(wanted.facts),
    )
    entry = answers.answer(ask.store, item, seen, file=file, by=ask.by, at=ask.now)
    return Recorded(seq=entry.seq, grade=str(entry.payload["grade"]), at=entry.at)


def _document(ask: Asked, plan: Plan, upload: str) -> Any:
    file = asks.upload(ask.settings.home, plan.org, upload)
    if not file.is_file():
        raise UsageError("QH883", f"upload {upload[:80]!r} holds several files, expected one")
    return file


def _target(found: Standing) -> dict[str, Any]:
    values, assessed = found.item.values, found.assessment
    numbers = ("attainment", "expected")
    return {
        "ref": found.item.ref,
        "code": found.item.code,
        "name": found.item.name,
        "section": found.item.section,
        **{n: finite(values.get(n)) for n in ("comparator", "low", "high", "unit", "deadline")},
        "on": found.reading.on,
        "state": found.state,
        "value": finite(found.reading.value),
        "claimed": finite(found.reading.claimed),
        "grade": found.grade,
        **{name: finite(getattr(assessed, name)) for name in numbers},
        "forecast": assessed.forecast,
        "leaders": list(found.leaders),
        "reason": found.reading.reason or assessed.reason,
        "override": Override(**_chosen(asdict(found.override))) if found.override else None,
    }


def _chosen(override: dict[str, Any]) -> dict[str, Any]:
    return {name: override[name] for name in ("state", "value", "reason", "by", "expires")}


def _component(found: plan_target.Shown) -> Component:
    part = found.part
    plain = ("seq", "grade", "kind", "subject", "on", "used", "why", "part")
    return Component(
        **{name: getattr(part, name) for name in plain},
        value=finite(part.value),
        run=found.run,
        by=found.by,
        retracted=found.retracted,
    )
