"""What anybody may see and say without an account: the public portal."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from qianhang.core.errors import UsageError
from qianhang.plan.office import printing, publishing
from qianhang.runs import showcase
from qianhang.runs.answering import LONGEST
from qianhang.safety import complaints
from qianhang.web.api.bulletins import MEDIA
from qianhang.web.api.datasets import Datasets, found_datasets
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Sent, Words, finite, words
from qianhang.web.asked import Asked, Who
from qianhang.web.public import cached
from qianhang.web.routes import Endpoints
from qianhang.web.views import portal

__all__ = ["routes"]

routes = Endpoints("/portal", tag="portal")
Number = Annotated[int, Path(description="Number of a bulletin", ge=1, le=2**31 - 1, examples=[1])]
Ref = Annotated[
    str, Path(description="Number of a complaint", max_length=20, examples=["C23456789ABCD"])
]


class ShownFigure(BaseModel):
    """A promised figure beside the baselines on the same data and the best published."""

    metric: str = Field(examples=["mae"])
    unit: str
    value: float | None = Field(description="Measured, in `unit`")
    trivial: float | None = Field(description="The trivial baseline's")
    practice: float | None = Field(description="The practitioner's")
    published: dict[str, Any] | None = Field(description="Best published: value, source, verified")
    at_most: float | None
    at_least: float | None
    met: bool


class ShownScenario(BaseModel):
    """A verified scenario, and the public run behind its figures."""

    id: str = Field(examples=["water.leak_detection"])
    title: Words
    summary: Words
    industry: str
    tier: str = Field(description="silver, gold or platinum")
    run: str = Field(description="Empty where no public run is kept")
    case: str
    at: str = Field(description="UTC")
    figures: list[ShownFigure]


class ShownScenarios(Page):
    """A page of verified scenarios, in order of id."""

    items: list[ShownScenario]


class PublicBulletin(BaseModel):
    """A bulletin that anybody may read."""

    id: int = Field(examples=[1])
    plan: str = Field(description="The plan's title on that day")
    period: str = Field(examples=["2026年第一季度"])
    on: datetime.date
    files: dict[str, str] = Field(description="Format -> sha256")
    published: str = Field(description="UTC")


class PublicBulletins(Page):
    """A page of public bulletins, by number."""

    items: list[PublicBulletin]


class CitedPassage(BaseModel):
    """Words of a document in force, with where they stand."""

    citation: str
    extract: str


class PolicyAnswer(BaseModel):
    """Passages, best first; none where nothing supports an answer."""

    question: str
    available: bool = Field(description="Whether a search is kept at all")
    passages: list[CitedPassage]
    reason: str = Field(description="Code of why there is none; empty otherwise")
    version: int = Field(description="Of the search that answered; 0 where there is none")
    run: str = Field(description="The run that made the search")


class NewComplaint(Sent):
    """A complaint, a report of an error, oversight or advice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "error", "about": "water.leak_detection", "text": "图中的单位有误。"}
            ]
        }
    )

    kind: Literal["complaint", "error", "oversight", "advice"]
    text: str = Field(min_length=1, max_length=4000)
    about: str = Field(default="", description="Id of a scenario, or free words", max_length=120)
    contact: str = Field(default="", description="If an answer is wanted there", max_length=120)
    once: str = Field(
        default="", description="Made up once for each complaint: sent again it is the same one",
        max_length=120,
    )  # fmt: skip


class ComplaintStanding(BaseModel):
    """Where a complaint stands, for whoever has its number: never what it says."""

    ref: str = Field(examples=["C23456789ABCD"])
    kind: str
    state: str = Field(description="received or answered")
    received: str = Field(description="UTC")
    answer: str
    answered: str = Field(description="UTC; empty before")


