"""Plans: which there are, a document put in, where a plan stands."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import File, Form, Query, UploadFile
from pydantic import BaseModel, Field

from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.rights import chosen_org
from qianhang.web.api.shapes import PlanRef
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_import, plans
from qianhang.web.views.plans import Listed

__all__ = ["Day", "day_of", "routes"]

routes = Endpoints("/plans", tag="plans")
Day = Annotated[
    date | None, Query(description="As of this day; today in China where none is given")
]


class Plan(BaseModel):
    """A plan's heading, and how far its review is."""

    ref: str = Field(description="Reference", examples=["P1"])
    title: str = Field(examples=["人工智能+行动计划"])
    issuer: str
    doc_no: str = Field(description="Document number; empty where none was read")
    date: str = Field(description="Day of the document, empty where none was read")
    period: str = Field(description="Years", examples=["2025-2027"])
    level: str
    region: str
    status: str
    parent: str | None = Field(description="Reference of the plan that it carries out")
    version: int = Field(description="Newest version, from 1", examples=[1])
    state: str = Field(description="State of its heading: draft or confirmed")
    revision: int
    org: str = Field(description="Organisation that keeps it", examples=["root"])
    at: str = Field(description="When the newest version came, UTC")
    review: dict[str, int] = Field(description="State of review -> how many items")


class PlanStanding(Plan):
    """A plan with its targets by state, as of a day."""

    on: date
    targets: dict[str, int] = Field(description="State of a target -> how many")


class Plans(Page):
    """A page of plans."""

    items: list[Plan]


class FileRefused(BaseModel):
    """Why a file is not in the ledger."""

    code: str
    message: str
    hint: str


class ImportedFile(BaseModel):
    """What became of one file."""

    name: str
    ref: str | None = Field(description="The plan; null where the file was refused")
    version: int | None
    again: bool = Field(description="Whether these bytes were there before")
    counts: dict[str, int] = Field(description="What was read: sections, tasks, targets ...")
    error: FileRefused | None


class Imported(BaseModel):
    """What became of each file."""

    items: list[ImportedFile]


@routes.get("", "signed")
def list_plans(
    ask: Who,
    q: Annotated[str, Query(max_length=200, description="Words of title or region")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Plans:
    """The plans that the reader may see, in the order in which they came."""
    found = [
        p for p in plans.seen_plans(ask) if all(w in f"{p.title} {p.region}" for w in q.split())
    ]
    page, next_ = sliced(found, cursor, limit=limit, key=lambda p: (f"{p.id:012d}",))
    told = plans.listed(ask, page, on=plans.today(ask))
    return Plans(items=[Plan(**_heading(one)) for one in told], next=next_)


@routes.post("", plans.ROLE, scope="plan", status_code=201)
def import_plans(
    ask: Who,
    files: Annotated[
        list[UploadFile], File(description="1 to 20 documents: txt, docx, pdf, html", min_length=1)
    ],
    org: Annotated[str, Form(description="Whose; one's own where empty", max_length=40)] = "",
    region: Annotated[str, Form(max_length=80)] = "",
    parent: Annotated[str, Form(description="Plan that they carry out", max_length=20)] = "",
) -> Imported:
    """Each document in the ledger, its items drafts: a new plan, or a new version of the same."""
    chosen = chosen_org(ask, org, "programme_office")
    up = plans.own_plan(ask, parent) if parent else None
    came = plan_import.come(ask, files, org=chosen, region=region.strip(), parent=up)
    return Imported(items=[_came(one) for one in came])


@routes.get("/{plan}", "signed")
def get_plan(ask: Who, plan: PlanRef, on: Day = None) -> PlanStanding:
    """One plan, and how many of its targets are in which state."""
    found, day = plans.seen_plan(ask, plan), day_of(ask, on)
    listed = next(iter(plans.listed(ask, [found], on=day)))
    return PlanStanding(**_heading(listed), on=day, targets=dict(listed.states))


def day_of(ask: Asked, on: date | None) -> date:
    """The day that is asked for, else today."""
    return on or plans.today(ask)


def _heading(listed: Listed) -> dict[str, Any]:
    plain = (
        "ref", "title", "issuer", "doc_no", "date", "period", "level", "region", "status",
        "version", "state", "revision", "org", "at",
    )  # fmt: skip
    found = listed.plan
    return {name: getattr(found, name) for name in plain} | {
        "parent": f"P{found.parent}" if found.parent is not None else None,
        "review": dict(listed.review),
    }


def _came(one: plan_import.Came) -> ImportedFile:
    error = one.error
    return ImportedFile(
        name=one.name,
        ref=one.kept.plan.ref if one.kept else None,
        version=one.kept.version if one.kept else None,
        again=bool(one.kept and one.kept.again),
        counts=one.counts or {},
        error=FileRefused(code=error.code, message=error.message, hint=error.hint)
        if error
        else None,
    )
