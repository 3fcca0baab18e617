"""What an office states of a target: milestones, overrides, its rule, records taken back."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.core.errors import UsageError
from qianhang.plan import rules, stated
from qianhang.plan.items import Item, Plan
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.plan_items import Code
from qianhang.web.api.shapes import PlanRef, Sent, finite
from qianhang.web.api.targets import Override
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_rules, plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}/targets/{code}", tag="plans")
Seq = Annotated[
    int, Path(description="Number of a record in the log", ge=1, le=2**31 - 1, examples=[7])
]
Figure = Annotated[float, Field(allow_inf_nan=False)]


class NewMilestone(Sent):
    """What shall be reached on a day."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"day": "2026-12-31", "value": 20, "source": "年度计划"}]}
    )

    day: datetime.date
    value: Figure = Field(description="In the target's unit")
    source: str = Field(default="annual plan", description="Who says so", max_length=40)


class Milestone(BaseModel):
    """What shall be reached on a day."""

    day: datetime.date
    value: float = Field(description="In the target's unit")
    source: str
    by: str
    at: str = Field(description="UTC")


class Milestones(Page):
    """A page of milestones, in order of time."""

    items: list[Milestone]


class NewOverride(Sent):
    """A state that a person answers for, until a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"state": "met", "reason": "已通过验收", "expires": "2099-12-31"}]
        }
    )

    state: Literal["met", "on_track", "watch", "behind", "overdue", "no_evidence", "open"]
    reason: str = Field(min_length=1, max_length=2000)
    expires: datetime.date = Field(description="Last day on which it holds")


class NewRule(Sent):
    """A rule by the name of a suggestion, or written out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"rule": {"query": {"kinds": ["statistic"], "aggregate": "last"}}}]
        }
    )

    name: str = Field(default="", description="Of a suggestion", max_length=80)
    rule: dict[str, Any] | None = Field(
        default=None, description="query, and per and name where wanted; in place of a suggestion"
    )


class TargetRule(BaseModel):
    """How evidence becomes the target's figure."""

    version: int
    state: str = Field(description="proposed or confirmed")
    by: str
    at: str = Field(description="UTC")
    rule: dict[str, Any] = Field(description="query, per, name")


class RuleSuggestion(BaseModel):
    """A rule that may be chosen by its name."""

    name: str
    best: str = Field(description="Best grade of evidence that it can reach", examples=["A"])
    zh: str
    en: str
    fits: bool = Field(description="Whether the indicator's words call for it")


class RuleSuggestions(BaseModel):
    """The suggestions, in the order in which they are tried."""

    items: list[RuleSuggestion]


class Retraction(Sent):
    """Why a record is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"why": "数字有误"}]})

    why: str = Field(min_length=1, max_length=500)


class Retracted(BaseModel):
    """The record that takes another back."""

    seq: int = Field(description="Its own number in the log")
    of: int = Field(description="The record that no longer counts")
    at: str = Field(description="UTC")


@routes.get("/milestones", "signed")
def list_milestones(
    ask: Who, plan: PlanRef, code: Code, *, limit: Limit = 50, cursor: Cursor = ""
) -> Milestones:
    """The target's milestones."""
    found = plans.seen_plan(ask, plan)
    item = plans.seen_item(ask, found, code, "target")
    every = stated.milestones(ask.store, found, item.code)
    page, next_ = sliced(every, cursor, limit=limit, key=lambda m: (f"{m.day}", f"{m.id:012d}"))
    return Milestones(items=[_milestone(m) for m in page], next=next_)


@routes.post("/milestones", plans.ROLE, scope="plan", status_code=201)
def set_milestone(ask: Who, plan: PlanRef, code: Code, wanted: NewMilestone) -> Milestone:
    """The milestone, in place of one for the same day."""
    _, item = _own(ask, plan, code)
    made = stated.set_milestone(
        ask.store, item, day=wanted.day, value=wanted.value, by=ask.by, at=ask.now,
        source=wanted.source.strip() or "annual plan",
    )  # fmt: skip
    return _milestone(made)


@routes.post("/override", plans.ROLE, scope="plan", status_code=201)
def override_target(ask: Who, plan: PlanRef, code: Code, wanted: NewOverride) -> Override:
    """The state that a person answers for with reason and name, until a day."""
    _, item = _own(ask, plan, code)
    made = stated.override(
        ask.store, item, state=wanted.state, reason=wanted.reason, expires=wanted.expires,
        by=ask.by, at=ask.now,
    )  # fmt: skip
    return Override(
        state=made.state, value=made.value, reason=made.reason, by=made.by, expires=made.expires
    )


@routes.get("/rules", "signed")
def list_rule_suggestions(ask: Who, plan: PlanRef, code: Code) -> RuleSuggestions:
    """The rules that may be chosen by name, and which of them the indicator's words call for."""
    found = plans.seen_plan(ask, plan)
    item = plans.seen_item(ask, found, code, "target")
    fits = rules.suggest(item, region=rules.counted_in(found)).name
    return RuleSuggestions(
        items=[
            RuleSuggestion(name=s.name, best=s.best, zh=s.zh, en=s.en, fits=s.name == fits)
            for s in rules.suggestions()
        ]
    )


@routes.post("/rule", plans.ROLE, scope="plan")
def set_rule(ask: Who, plan: PlanRef, code: Code, wanted: NewRule) -> TargetRule:
    """The target read by a rule from the suggestions, or by one that is written out."""
    found, item = _own(ask, plan, code)
    if (wanted.rule is None) == (not wanted.name):
        raise UsageError("QH824", "expected the name of a suggestion, or a rule written out")
    new = (
        rules.from_dict(wanted.rule, where="rule")
        if wanted.rule is not None
        else plan_rules.seeded(found, item, wanted.name)
    )
    made = rules.set_rule(ask.store, item, new, by=ask.by, at=ask.now)
    return TargetRule(
        version=made.version, state=made.state, by=made.by, at=made.at,
        rule=finite(made.to_dict()),
    )  # fmt: skip


@routes.post("/evidence/{seq}/retraction", plans.ROLE, scope="plan", status_code=201)
def retract_evidence(
    ask: Who, plan: PlanRef, code: Code, *, seq: Seq, wanted: Retraction
) -> Retracted:
    """A record that was made for this target alone, taken back; it stays in the log."""
    _, item = _own(ask, plan, code)
    entry = plan_rules.retracted(ask, item, seq, why=wanted.why)
    return Retracted(seq=entry.seq, of=seq, at=entry.at)


def _own(ask: Asked, ref: str, code: str) -> tuple[Plan, Item]:
    plan = plans.own_plan(ask, ref)
    return plan, plans.seen_item(ask, plan, code, "target")


def _milestone(found: stated.Milestone) -> Milestone:
    plain = ("day", "value", "source", "by", "at")
    return Milestone(**{name: getattr(found, name) for name in plain})
