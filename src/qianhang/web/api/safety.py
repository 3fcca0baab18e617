"""What the gate said, how scenarios are graded, what no scenario may be for."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from qianhang import safety
from qianhang.runs import shelf, verdicts
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Words, words
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import safety as views

__all__ = ["routes"]

routes = Endpoints("/safety", tag="safety")


class GateReason(BaseModel):
    """One reason that the gate gave, and the runs that it held back."""

    code: str
    blocks: str = Field(description="The stage that it blocks; empty for a remark")
    title: Words
    todo: Words = Field(description="What to do about it")
    count: int
    runs: list[str] = Field(description="Ids of the newest 20")


class RefusedUse(BaseModel):
    """A use for which no scenario is registered."""

    use: Words
    safe: Words = Field(description="What may be done instead")
    clause: Words = Field(description="Where it is forbidden")
    verified: str = Field(description="How far the clause was checked against its text")


class SafetyOverview(BaseModel):
    """The gate over the newest runs that the reader may see."""

    judged: int = Field(description="Finished runs that were looked at, the newest 500 at most")
    stages: dict[str, int] = Field(description="accepted, research_only, rejected -> runs")
    reasons: list[GateReason] = Field(description="The most frequent refusals first, remarks last")
    levels: dict[str, int] = Field(description="high, limited, minimal -> scenarios")
    negative: list[RefusedUse]


class GradedScenario(BaseModel):
    """A scenario with its risk grade, and the rule that holds the grade up."""

    scenario: str = Field(examples=["water.leak_detection"])
    risk: str = Field(description="high, limited or minimal", examples=["limited"])
    floor: str = Field(description="The least grade that the rule allows", examples=["minimal"])
    reason: Words = Field(description="Why")
    human_role: Words | None = Field(description="What stays with a person")


class GradedScenarios(Page):
    """A page of grades, in order of id."""

    items: list[GradedScenario]


@routes.get("", "signed")
def get_safety(ask: Who) -> SafetyOverview:
    """Verdicts by stage, their reasons, scenarios by grade, the negative list."""
    judged = verdicts.judged(ask.store, ask.who.covers)
    levels = views.levels(views.graded(shelf.entries()))
    return SafetyOverview(
        judged=len(judged),
        stages=verdicts.stages(judged),
        reasons=[_reason(why) for why in verdicts.whys(judged)],
        levels={level: levels[level] for level in views.LEVELS},
        negative=[
            RefusedUse(
                use=words(n.use), safe=words(n.safe), clause=words(n.clause), verified=n.verified
            )
            for n in safety.negative_list()
        ],
    )


@routes.get("/grades", "signed")
def list_grades(
    _: Who,
    *,
    risk: Annotated[
        Literal["high", "limited", "minimal", ""], Query(description="Only of this grade")
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> GradedScenarios:
    """The scenarios with their risk grades."""
    found = [g for g in views.graded(shelf.entries()) if risk in ("", g.entry.risk)]
    page, next_ = sliced(found, cursor, limit=limit, key=lambda g: (g.entry.id,))
    return GradedScenarios(items=[_grade(g) for g in page], next=next_)


def _reason(found: verdicts.Why) -> GateReason:
    told = safety.words(found.code)
    return GateReason(
        code=found.code, blocks=found.blocks, title=words(told.title), todo=words(told.todo),
        count=len(found.runs), runs=[r.run for r in found.runs[:20]],
    )  # fmt: skip


def _grade(found: views.Graded) -> GradedScenario:
    role = found.entry.human_role
    return GradedScenario(
        scenario=found.entry.id, risk=found.entry.risk, floor=found.floor.level,
        reason=words(found.floor.reason), human_role=words(role) if role else None,
    )  # fmt: skip
