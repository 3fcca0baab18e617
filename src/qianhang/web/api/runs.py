"""Runs: scores beside baselines and published figures, tables, report, comparison."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from qianhang.core.errors import UsageError
from qianhang.runs import compare, display, listing
from qianhang.runs.record import Record
from qianhang.web.api.paging import Cursor, Limit, Page, mark, place
from qianhang.web.api.shapes import Words, finite
from qianhang.web.asked import Who
from qianhang.web.pages.runs import seen_run
from qianhang.web.routes import Endpoints

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cells", "routes"]

routes = Endpoints("/runs", tag="runs")
RunId = Annotated[
    str, Path(description="Id of a run", max_length=60, examples=["20260301-080001-abcdef"])
]
TableName = Annotated[str, Path(description="Name of a table", max_length=120, examples=["plan"])]
Figures = dict[str, float | None]


class RunLine(BaseModel):
    """One run as a list shows it; times in UTC."""

    id: str = Field(examples=["20260301-080001-abcdef"])
    scenario: str = Field(examples=["water.leak_detection"])
    case: str = Field(examples=["ltown"])
    state: str = Field(description="running, finished, failed or interrupted")
    verdict: str = Field(description="met, unmet, open or none", examples=["met"])
    started: str = Field(description="UTC", examples=["2026-03-01T08:00:01.000+00:00"])
    ended: str = Field(description="UTC, empty before", examples=[""])
    wall_s: float | None = Field(description="Seconds from start to end", examples=[12.5])
    org: str = Field(description="Whose it is", examples=["root"])
    own: bool = Field(description="Whether it used their own data", examples=[False])


class Runs(Page):
    """A page of runs, the newest first."""

    items: list[RunLine]


class Bar(BaseModel):
    """One promise, and what was measured."""

    metric: str
    value: float | None = Field(description="Measured, in `unit`")
    at_most: float | None = Field(description="In `unit`")
    at_least: float | None = Field(description="In `unit`")
    unit: str
    met: bool | None
    published: dict[str, Any] | None = Field(description="Best published: value, source, verified")


class Reason(BaseModel):
    """Why the safety gate holds a stage back."""

    code: str
    blocks: str
    text: Words


class Gate(BaseModel):
    """The safety gate's verdict."""

    open: bool
    stage: str = Field(description="How far the result may be used")
    reasons: list[Reason]


class Run(RunLine):
    """A run with everything that was measured."""

    key: str = Field(description="Equal keys give equal numbers")
    seed: int | None
    params: dict[str, Any]
    source: str = Field(description="real, own, simulator or sample; empty before the end")
    scores: Figures = Field(description="Ours, by metric, over all folds")
    trivial: Figures = Field(description="The trivial baseline's")
    practice: Figures = Field(description="The practitioner's; empty where there is none")
    gain: float | None = Field(description="Gain over the trivial baseline, as a share")
    bars: list[Bar]
    gate: Gate | None
    tables: list[str] = Field(description="Names of its tables")
    data: dict[str, Any] = Field(description="File -> sha256 of what was read")
    versions: dict[str, str] = Field(description="Software that decided the numbers")
    facts: dict[str, Any] = Field(description="What was cut and counted")


class Rows(Page):
    """A page of a table's rows."""

    columns: list[str] = Field(description="Names, in order; the index first where it has a name")
    total: int = Field(description="Rows of the whole table")
    items: list[dict[str, Any]] = Field(description="Column -> value; times as ISO text")


class Score(BaseModel):
    """One metric in two runs."""

    metric: str
    first: float | None
    second: float | None
    change: float | None = Field(description="second - first")


class Difference(BaseModel):
    """Something that could explain a difference."""

    field: str
    first: Any
    second: Any


class Comparison(BaseModel):
    """Two runs side by side."""

    scores: list[Score]
    differences: list[Difference]


