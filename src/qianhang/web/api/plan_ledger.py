"""A plan's ledger: sums by section, task and unit; the workbook, out and back in; weights."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Annotated, Literal

from fastapi import File, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from qianhang.plan import rollup
from qianhang.plan.office.intake import Intake
from qianhang.web import sheets
from qianhang.web.api.plans import Day, day_of
from qianhang.web.api.shapes import PlanRef, Sent, finite
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import plan_ledger, plan_workbook, plans

__all__ = ["routes"]

routes = Endpoints("/plans/{plan}/ledger", tag="plans")
Lang = Annotated[Literal["zh", "en"], Query(description="Language of the workbook")]
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class LedgerRow(BaseModel):
    """Targets by state, and systems that something realises."""

    kind: str = Field(description="section, task, unit or plan", examples=["unit"])
    name: str
    ref: str = Field(description="Number of a section, reference of a task or plan; else empty")
    counts: dict[str, int] = Field(description="State of a target -> how many")
    targets: int
    systems: int = Field(description="Systems to be built")
    realised: int | None = Field(description="Those that something realises; null by section")


class TogetherRow(BaseModel):
    """An indicator that the plan has in common with plans below it."""

    indicator: str
    unit: str
    refs: list[str] = Field(description="The targets", examples=[["P1.T1", "P2.T4"]])
    value: float | None = Field(description="Each thing counted once; null where nobody can tell")


class Weighted(BaseModel):
    """One figure by weights that the office set."""

    value: float | None = Field(description="Weighted mean of attainment, each at most 1")
    weights: dict[str, float] = Field(description="Code of a target -> weight")
    left_out: list[str] = Field(description="Weighted targets without a reading")


class Ledger(BaseModel):
    """Where a plan stands on a day."""

    on: datetime.date
    whole: LedgerRow
    sections: list[LedgerRow]
    tasks: list[LedgerRow]
    units: list[LedgerRow]
    drafts: int = Field(description="Targets that nobody has confirmed")
    together: list[TogetherRow]
    weighted: Weighted | None = Field(description="Null where no weights are set")


class LedgerTaken(BaseModel):
    """What a workbook that came back changes."""

    edits: list[str] = Field(description="Items with another value", examples=[["P1.T3"]])
    claims: list[str] = Field(description="Targets with a claim (grade D) more")
    notes: list[str] = Field(description="Items with a note more")
    tasks: int = Field(description="Lines that are new tasks")
    left: list[str] = Field(
        description="Cells changed by hand though the system makes them: row, column",
        examples=[["7, state"]],
    )
    written: bool = Field(description="False where it was only told")


class Weights(Sent):
    """The weights of a plan's targets."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weights": {"T1": 2, "T2": 1}}]})

    weights: dict[str, Weight] = Field(
        description="Code of a target -> weight; none takes them away", max_length=1000
    )


@routes.get("", "signed")
def get_ledger(ask: Who, plan: PlanRef, on: Day = None) -> Ledger:
    """The plan by section, task and unit, with the plans below it that the reader may see."""
    found = plan_ledger.ledger(ask, plans.seen_plan(ask, plan), on=day_of(ask, on))
    return Ledger(
        on=found.on,
        whole=_row(found.whole),
        sections=[_section(p) for p in found.parts],
        tasks=[_row(r) for r in found.tasks],
        units=[_row(r) for r in found.units],
        drafts=found.drafts,
        together=[
            TogetherRow(
                indicator=t.indicator, unit=t.unit, refs=list(t.refs), value=finite(t.value)
            )
            for t in found.together
        ],
        weighted=_weighted(found.weighted),
    )


@routes.get(
    "/xlsx",
    "signed",
    response_class=Response,
    responses={200: {"content": {sheets.KINDS["xlsx"]: {}}}},
)
def download_ledger(ask: Who, plan: PlanRef, *, on: Day = None, lang: Lang = "zh") -> Response:
    """The ledger in the layout that offices use; what may be edited there comes back in."""
    found, day = plans.seen_plan(ask, plan), day_of(ask, on)
    body = plan_workbook.workbook(ask, found, on=day, lang=lang)
    named = {"Content-Disposition": f'attachment; filename="{found.ref}-{day}.xlsx"'}
    return Response(body, media_type=sheets.KINDS["xlsx"], headers=named)


@routes.post("", plans.ROLE, scope="plan")
def take_ledger(
    ask: Who,
    plan: PlanRef,
    *,
    file: Annotated[UploadFile, File(description="The workbook, at most 20 MiB")],
    only: Annotated[bool, Form(description="Only tell what it changes")] = False,
) -> LedgerTaken:
    """What a workbook that came back changes: only told, or taken whole."""
    found = plans.own_plan(ask, plan)
    data = file.file.read(plan_workbook.LARGEST + 1)
    took = plan_workbook.taken(ask, found, data, name=file.filename or "", only=only)
    return _taken(took, written=not only)


@routes.post("/weights", plans.ROLE, scope="plan")
def set_weights(ask: Who, plan: PlanRef, wanted: Weights) -> Ledger:
    """The ledger with these weights, or without any."""
    found = plans.own_plan(ask, plan)
    plan_workbook.weigh(ask, found, [f"{code}={w!r}" for code, w in wanted.weights.items()])
    return get_ledger(ask, plan)


def _row(found: rollup.Row) -> LedgerRow:
    plain = ("kind", "name", "ref", "targets", "systems", "realised")
    counts = {str(state): n for state, n in found.counts.items()}
    return LedgerRow(**{name: getattr(found, name) for name in plain}, counts=counts)


def _section(found: plan_ledger.Part) -> LedgerRow:
    counts = Counter(str(s.state) for s in found.own)
    return LedgerRow(
        kind="section", name=found.section.name, ref=found.section.section, counts=counts,
        targets=len(found.own), systems=found.systems, realised=None,
    )  # fmt: skip


def _weighted(found: rollup.Weighted | None) -> Weighted | None:
    if found is None:
        return None
    value, left = finite(found.value), list(found.left_out)
    return Weighted(value=value, weights=dict(found.weights), left_out=left)


def _taken(found: Intake, *, written: bool) -> LedgerTaken:
    return LedgerTaken(
        edits=[item.ref for item, _ in found.edits],
        claims=[item.ref for item, _ in found.claims],
        notes=[item.ref for item, _ in found.notes],
        tasks=len(found.tasks),
        left=[f"{row}, {column}" for row, column in found.left],
        written=written,
    )
