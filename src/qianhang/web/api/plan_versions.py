"""What a plan that was issued again changed, who did what, and its heading."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.core.errors import UsageError
from qianhang.plan import review
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.plan_items import Item, shown
from qianhang.web.api.plans import PlanStanding, get_plan
from qianhang.web.api.shapes import PlanRef, Sent, finite
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_versions, plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}", tag="plans")
Version = Annotated[
    int, Path(description="An older version of the plan", ge=1, le=2**31 - 1, examples=[1])
]


class ItemChange(BaseModel):
    """One item in both versions."""

    before: Item
    after: Item
    fields: list[str] = Field(description="What differs", examples=[["low", "deadline"]])


class VersionChanges(BaseModel):
    """The newest version beside an older one, item by item."""

    old: int
    new: int
    added: list[Item]
    removed: list[Item]
    changed: list[ItemChange]
    unchanged: int


class PlanAct(BaseModel):
    """One step of the plan's review, as the log keeps it."""

    seq: int = Field(description="Number of the record in the log")
    at: str = Field(description="UTC")
    by: str
    action: str = Field(examples=["edited"])
    codes: list[str] = Field(description="The items; none for the heading", examples=[["T3"]])
    before: dict[str, Any]
    after: dict[str, Any]
    why: str


class PlanActs(Page):
    """A page of steps, the oldest first."""

    items: list[PlanAct]


class HeadingChange(Sent):
    """What shall be otherwise in the heading; what is null stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision": 0, "region": "杭州", "period": "2025-2027"}]}
    )

    revision: int = Field(description="As the heading was seen", ge=0, le=2**31 - 1)
    title: str | None = Field(default=None, min_length=1, max_length=400)
    issuer: str | None = Field(default=None, max_length=400)
    doc_no: str | None = Field(default=None, max_length=80)
    date: datetime.date | None = None
    period: str | None = Field(default=None, pattern=r"^((\d{4})?-\d{4})?$", max_length=9)
    region: str | None = Field(default=None, max_length=80)
    parent: str | None = Field(
        default=None, description="Reference of the plan that it carries out; empty for none",
        max_length=20,
    )  # fmt: skip


@routes.get("/versions/{version}/changes", "signed")
def get_version_changes(ask: Who, plan: PlanRef, version: Version) -> VersionChanges:
    """What the newest version changed since this one."""
    found = plans.seen_plan(ask, plan)
    if version >= found.version:
        raise UsageError("QH862", f"plan {found.ref} has no version before {version}")
    told = plan_versions.difference(ask, found, version)
    return VersionChanges(
        old=version,
        new=found.version,
        added=[shown(i) for i in told.added],
        removed=[shown(i) for i in told.removed],
        changed=[
            ItemChange(before=shown(c.before), after=shown(c.after), fields=list(c.fields))
            for c in told.changed
        ],
        unchanged=len(told.unchanged),
    )


@routes.get("/acts", "signed")
def list_plan_acts(ask: Who, plan: PlanRef, limit: Limit = 50, cursor: Cursor = "") -> PlanActs:
    """Who confirmed, edited or rejected what."""
    every = review.history(ask.store, plans.seen_plan(ask, plan))
    page, next_ = sliced(every, cursor, limit=limit, key=lambda a: (f"{a.seq:012d}",))
    return PlanActs(items=[_act(a) for a in page], next=next_)


@routes.post("/heading", plans.ROLE, scope="plan")
def edit_heading(ask: Who, plan: PlanRef, wanted: HeadingChange) -> PlanStanding:
    """The plan under another heading, confirmed; 409 where it was changed since it was seen."""
    found = plans.own_plan(ask, plan)
    given = wanted.model_dump(exclude={"revision", "parent", "date"}, exclude_none=True)
    values: dict[str, Any] = {name: str(text).strip() for name, text in given.items()}
    if wanted.date is not None:
        values["date"] = wanted.date.isoformat()
    if wanted.parent is not None:
        values["parent"] = plans.own_plan(ask, wanted.parent).id if wanted.parent else None
    changed = {name: value for name, value in values.items() if getattr(found, name) != value}
    if changed.get("title", found.title) == "":
        raise UsageError("QH823", f"{found.ref}: a plan has a title")
    seen = replace(found, revision=wanted.revision)
    review.edit_heading(ask.store, seen, changed, by=ask.by, at=ask.now)
    return get_plan(ask, plan)


def _act(found: review.Act) -> PlanAct:
    plain = ("seq", "at", "by", "action", "why")
    return PlanAct(
        **{name: getattr(found, name) for name in plain},
        codes=list(found.codes),
        before=finite(dict(found.before)),
        after=finite(dict(found.after)),
    )
