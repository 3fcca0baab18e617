"""Bulletins of a plan: issued, listed, downloaded as they were printed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from qianhang.core.errors import UsageError
from qianhang.core.words import Lang
from qianhang.plan.items import Plan
from qianhang.plan.office import printing, publishing
from qianhang.plan.office.bulletin import Order
from qianhang.plan.office.paper import Block, Grid, Heading, labelled
from qianhang.plan.office.plain import plain
from qianhang.runs import shelf
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import PlanRef, Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plans

__all__ = ["MEDIA", "routes"]

routes = Endpoints("/plans/{plan}/bulletins", tag="plans")
Number = Annotated[int, Path(description="Number of a bulletin", ge=1, le=2**31 - 1, examples=[1])]
MEDIA = {
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class NewBulletin(Sent):
    """What a person decides about the print."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"period": "2026年第一季度", "on": "2026-03-31"}]}
    )

    period: str = Field(description="Period, as printed", min_length=1, max_length=40)
    on: datetime.date | None = Field(default=None, description="As of this day; today where null")
    title: str = Field(default="", description="Usual words where empty", max_length=400)
    issuer: str = Field(default="", description="Red head", max_length=400)
    number: str = Field(default="", description="Document number", max_length=400)
    to: str = Field(default="", description="Addressees", max_length=400)
    note: str = Field(default="", description="Closing paragraph", max_length=4000)
    lang: Literal["zh", "en"] = "zh"


class Bulletin(BaseModel):
    """A bulletin as it was issued."""

    id: int = Field(examples=[1])
    on: datetime.date
    period: str
    title: str = Field(description="The plan's title on that day")
    readings: int = Field(description="How many frozen readings it rests on")
    files: dict[str, str] = Field(description="Format -> sha256")
    by: str
    at: str = Field(description="UTC")
    published: str = Field(description="Since when anybody may read it, UTC; empty where not")


class PaperBlock(BaseModel):
    """A heading, a paragraph or a table; what the others have is empty."""

    kind: Literal["heading", "text", "grid"]
    level: int = Field(description="Of a heading, 1 or 2; else 0")
    ordinal: str = Field(description="Of a heading, as printed", examples=["一、"])
    text: str = Field(description="Of a heading or paragraph; title of a table")
    heads: list[str]
    rows: list[list[str]]


class PaperAnnex(BaseModel):
    """One annex, on a page of its own."""

    title: str
    blocks: list[PaperBlock]


class BulletinPreview(BaseModel):
    """What would be issued; nothing of it is kept."""

    on: datetime.date
    title: str
    issuer: str = Field(description="Red head; empty for none")
    number: str
    to: str
    blocks: list[PaperBlock]
    annexes: list[PaperAnnex]
    signature: str
    date: str = Field(description="As printed")
    text: str = Field(description="The same as it would stand in the text file")


class Publication(Sent):
    """Whether anybody may read a bulletin."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"public": True}]})

    public: bool


class Bulletins(Page):
    """A page of bulletins."""

    items: list[Bulletin]


@routes.get("", "signed")
def list_bulletins(ask: Who, plan: PlanRef, limit: Limit = 50, cursor: Cursor = "") -> Bulletins:
    """The plan's bulletins, in the order in which they were issued."""
    every = printing.issued(ask.store, plans.seen_plan(ask, plan))
    page, next_ = sliced(every, cursor, limit=limit, key=lambda b: (f"{b.id:012d}",))
    return Bulletins(items=_bulletins(ask, page), next=next_)


@routes.post("", plans.ROLE, scope="plan", status_code=201)
def issue_bulletin(ask: Who, plan: PlanRef, wanted: NewBulletin) -> Bulletin:
    """The bulletin, its readings frozen and its three files printed."""
    found = plans.own_plan(ask, plan)
    order, day = _order(ask, wanted)
    made = printing.issue(ask.store, found, order, on=day, by=ask.by, at=ask.now)
    return _bulletins(ask, [made])[0]


