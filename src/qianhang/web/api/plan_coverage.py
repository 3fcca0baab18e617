"""How much of what a plan names is realised, and by what; links set by hand."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from qianhang.plan import items, stated
from qianhang.plan.coverage import Named
from qianhang.plan.items import Plan
from qianhang.runs.known import names_known
from qianhang.web.api.shapes import PlanRef, Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}/coverage", tag="plans")


class CoveredSystem(BaseModel):
    """A system that the plan wants built, and what realises it."""

    code: str = Field(description="Of the item", examples=["Y3"])
    name: str
    mission: str = Field(description="Its id in the inventory of systems; empty where not known")
    by: list[str] = Field(description="What realises it", examples=[["water.leak_detection"]])
    unproven: list[str] = Field(description="Stated links to what is not there; they count nothing")


class Coverage(BaseModel):
    """The plan's systems."""

    named: int
    realised: int
    share: float | None = Field(description="Realised over named; null where none is named")
    systems: list[CoveredSystem]


class NewLink(Sent):
    """What realises a system of the plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"item": "Y1", "kind": "scenario", "name": "water.leak_detection"}]
        }
    )

    item: str = Field(description="Code of the system", max_length=20)
    kind: Literal["scenario", "dataset", "pool", "model", "service", "part"]
    name: str = Field(description="Under which it is registered here", max_length=160)


@routes.get("", "signed")
def get_coverage(ask: Who, plan: PlanRef) -> Coverage:
    """The plan's systems, each with the scenarios and other things that realise it."""
    return _coverage(ask, plans.seen_plan(ask, plan))


@routes.post("/links", plans.ROLE, scope="plan", status_code=201)
def create_link(ask: Who, plan: PlanRef, wanted: NewLink) -> Coverage:
    """The plan with a link more between a system and what realises it."""
    found = plans.own_plan(ask, plan)
    item = plans.seen_item(ask, found, wanted.item, "system")
    stated.link(
        ask.store, item, kind=wanted.kind, name=wanted.name, known=names_known(ask.store),
        by=ask.by, at=ask.now,
    )  # fmt: skip
    return _coverage(ask, found)


def _coverage(ask: Asked, plan: Plan) -> Coverage:
    found = plans.covered(ask, plan, items.items(ask.store, plan, kind="system"))
    return Coverage(
        named=len(found.named),
        realised=len(found.realised),
        share=found.share,
        systems=[_system(n) for n in found.named],
    )


def _system(found: Named) -> CoveredSystem:
    return CoveredSystem(
        code=found.code,
        name=found.name,
        mission=found.mission,
        by=list(found.by),
        unproven=list(found.unproven),
    )
