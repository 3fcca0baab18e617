"""What the API tells of applications for compute; days are those of China, times in UTC."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.web.api.paging import Page
from qianhang.web.api.shapes import Sent
from qianhang.web.views.applications import Seen

__all__ = [
    "ApplicationId",
    "Approval",
    "ComputeApplication",
    "ComputeApplications",
    "NewApplication",
    "Remark",
    "Said",
    "application_of",
    "line_of",
]

ApplicationId = Annotated[
    str, Path(description="Id of an application", max_length=40, examples=["a0123456789ab"])
]


class ComputeApplicationLine(BaseModel):
    """An application as a list shows it."""

    id: str = Field(examples=["a0123456789ab"])
    org: str = Field(examples=["root"])
    project: str = Field(examples=["p1"])
    state: str = Field(
        description="applied, asked (for more), approved (its days are to come), active,"
        " rejected, withdrawn, ended or lapsed (never answered)"
    )
    chips: int = Field(description="At once")
    card_hours: int = Field(description="In all; 0 for no limit beside the period")
    first: date
    last: date = Field(description="Included")
    flavours: list[str] = Field(description="Ids of the chips that will do; empty for any")
    pool: str = Field(description="The pool that is asked for; empty for any")
    granted_chips: int | None = Field(description="Null before it is approved")
    granted_card_hours: int | None
    granted_last: date | None
    at: str = Field(description="When it was sent, UTC")
    answered: str = Field(description="UTC, empty before")
    answers: bool = Field(description="Whether the reader may answer it, unless it is their own")


class ApplicationStep(BaseModel):
    """One thing that was done with an application."""

    number: int
    act: str = Field(description="sent, asked, replied, approved, active, ...")
    words: str
    at: str = Field(description="UTC")


class ComputeApplication(ComputeApplicationLine):
    """An application with all that was said."""

    purpose: str
    contact: str
    voucher: str = Field(description="Programme of which a voucher would be welcome")
    reason: str = Field(description="Of the last answer")
    used_card_hours: float | None = Field(
        description="From its first day on; null where unapproved"
    )
    steps: list[ApplicationStep]


class ComputeApplications(Page):
    """A page of applications, by id."""

    items: list[ComputeApplicationLine]


class NewApplication(Sent):
    """What a project asks for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "project": "p1", "chips": 8, "card_hours": 5000, "first": "2027-01-01",
                    "last": "2027-06-30", "flavours": ["ascend-910b"],
                    "purpose": "a model of roads", "contact": "roads@team.example",
                }
            ]
        }
    )  # fmt: skip

    org: str | None = Field(default=None, description="One's own where null", max_length=40)
    project: str = Field(min_length=1, max_length=80)
    chips: int = Field(ge=1, le=10_000_000)
    card_hours: int = Field(default=0, ge=0, le=2_000_000_000)
    first: date
    last: date
    purpose: str = Field(min_length=1, max_length=4000)
    contact: str = Field(min_length=1, max_length=200)
    flavours: list[Annotated[str, Field(max_length=80)]] = Field(default=[], max_length=20)
    pool: str = Field(default="", max_length=60)
    voucher: str = Field(default="", max_length=64)


class Remark(Sent):
    """Words for the other side."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"words": "which data?"}]})

    words: str = Field(min_length=1, max_length=4000)


class Said(Sent):
    """Words for the other side, if any."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"words": ""}]})

    words: str = Field(default="", max_length=4000)


class Approval(Said):
    """What is granted: as asked for where null."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"chips": 4}]})

    chips: int | None = Field(default=None, ge=1, le=10_000_000)
    card_hours: int | None = Field(default=None, ge=0, le=2_000_000_000)
    last: date | None = None


def line_of(seen: Seen) -> ComputeApplicationLine:
    """An application of a list as the API tells it."""
    return ComputeApplicationLine(**_line(seen))


def application_of(seen: Seen) -> ComputeApplication:
    """An application as the API tells it."""
    found = seen.found
    steps = [
        ApplicationStep(number=one.number, act=one.act, words=one.words, at=one.at)
        for one in seen.steps
    ]
    return ComputeApplication(
        **_line(seen), purpose=found.wish.purpose, contact=found.wish.contact,
        voucher=found.wish.voucher, reason=found.reason, used_card_hours=seen.used, steps=steps,
    )  # fmt: skip


def _line(seen: Seen) -> dict[str, Any]:
    found, wish, given = seen.found, seen.found.wish, seen.found.granted
    plain = ("org", "project", "chips", "card_hours", "first", "last", "pool")
    return {name: getattr(wish, name) for name in plain} | {
        "id": found.id, "state": found.state, "flavours": list(wish.flavours), "at": found.at,
        "answered": found.answered, "answers": seen.answers and not seen.own,
        "granted_chips": given.chips if given else None,
        "granted_card_hours": given.card_hours if given else None,
        "granted_last": given.last if given else None,
    }  # fmt: skip
