"""The catalogue of scenarios, and one scenario with its whole contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, Field

from qianhang.core.errors import PackError
from qianhang.core.manifest import Case, Column, Manifest
from qianhang.core.pack import find
from qianhang.runs import shelf
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.shapes import Words, finite, words
from qianhang.web.asked import Who
from qianhang.web.pages.scenarios import chosen
from qianhang.web.routes import Endpoints
from qianhang.web.views.catalogue import catalogue

__all__ = ["Id", "routes"]

routes = Endpoints("/scenarios", tag="scenarios")
Id = Annotated[
    str,
    Path(
        description="Id of a scenario: industry and name",
        max_length=120,
        examples=["water.leak_detection"],
    ),
]
Filter = Annotated[str, Query(max_length=80)]


class ScenarioLine(BaseModel):
    """One scenario as the catalogue lists it."""

    id: str = Field(description="Id: industry and name", examples=["water.leak_detection"])
    title: Words
    summary: Words
    industry: str = Field(description="Industry", examples=["water"])
    task: str = Field(description="Kind of problem", examples=["optimise"])
    risk: str = Field(description="minimal, limited or high", examples=["limited"])
    owner: str = Field(description="Who answers for it", examples=["水务局"])
    tier: str = Field(
        description="contract, bronze, silver, gold, platinum; empty where not examined",
        examples=["silver"],
    )
    covers: list[str] = Field(description="Systems of the mission table", examples=[["M012"]])
    cases: list[str] = Field(description="Names of its cases", examples=[["ltown"]])
    broken: bool = Field(description="Whether its manifest cannot be read", examples=[False])


class Scenarios(Page):
    """A page of the catalogue."""

    items: list[ScenarioLine]


class ContractColumn(BaseModel):
    """The contract of one column."""

    type: str = Field(description="number, integer, boolean, category, text or time")
    unit: str = Field(description="Unit of the values, low and high; empty where none")
    low: float | None = Field(description="Least value, inclusive, in `unit`")
    high: float | None = Field(description="Greatest value, inclusive, in `unit`")
    role: str = Field(description="What the column is for", examples=["target"])
    values: list[str | int | float] = Field(description="Allowed categories; empty for any")
    required: bool = Field(description="Whether it has to be there")
    missing: str = Field(description="refuse or allow empty values")
    step: str = Field(description="Spacing of a time column, as 1h", examples=["1h"])
    zone: str = Field(description="Time zone of naive times", examples=["Asia/Shanghai"])
    aliases: list[str] = Field(description="Other names that are taken for it")
    title: Words | None


class ContractInput(BaseModel):
    """A further file beside the main table."""

    format: str = Field(description="table, epanet, text, json, file or folder")
    title: Words
    required: bool
    suffixes: list[str] = Field(description="Endings that its name may have")
    columns: dict[str, ContractColumn]


class PromisedBar(BaseModel):
    """A limit that the scenario promises to keep on held-out data."""

    metric: str = Field(examples=["mae"])
    at_most: float | None = Field(description="In `unit`")
    at_least: float | None = Field(description="In `unit`")
    unit: str
    published: dict[str, Any] | None = Field(
        description="Best published figure: value in `unit`, source, how we know it"
    )


class ScenarioCase(BaseModel):
    """One data set on which the scenario is measured."""

    name: str
    title: Words
    dataset: str = Field(description="Registered data set; empty for a simulator or sample")
    twin: bool = Field(description="Whether the data come from a simulator")
    synthetic: bool = Field(description="Whether it is the scenario's own sample, no evidence")
    target: list[str] = Field(description="Columns to be foretold")
    horizon: int = Field(description="Steps ahead; 0 where none")
    split: str = Field(description="How training is kept apart from test")
    bars: list[PromisedBar]
    better_by: float = Field(description="Promised gain over the trivial baseline, as a share")


class Scenario(ScenarioLine):
    """A scenario with its whole contract."""

    version: str
    purpose: str
    subject: str = Field(description="person, firm, area or thing")
    licence_class: str = Field(description="C clean, R research, N non-commercial, G copyleft")
    human_role: Words | None
    headline: Words | None
    params: dict[str, str | int | float | bool] = Field(description="Settings with their defaults")
    columns: dict[str, ContractColumn] = Field(description="Contract of the main table")
    inputs: dict[str, ContractInput]
    trivial: Words = Field(description="The trivial baseline")
    practice: Words | None = Field(description="What practitioners do")
    measured: list[ScenarioCase] = Field(description="Cases with their bars")


@routes.get("", "signed")
def list_scenarios(
    ask: Who,
    *,
    q: Annotated[str, Query(max_length=200, description="Words that all must occur")] = "",
    industry: Filter = "",
    task: Filter = "",
    tier: Annotated[str, Query(max_length=80, description="A tier, or none")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Scenarios:
    """The catalogue, searched and filtered, in order of id."""
    every = catalogue(ask.store).every
    filters = {n: v for n, v in (("industry", industry), ("task", task), ("tier", tier)) if v}
    found, next_ = sliced(
        chosen(every, q, filters), cursor, limit=limit, key=lambda s: (s.entry.id,)
    )
    return Scenarios(items=[ScenarioLine(**_line(s.entry, s.tier)) for s in found], next=next_)


@routes.get("/{scenario}", "signed")
def get_scenario(ask: Who, scenario: Id) -> Scenario:
    """One scenario: what it promises, and what its data have to look like."""
    entry = _entry(scenario)
    manifest = find(entry.id).manifest
    tier = shelf.tiers(ask.store).get(entry.id, "")
    return Scenario(**_line(entry, tier), **_contract(manifest))


def _entry(scenario: str) -> shelf.Entry:
    """Raises PackError where no such scenario is in the catalogue; a folder never is."""
    for entry in shelf.entries():
        if entry.id == scenario:
            return entry
    raise PackError("QH206", f"scenario {scenario[:80]!r} does not exist")


def _line(entry: shelf.Entry, tier: str) -> dict[str, Any]:
    plain = ("id", "industry", "task", "risk", "owner")
    return {name: getattr(entry, name) for name in plain} | {
        "title": words(entry.title),
        "summary": words(entry.summary),
        "tier": tier,
        "covers": list(entry.covers),
        "cases": list(entry.cases),
        "broken": bool(entry.broken),
    }


def _contract(found: Manifest) -> dict[str, Any]:
    plain = ("version", "purpose", "subject", "licence_class")
    return {name: getattr(found, name) for name in plain} | {
        "human_role": words(found.human_role) if found.human_role else None,
        "headline": words(found.headline.title) if found.headline else None,
        "params": dict(found.params),
        "columns": _columns(found.columns),
        "inputs": {
            name: ContractInput(
                format=i.format,
                title=words(i.title),
                required=i.required,
                suffixes=list(i.suffixes),
                columns=_columns(i.columns),
            )
            for name, i in found.inputs.items()
        },
        "trivial": words(found.baseline.trivial),
        "practice": words(found.baseline.practice) if found.baseline.practice else None,
        "measured": [_case(found.find_case(c.name)) for c in found.case],
    }


def _columns(found: Mapping[str, Column]) -> dict[str, ContractColumn]:
    return {name: _column(column) for name, column in found.items()}


def _column(found: Column) -> ContractColumn:
    plain = ("type", "unit", "low", "high", "role", "required", "missing", "step", "zone")
    return ContractColumn(
        **{name: finite(getattr(found, name)) for name in plain},
        values=list(found.values),
        aliases=list(found.aliases),
        title=words(found.title) if found.title else None,
    )


def _case(found: Case) -> ScenarioCase:
    plain = ("name", "dataset", "twin", "synthetic", "horizon")
    return ScenarioCase(
        **{name: getattr(found, name) for name in plain},
        title=words(found.title),
        target=[found.target] if isinstance(found.target, str) else list(found.target),
        split=found.split.kind if found.split else "none",
        bars=[
            PromisedBar(
                metric=b.metric,
                at_most=b.at_most,
                at_least=b.at_least,
                unit=b.unit,
                published=finite(asdict(b.published)) if b.published else None,
            )
            for b in found.bar
        ],
        better_by=found.better_by or 0.0,
    )
