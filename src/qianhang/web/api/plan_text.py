"""The text of a plan, into which the places of its items point."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from qianhang.plan import items
from qianhang.web.api.shapes import PlanRef
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}/text", tag="plans")
_MOST = 60_000


class PlanText(BaseModel):
    """A stretch of a plan's newest text; places are counted in characters from its beginning."""

    text: str
    start: int = Field(examples=[0])
    end: int = Field(description="Where what follows begins")
    length: int = Field(description="Of the whole text")


@routes.get("", "signed")
def get_plan_text(
    ask: Who,
    plan: PlanRef,
    start: Annotated[int, Query(ge=0, le=2**31 - 1, description="From this place on")] = 0,
    most: Annotated[int, Query(ge=1, le=_MOST, description="Characters at most")] = _MOST,
) -> PlanText:
    """The words from which the plan's items were read."""
    text = items.text_of_plan(ask.store, plans.seen_plan(ask, plan))
    part = text[start : start + most]
    return PlanText(text=part, start=start, end=start + len(part), length=len(text))
