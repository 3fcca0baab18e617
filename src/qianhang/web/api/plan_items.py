"""Items of a plan: listed with filters, confirmed, edited or rejected as they were seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from qianhang.plan import items, review, rules
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import PlanRef, Sent, finite
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plans

__all__ = ["Code", "Item", "routes", "shown"]

routes = Endpoints("/plans/{plan}/items", tag="plans")
Code = Annotated[
    str, Path(description="Code of an item, such as T3", max_length=20, examples=["T1"])
]
Kind = Literal["section", "task", "target", "system", "measure", ""]
State = Literal["draft", "confirmed", "edited", "rejected", ""]
_KINDS = ("section", "task", "target", "system", "measure")


class Item(BaseModel):
    """One thing that was read from a plan, and where its review stands."""

    ref: str = Field(examples=["P1.T3"])
    code: str = Field(examples=["T3"])
    kind: str = Field(description="section, task, target, system or measure", examples=["target"])
    name: str = Field(description="Title, indicator or name")
    section: str = Field(description="Section in which it stands", examples=["2.1"])
    span: str = Field(description="The words of the plan")
    start: int = Field(description="Where they begin in the plan's text; -1 if added by hand")
    end: int
    state: str = Field(description="draft, confirmed, edited or rejected", examples=["draft"])
    version: int = Field(description="Version of the plan", examples=[1])
    revision: int = Field(description="Sent back with a decision about it", examples=[0])
    by: str = Field(description="Who decided last")
    at: str = Field(description="When, UTC")
    values: dict[str, Any] = Field(description="What is held to be so; numbers in their `unit`")
    read: dict[str, Any] = Field(description="The same as it was read, before any edit")


class Items(Page):
    """A page of items, kind by kind, by number."""

    items: list[Item]


class Review(Sent):
    """A decision about an item as it was seen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"act": "edit", "version": 1, "revision": 0, "values": {"low": 30}}]
        }
    )

    act: Literal["confirm", "edit", "reject"]
    version: int = Field(description="As the item was seen", ge=1, le=2**31 - 1)
    revision: int = Field(description="As the item was seen", ge=0, le=2**31 - 1)
    values: dict[str, Any] = Field(default_factory=dict, description="With edit: what shall be so")
    why: str = Field(default="", description="With reject: why", max_length=500)


class ReviewAll(Sent):
    """A decision about every draft."""

    kind: Kind = Field(default="", description="Only of this kind")


class Reviewed(BaseModel):
    """How many items were confirmed."""

    confirmed: int


@routes.get("", "signed")
def list_plan_items(
    ask: Who,
    plan: PlanRef,
    *,
    kind: Kind = "",
    state: State = "",
    section: Annotated[str, Query(max_length=40, description="Only in this section")] = "",
    q: Annotated[str, Query(max_length=200, description="Words of its name")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Items:
    """The items of the plan's newest version."""
    found = items.items(
        ask.store, plans.seen_plan(ask, plan), kind=kind, states=(state,) if state else ()
    )
    fits = [i for i in found if section in ("", i.section) and all(w in i.name for w in q.split())]
    page, next_ = sliced(fits, cursor, limit=limit, key=_order)
    return Items(items=[shown(i) for i in page], next=next_)


@routes.get("/{code}", "signed")
def get_plan_item(ask: Who, plan: PlanRef, code: Code) -> Item:
    """One item."""
    return shown(plans.seen_item(ask, plans.seen_plan(ask, plan), code))


@routes.post("/{code}/review", plans.ROLE, scope="plan")
def review_plan_item(ask: Who, plan: PlanRef, code: Code, wanted: Review) -> Item:
    """The item after the decision; 409 where somebody else decided since it was seen."""
    found = plans.own_plan(ask, plan)
    now = plans.seen_item(ask, found, code)
    seen = replace(now, version=wanted.version, revision=wanted.revision)
    if wanted.act == "reject":
        return shown(review.reject(ask.store, seen, by=ask.by, at=ask.now, why=wanted.why))
    if wanted.act == "edit":
        new = review.edit(ask.store, seen, wanted.values, by=ask.by, at=ask.now)
    else:
        new = review.confirm(ask.store, seen, by=ask.by, at=ask.now)
    if new.kind == "target":
        rules.confirm_rules(ask.store, found, by=ask.by, at=ask.now, codes=[new.code])
    return shown(new)


@routes.post("/review", plans.ROLE, scope="plan")
def review_plan_items(ask: Who, plan: PlanRef, wanted: ReviewAll) -> Reviewed:
    """Every draft confirmed, and for targets the rules that were suggested."""
    found = plans.own_plan(ask, plan)
    kinds = (wanted.kind,) if wanted.kind else ()
    done = review.confirm_all(ask.store, found, by=ask.by, at=ask.now, kinds=kinds)
    if wanted.kind in ("", "target"):
        targets = items.items(ask.store, found, kind="target", states=items.CONFIRMED)
        codes = [i.code for i in targets]
        if codes:
            rules.confirm_rules(ask.store, found, by=ask.by, at=ask.now, codes=codes)
    return Reviewed(confirmed=done)


def _order(item: items.Item) -> tuple[str, str]:
    return (str(_KINDS.index(item.kind)), f"{int(item.code[1:]):09d}")


def shown(found: items.Item) -> Item:
    """The item as the API shows it."""
    plain = (
        "ref", "code", "kind", "name", "section", "span", "start", "end", "state", "version",
        "revision", "by", "at",
    )  # fmt: skip
    return Item(
        **{name: getattr(found, name) for name in plain},
        values=finite(dict(found.values)),
        read=finite(dict(found.read)),
    )
