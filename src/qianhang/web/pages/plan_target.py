"""A target's own page, and what the office states about it."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import File, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.core.errors import QianhangError, UsageError
from qianhang.plan import answers, rules, stated
from qianhang.plan.evidence import Observation
from qianhang.plan.items import Item, Plan
from qianhang.plan.reasons import in_words
from qianhang.plan.rules import Rule
from qianhang.plan.states import STATES
from qianhang.runs import shelf
from qianhang.web import sheets
from qianhang.web.asked import Asked, Who
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import datasets, plan_rules, plan_target, plans

__all__ = ["routes"]

routes = Pages("/plans")

Figure = Annotated[float, Form(allow_inf_nan=False)]
_AT = "/{ref}/targets/{code}"


@routes.get(_AT, "signed")
def target(ask: Who, ref: str, code: str) -> HTMLResponse:
    """The target: goal, standing, every component of its reading, its rule, its history."""
    plan = plans.seen_plan(ask, ref)
    return _target(ask, plan, plans.seen_item(ask, plan, code, "target"))


@routes.get(f"{_AT}/readings.csv", "signed")
@routes.get(f"{_AT}/readings.xlsx", "signed")
def readings(ask: Who, ref: str, code: str) -> Response:
    """The target's readings over time, as the figure shows them, as CSV or XLSX."""
    plan = plans.seen_plan(ask, ref)
    item = plans.seen_item(ask, plan, code, "target")
    chart = plan_target.series(ask, plan, item, on=plans.day_asked(ask))
    kind = ask.request.url.path.rpartition(".")[2]
    kept = quote(f"{item.ref}-readings.{kind}")
    title = ask.word(chart.title)
    content = sheets.sheet_of(chart.table, kind=kind, lang=ask.lang, title=title)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{kept}"}
    return Response(content, media_type=sheets.KINDS[kind], headers=headers)


@routes.post(f"{_AT}/milestones", plans.ROLE)
def milestone(
    ask: Who, ref: str, code: str, *, day: Annotated[date, Form()], value: Figure,
    source: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    """The target with a milestone more, in place of one for the same day."""
    plan, item = _own(ask, ref, code)
    try:
        stated.set_milestone(
            ask.store, item, day=day, value=value, by=ask.by, at=ask.now,
            source=source.strip() or "annual plan",
        )  # fmt: skip
    except QianhangError as cause:
        return _target(ask, plan, item, error=cause)
    return _back(item)


@routes.post(f"{_AT}/override", plans.ROLE)
def override(
    ask: Who, ref: str, code: str, *, state: Annotated[str, Form()],
    reason: Annotated[str, Form(max_length=2000)], expires: Annotated[date, Form()],
) -> Response:  # fmt: skip
    """The target in a state that a person answers for, until a day."""
    plan, item = _own(ask, ref, code)
    try:
        stated.override(
            ask.store, item, state=state, reason=reason, expires=expires, by=ask.by, at=ask.now
        )
    except QianhangError as cause:
        return _target(ask, plan, item, error=cause)
    return _back(item)


@routes.post(f"{_AT}/rule", plans.ROLE)
def rule(
    ask: Who, ref: str, code: str, *, name: Annotated[str, Form()] = "",
    written: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:  # fmt: skip
    """The target read by a rule from the suggestions, or by one written out as JSON."""
    plan, item = _own(ask, ref, code)
    try:
        rules.set_rule(
            ask.store, item, _rule(plan, item, name=name, written=written), by=ask.by, at=ask.now
        )
    except QianhangError as cause:
        return _target(ask, plan, item, error=cause)
    return _back(item)


@routes.post(f"{_AT}/evidence", plans.ROLE)
def claim(
    ask: Who, ref: str, code: str, *, value: Figure, day: Annotated[date, Form()],
    subject: Annotated[str, Form(max_length=200)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """The target with a claim, or with a document that was reviewed, beside its other evidence."""
    plan, item = _own(ask, ref, code)
    sent = file if file and file.filename else None
    seen = Observation(
        kind="document" if sent else "claim", subject=subject.strip() or item.ref, on=day,
        value=value, facts={"note": note.strip()} if note.strip() else {},
    )  # fmt: skip
    try:
        if sent:
            data = sent.file.read(_LARGEST + 1)
            if len(data) > _LARGEST or not data:
                raise UsageError(
                    "QH825", f"the file holds {len(data):,} bytes, expected 1 to 32 MiB"
                )
            answers.answer_with(
                ask.store, item, seen, files={_name(sent): data}, by=ask.by, at=ask.now
            )
        else:
            answers.answer(ask.store, item, seen, by=ask.by, at=ask.now)
    except QianhangError as cause:
        return _target(ask, plan, item, error=cause)
    return _back(item)


@routes.post(f"{_AT}/evidence/{{seq}}/retract", plans.ROLE)
def retract(
    ask: Who, ref: str, code: str, seq: int, *, why: Annotated[str, Form(max_length=500)]
) -> Response:
    """The target without a record that was made for it alone."""
    plan, item = _own(ask, ref, code)
    try:
        plan_rules.retracted(ask, item, seq, why=why)
    except QianhangError as cause:
        return _target(ask, plan, item, error=cause)
    return _back(item)


_LARGEST = 32 << 20


def _rule(plan: Plan, item: Item, *, name: str, written: str) -> Rule:
    """The suggestion of this name, or the rule that is written out.

    Raises UsageError for neither, or for a rule that cannot be read.
    """
    if written.strip():
        if not written.lstrip().startswith("{"):
            raise UsageError("QH824", "a rule is written as JSON: { ... }")
        return rules.read_rule(written)
    return plan_rules.seeded(plan, item, name)


def _name(file: UploadFile) -> str:
    return (file.filename or "file").replace("\\", "/").rpartition("/")[2][-120:]


def _own(ask: Asked, ref: str, code: str) -> tuple[Plan, Item]:
    plan = plans.own_plan(ask, ref)
    return plan, plans.seen_item(ask, plan, code, "target")


def _target(
    ask: Asked, plan: Plan, item: Item, *, error: QianhangError | None = None
) -> HTMLResponse:
    day = plans.day_asked(ask)
    told = plan_target.told(ask, plan, item, on=day)
    text = told.rule.to_dict() if told.rule else {}
    return page(
        ask, "plans/target.html", status=status_of(error) if error else 200, plan=plan, item=item,
        told=told, titles={**shelf.titles(), **datasets.titles()},
        rule_text=json.dumps(text, ensure_ascii=False),
        reason=lambda why: in_words(why, ask.lang), may=plans.may_write(ask, plan), day=day,
        today=plans.today(ask), states=STATES, error=error, tab="ledger",
    )  # fmt: skip


def _back(item: Item) -> Response:
    return RedirectResponse(f"/plans/P{item.plan}/targets/{item.code}", status_code=303)