@routes.post("/preview", plans.ROLE, scope="plan")
def preview_bulletin(ask: Who, plan: PlanRef, wanted: NewBulletin) -> BulletinPreview:
    """What would be issued, from the readings as they are now; nothing is frozen or kept."""
    found = plans.own_plan(ask, plan)
    order, day = _order(ask, wanted)
    paper = printing.preview(ask.store, found, order, on=day)
    plainly = ("title", "issuer", "number", "to", "signature", "date")
    return BulletinPreview(
        on=day, blocks=_blocks(paper.blocks, paper.lang), text=plain(paper),
        annexes=[
            PaperAnnex(title=a.title, blocks=_blocks(a.blocks, paper.lang)) for a in paper.annexes
        ],
        **{name: getattr(paper, name) for name in plainly},
    )  # fmt: skip


@routes.get("/{number}", "signed")
def get_bulletin(ask: Who, plan: PlanRef, number: Number) -> Bulletin:
    """One bulletin."""
    return _bulletins(ask, [_seen(ask, plans.seen_plan(ask, plan), number)])[0]


@routes.post("/{number}/publication", plans.ROLE, scope="plan")
def publish_bulletin(ask: Who, plan: PlanRef, number: Number, wanted: Publication) -> Bulletin:
    """The bulletin, public from now on the portal, or public no more."""
    found = plans.own_plan(ask, plan)
    one = _seen(ask, found, number)
    decide = publishing.publish if wanted.public else publishing.withdraw
    decide(ask.store, found, one.id, by=ask.by, at=ask.now)
    return _bulletins(ask, [one])[0]


@routes.get(
    "/{number}/{kind}",
    "signed",
    response_class=Response,
    responses={200: {"content": {m.partition(";")[0]: {} for m in MEDIA.values()}}},
)
def download_bulletin(
    ask: Who, plan: PlanRef, number: Number, kind: Literal["txt", "html", "docx"]
) -> Response:
    """The very bytes that were issued."""
    found = plans.seen_plan(ask, plan)
    one = _seen(ask, found, number)
    body = printing.reprint(ask.store, one, kind)
    name = f"{found.ref}-bulletin-{one.id}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=MEDIA[kind], headers=headers)


def _order(ask: Asked, wanted: NewBulletin) -> tuple[Order, datetime.date]:
    """What is printed, and as of which day.

    Raises UsageError without a period, and for a day to come.
    """
    day = wanted.on or plans.today(ask)
    if not wanted.period.strip() or day > plans.today(ask):
        raise UsageError("QH831", f"{wanted.period!r}, {day}: expected a period, no day to come")
    order = Order(
        wanted.period.strip(), wanted.title, wanted.issuer, wanted.number, wanted.to, wanted.note,
        lang=wanted.lang, names=shelf.names(wanted.lang),
    )  # fmt: skip
    return order, day


def _blocks(found: tuple[Block, ...], lang: Lang) -> list[PaperBlock]:
    return [_block(block, ordinal) for block, ordinal in labelled(found, lang)]


def _block(found: Block, ordinal: str) -> PaperBlock:
    if isinstance(found, Grid):
        return PaperBlock(
            kind="grid", level=0, ordinal="", text=found.title, heads=list(found.heads),
            rows=[list(row) for row in found.rows],
        )  # fmt: skip
    level = found.level if isinstance(found, Heading) else 0
    kind: Literal["heading", "text"] = "heading" if level else "text"
    return PaperBlock(kind=kind, level=level, ordinal=ordinal, text=found.text, heads=[], rows=[])


def _seen(ask: Asked, plan: Plan, number: int) -> printing.Issued:
    for one in printing.issued(ask.store, plan):
        if one.id == number:
            return one
    raise UsageError("QH862", f"plan {plan.ref} has no bulletin {number}")


def _bulletins(ask: Asked, found: Iterable[printing.Issued]) -> list[Bulletin]:
    public = {p.bulletin.id: p.at for p in publishing.published(ask.store)}
    return [_bulletin(one, public.get(one.id, "")) for one in found]


def _bulletin(found: printing.Issued, published: str) -> Bulletin:
    return Bulletin(
        id=found.id,
        on=found.on,
        period=found.order.period,
        title=found.title,
        readings=len(found.readings),
        files=dict(found.files),
        by=found.by,
        at=found.at,
        published=published,
    )