@routes.get("/scenarios", "public")
def list_shown_scenarios(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> ShownScenarios:
    """The verified scenarios with their figures."""
    found = showcase.verified(ask.store)
    page, next_ = sliced(found, cursor, limit=limit, key=lambda one: (one[0].id,))
    return ShownScenarios(items=[_shown(s) for s in showcase.shown(ask.store, page)], next=next_)


@routes.get("/bulletins", "public")
def list_public_bulletins(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> PublicBulletins:
    """The bulletins that the programme offices have published."""
    found = publishing.published(ask.store)
    page, next_ = sliced(found, cursor, limit=limit, key=lambda p: (f"{p.bulletin.id:012d}",))
    return PublicBulletins(items=[_bulletin(p) for p in page], next=next_)


@routes.get(
    "/bulletins/{number}/{kind}",
    "public",
    response_class=Response,
    responses={200: {"content": {m.partition(";")[0]: {} for m in MEDIA.values()}}},
)
def download_public_bulletin(
    ask: Who, number: Number, kind: Literal["txt", "html", "docx"]
) -> Response:
    """The very bytes of a public bulletin."""
    try:
        found = publishing.public(ask.store, number)
    except UsageError:
        raise UsageError("QH862", f"no bulletin {number} is public") from None
    body = printing.reprint(ask.store, found.bulletin, kind)
    headers = {"Content-Disposition": f'attachment; filename="bulletin-{number}.{kind}"'}
    return cached(ask, Response(body, media_type=MEDIA[kind], headers=headers))


@routes.get("/datasets", "public")
def list_open_datasets(
    _: Who,
    q: Annotated[str, Query(max_length=200, description="Words of name or title")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Datasets:
    """The registered data sets with source and licence."""
    return found_datasets(q, "", limit=limit, cursor=cursor)


@routes.get("/answers", "public")
def ask_policy(
    ask: Who,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST, examples=["数据出境要做安全评估吗"])],
) -> PolicyAnswer:
    """The passages of the law that answer a question, each with its citation; or that none does."""
    _count(ask, "questions", "QH884")
    answerer = portal.answerer(ask)
    source, reply = answerer.source(), answerer.ask(q)
    return PolicyAnswer(
        question=q,
        available=source is not None,
        passages=[
            CitedPassage(citation=p.citation, extract=p.extract)
            for p in (reply.passages if reply else ())
        ],
        reason=reply.reason if reply else "",
        version=source.version if source else 0,
        run=source.run if source else "",
    )


@routes.post("/complaints", "public", scope="safety", status_code=201)
def send_complaint(ask: Who, wanted: NewComplaint) -> ComplaintStanding:
    """The complaint is kept; its number, told here, opens the answer."""
    _count(ask, "complaints", "QH873")
    sent = complaints.Sent(**wanted.model_dump())
    return _standing(complaints.receive(ask.store, sent, now=ask.now))


@routes.get("/complaints/{ref}", "public")
def get_complaint_standing(ask: Who, ref: Ref) -> ComplaintStanding:
    """Where a complaint stands, for whoever has its number."""
    _count(ask, "looks", "QH884")
    return _standing(complaints.find(ask.store, ref))


def _count(ask: Asked, what: str, code: str) -> None:
    """Nothing, where this address may do it now.

    Raises UsageError where it has done so too often.
    """
    taken = portal.taken(ask, what)
    if taken.refused:
        ask.request.state.headers = taken.headers
        raise UsageError(code, f"too many {what} from this address: wait {taken.wait_s} s")


def _shown(found: showcase.Shown) -> ShownScenario:
    entry, names = found.entry, ShownFigure.model_fields
    return ShownScenario(
        id=entry.id, title=words(entry.title), summary=words(entry.summary),
        industry=entry.industry, tier=found.tier, run=found.run, case=found.case, at=found.at,
        figures=[
            ShownFigure(**{n: finite(getattr(f, n)) for n in names}) for f in found.figures
        ],
    )  # fmt: skip


def _bulletin(found: publishing.Published) -> PublicBulletin:
    one = found.bulletin
    return PublicBulletin(
        id=one.id, plan=one.title, period=one.order.period, on=one.on, files=dict(one.files),
        published=found.at,
    )  # fmt: skip


def _standing(found: complaints.Complaint) -> ComplaintStanding:
    return ComplaintStanding(**{n: getattr(found, n) for n in ComplaintStanding.model_fields})