@routes.get("", "signed")
def list_runs(
    ask: Who,
    scenario: Annotated[str, Query(max_length=120)] = "",
    state: Literal["running", "finished", "failed", "interrupted", ""] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Runs:
    """The runs of the organisations that the reader covers, and the platform's public ones."""
    before = place(cursor, 2)
    found = listing.lines(
        ask.store,
        orgs=ask.who.covers,
        scenario=scenario,
        state=state,
        before=(before[0], before[1]) if before else None,
        limit=limit + 1,
    )
    more = mark(*found[limit - 1].cursor) if len(found) > limit else None
    return Runs(items=[RunLine(**_line(r)) for r in found[:limit]], next=more)


@routes.get("/{run_id}", "signed")
def get_run(ask: Who, run_id: RunId) -> Run:
    """One run: scores, baselines, promises, the gate."""
    found = seen_run(ask, run_id)
    body = finite({**found.request, **found.result})
    plain = ("scores", "trivial", "practice", "params", "data", "versions", "facts")
    parts: dict[str, Any] = {name: body.get(name) or {} for name in plain}
    return Run(
        **_line(found),
        **parts,
        key=found.key,
        seed=body.get("seed"),
        source=body.get("source", ""),
        gain=body.get("gain"),
        bars=[_bar(b) for b in body.get("bars", ())],
        gate=_gate(body["gate"]) if body.get("gate") else None,
        tables=sorted(body.get("tables", ())),
    )


@routes.get("/{run_id}/compare/{other_id}", "signed")
def compare_runs(ask: Who, run_id: RunId, other_id: RunId) -> Comparison:
    """Two runs side by side: scores, and what could explain a difference."""
    first, second = seen_run(ask, run_id), seen_run(ask, other_id)
    return Comparison(**finite(compare(first, second)))


@routes.get("/{run_id}/tables/{table}", "signed")
def get_run_table(
    ask: Who, run_id: RunId, table: TableName, limit: Limit = 50, cursor: Cursor = ""
) -> Rows:
    """The rows of one table, a page at a time."""
    frame = _frame(ask, run_id, table)
    found = place(cursor, 1)
    start = int(found[0]) if found and found[0].isascii() and found[0].isdecimal() else 0
    part = frame.iloc[start : start + limit]
    more = mark(str(start + limit)) if start + limit < len(frame) else None
    return Rows(
        columns=[str(c) for c in frame.columns], total=len(frame), items=list(cells(part)),
        next=more,
    )  # fmt: skip


@routes.get(
    "/{run_id}/tables/{table}/csv",
    "signed",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def download_run_table(ask: Who, run_id: RunId, table: TableName) -> Response:
    """The whole table as CSV in UTF-8."""
    out = io.StringIO()
    _frame(ask, run_id, table).to_csv(out, index=False)
    return _file(out.getvalue().encode(), "text/csv; charset=utf-8", f"{run_id}-{table}.csv")


@routes.get(
    "/{run_id}/report",
    "signed",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
def download_run_report(
    ask: Who, run_id: RunId, lang: Literal["zh", "en", "both"] = "both"
) -> Response:
    """The run's report: one HTML file that asks nothing of any network."""
    found = seen_run(ask, run_id)
    text = display.page(ask.store, found, lang=lang)
    name = f"{found.scenario}-{found.id}.html"
    return _file(text.encode(), "text/html; charset=utf-8", name)


def _frame(ask: Who, run_id: str, table: str) -> pd.DataFrame:
    """The table with a named index as a column.

    Raises UsageError where the run, or its table, is not there.
    """
    found = display.tables_of(ask.store, seen_run(ask, run_id), only=table)
    if table not in found:
        raise UsageError("QH804", f"run {run_id!r} has no table {table[:40]!r}")
    frame = found[table]
    return frame.reset_index() if frame.index.name is not None else frame


def cells(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Each row as JSON can hold it."""
    names = [str(c) for c in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        yield {name: _cell(value) for name, value in zip(names, row, strict=True)}


def _cell(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        return None if text == "NaT" else text
    if type(value).__name__ == "NAType":
        return None
    return finite(value.tolist() if hasattr(value, "tolist") else value)


def _line(found: listing.Line | Record) -> dict[str, Any]:
    plain = ("id", "scenario", "case", "verdict", "started", "ended", "org", "own")
    line = {name: getattr(found, name) for name in plain}
    return line | {"state": found.state_now, "wall_s": _seconds(found.started, found.ended)}


def _seconds(start: str, end: str) -> float | None:
    if not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _bar(found: Mapping[str, Any]) -> Bar:
    names = ("metric", "value", "at_most", "at_least", "met", "published")
    values: dict[str, Any] = {name: found.get(name) for name in names}
    return Bar(unit=found.get("unit", ""), **values)


def _gate(found: Mapping[str, Any]) -> Gate:
    reasons = [
        Reason(code=r["code"], blocks=str(r["blocks"]), text=Words(zh=r["zh"], en=r["en"]))
        for r in found["reasons"]
    ]
    return Gate(open=found["open"], stage=found["stage"], reasons=reasons)


def _file(content: bytes, media: str, name: str) -> Response:
    kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media, headers=kept)
