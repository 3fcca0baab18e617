"""Plans side by side: the same indicator, who has what, who lacks what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from qianhang.plan.office import comparison
from qianhang.plan.office.compare import Row
from qianhang.web import sheets
from qianhang.web.api.shapes import finite
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_compare

__all__ = ["routes"]

routes = Endpoints("/plans/compare", tag="plans")
Chosen = Annotated[
    list[Annotated[str, Field(max_length=20)]],
    Query(
        description="References of 2 to 8 plans",
        min_length=2,
        max_length=plan_compare.MOST,
        examples=[["P1", "P2"]],
    ),
]
Lang = Annotated[Literal["zh", "en"], Query(description="Language of the heads")]


class ComparedRow(BaseModel):
    """One thing over all plans."""

    name: str
    unit: str = Field(description="Empty where it has none")
    shared: int = Field(description="How many of the plans have it")
    cells: list[list[Any]] = Field(
        description="Plan by plan what it has of it: targets as printed, names or counts; else []"
    )


class ComparedPlans(BaseModel):
    """Plans side by side; rows that more plans share come first."""

    plans: list[str] = Field(description="In the order of each row's cells", examples=[["P1 杭州"]])
    rule: str = Field(description="By what rule indicators were put together")
    indicators: list[ComparedRow]
    systems: list[ComparedRow]
    industries: list[ComparedRow]
    units: list[ComparedRow]


@routes.get("", "signed")
def compare_plans(ask: Who, plan: Chosen) -> ComparedPlans:
    """The chosen plans side by side; figures stay as they are printed."""
    found = plan_compare.compared(ask, plan)
    return ComparedPlans(
        plans=list(found.plans),
        rule=comparison.rule_words(found, "en"),
        indicators=[_row(r) for r in found.indicators],
        systems=[_row(r) for r in found.systems],
        industries=[_row(r) for r in found.industries],
        units=[_row(r) for r in found.units],
    )


@routes.get(
    "/xlsx",
    "signed",
    response_class=Response,
    responses={200: {"content": {sheets.KINDS["xlsx"]: {}}}},
)
def download_plan_comparison(ask: Who, plan: Chosen, lang: Lang = "zh") -> Response:
    """The same tables as a workbook."""
    body = comparison.comparison_workbook(plan_compare.compared(ask, plan), lang=lang)
    named = {"Content-Disposition": 'attachment; filename="plans.xlsx"'}
    return Response(body, media_type=sheets.KINDS["xlsx"], headers=named)


def _row(found: Row) -> ComparedRow:
    cells = finite([list(cell) for cell in asdict(found)["cells"]])
    return ComparedRow(name=found.name, unit=found.unit, shared=found.shared, cells=cells)
