"""The office's work on a plan: what is due and late, meetings, decisions, who attends; timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError, UsageError
from qianhang.plan import items
from qianhang.plan.items import Plan
from qianhang.plan.office import agenda
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import plan_time, plan_work, plans

__all__ = ["routes"]

routes = Pages("/plans")


@routes.get("/{ref}/timeline", "signed")
def timeline(ask: Who, ref: str) -> HTMLResponse:
    """Deadlines, milestones and decisions by quarter."""
    plan, day = plans.seen_plan(ask, ref), plans.today(ask)
    every = plan_work.dues(ask, plan, on=day)
    return page(
        ask, "plans/timeline.html", plan=plan, tab="timeline",
        quarters=plan_time.quarters(every, today=day), today=day,
    )  # fmt: skip


@routes.get("/{ref}/work", "signed")
def desk(ask: Who, ref: str) -> HTMLResponse:
    """Reminders, what is late, meetings and decisions."""
    return _work(ask, plans.seen_plan(ask, ref))


@routes.post("/{ref}/meetings", plans.ROLE)
def meet(
    ask: Who, ref: str, *, title: Annotated[str, Form(max_length=400)],
    day: Annotated[date, Form()], body: Annotated[str, Form(max_length=50_000)] = "",
) -> Response:  # fmt: skip
    """The plan with a meeting more, and its minutes."""
    plan = plans.own_plan(ask, ref)
    try:
        agenda.hold(ask.store, plan, title, day=day, body=body, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _work(ask, plan, error=cause)
    return _back(plan)


@routes.post("/{ref}/decisions", plans.ROLE)
def decide(
    ask: Who, ref: str, *, text: Annotated[str, Form(max_length=4000)],
    owner: Annotated[str, Form(max_length=160)], due: Annotated[str, Form()] = "",
    meeting: Annotated[str, Form()] = "", item: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The plan with something more to be done."""
    plan = plans.own_plan(ask, ref)
    try:
        agenda.decide(
            ask.store, plan, text, owner=owner, by=ask.by, at=ask.now,
            due=date.fromisoformat(due) if due else None,
            meeting=int(meeting) if meeting.isascii() and meeting.isdigit() else None,
            item=plans.seen_item(ask, plan, item).code if item else "",
        )  # fmt: skip
    except (QianhangError, ValueError) as cause:
        return _work(ask, plan, error=_named(cause))
    return _back(plan)


@routes.post("/{ref}/decisions/{number}/done", plans.ROLE)
def close(ask: Who, ref: str, number: int, *, revision: Annotated[int, Form()]) -> Response:
    """The decision as carried out; refused where somebody has changed it since it was seen."""
    plan = plans.own_plan(ask, ref)
    try:
        found = agenda.find_decision(ask.store, plan, number)
        seen = replace(found, revision=revision)
        agenda.close(ask.store, seen, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _work(ask, plan, error=cause)
    return _back(plan)


@routes.post("/{ref}/owners", plans.ROLE)
def entrust(
    ask: Who, ref: str, *, item: Annotated[str, Form()],
    person: Annotated[str, Form(max_length=80)], unit: Annotated[str, Form(max_length=160)] = "",
    contact: Annotated[str, Form(max_length=160)] = "",
) -> Response:  # fmt: skip
    """The item with the person who attends to it."""
    plan = plans.own_plan(ask, ref)
    try:
        found = plans.seen_item(ask, plan, item)
        agenda.entrust(ask.store, found, person, unit=unit, contact=contact, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _work(ask, plan, error=cause)
    return _back(plan)


@routes.post("/{ref}/rhythm", plans.ROLE)
def beat(
    ask: Who, ref: str, *, remind: Annotated[str, Form()], escalate: Annotated[str, Form()],
    reporting_day: Annotated[str, Form()], office: Annotated[str, Form(max_length=160)] = "",
    quarterly: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """The plan with another rhythm of reminders, reports and escalation."""
    plan = plans.own_plan(ask, ref)
    given = (
        f"remind={remind}", f"escalate={escalate}", f"reporting_day={reporting_day}",
        f"office={office}", f"quarterly={'yes' if quarterly else 'no'}",
    )  # fmt: skip
    try:
        plan_work.beat(ask, plan, given)
    except QianhangError as cause:
        return _work(ask, plan, error=cause)
    return _back(plan)


def _work(ask: Asked, plan: Plan, *, error: QianhangError | None = None) -> HTMLResponse:
    found = plan_work.desk(ask, plan)
    return page(
        ask, "plans/work.html", status=status_of(error) if error else 200, plan=plan,
        day=found.day, rhythm=found.rhythm,
        coming=[(d, (d.day - found.day).days) for d in found.coming], reminded=found.reminded,
        late=found.late, meetings=found.meetings, decisions=found.decisions, owners=found.owners,
        named={i.code: i for i in items.items(ask.store, plan) if i.confirmed},
        may=plans.may_write(ask, plan), error=error, tab="work",
    )  # fmt: skip


def _named(cause: Exception) -> QianhangError:
    return cause if isinstance(cause, QianhangError) else UsageError("QH832", str(cause))


def _back(plan: Plan) -> Response:
    return RedirectResponse(f"/plans/{plan.ref}/work", status_code=303)
