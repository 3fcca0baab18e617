"""A run's figures as a page draws them, the tables behind them as files, and the job's log."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

import orjson
from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from qianhang.core.errors import UsageError
from qianhang.runs import display
from qianhang.runs.record import Record
from qianhang.web import sheets
from qianhang.web.api.paging import Cursor, Limit, Page, mark, place
from qianhang.web.api.runs import RunId
from qianhang.web.asked import Asked, Who
from qianhang.web.figures import Figure, figures_of, file_of
from qianhang.web.pages.runs import seen_run
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/runs/{run_id}", tag="runs")
FigureName = Annotated[
    str, Path(description="`key` of a figure", max_length=120, examples=["line-load"])
]
Lang = Literal["zh", "en"]


class RunFigure(BaseModel):
    """One figure of a run."""

    key: str = Field(examples=["line-load"])
    title: str
    kind: str = Field(description="line, bar, map ...; empty where it cannot be drawn")
    stamps: list[str] = Field(description="Marks, such as that the data come from a simulator")
    option: dict[str, Any] | None = Field(description="For ECharts 6; null for a plain table")
    rows: int = Field(description="Rows of what is drawn; the files have every row of the table")
    source: str
    note: str
    why: str = Field(description="Why it cannot be drawn; empty otherwise")


class RunFigures(Page):
    """A page of figures, in the scenario's order."""

    items: list[RunFigure]


class RunLog(BaseModel):
    """The end of the log of the job that made a run."""

    run: str
    text: str = Field(description="The last 8,000 characters")


@routes.get("/figures", "signed")
def list_run_figures(
    ask: Who, run_id: RunId, *, lang: Lang = "zh", limit: Limit = 50, cursor: Cursor = ""
) -> RunFigures:
    """The figures of a finished run."""
    record = _finished(ask, run_id)
    body, manifest = display.view(ask.store, record)
    every = figures_of(body, display.tables_of(ask.store, record), manifest, lang=lang)
    found = place(cursor, 1)
    start = int(found[0]) if found and found[0].isascii() and found[0].isdecimal() else 0
    more = mark(str(start + limit)) if start + limit < len(every) else None
    return RunFigures(items=[_figure(f) for f in every[start : start + limit]], next=more)


@routes.get(
    "/figures/{figure}/{kind}",
    "signed",
    response_class=Response,
    responses={200: {"content": {m.partition(";")[0]: {} for m in sheets.KINDS.values()}}},
)
def download_run_figure(
    ask: Who, run_id: RunId, *, figure: FigureName, kind: Literal["csv", "xlsx"], lang: Lang = "zh"
) -> Response:
    """The table behind one figure, every row of it."""
    record = _finished(ask, run_id)
    body, manifest = display.view(ask.store, record)
    tables, name = display.tables_of(ask.store, record), f"{figure}.{kind}"
    content, media = file_of(body, tables, manifest, name=name, lang=lang)
    kept = quote(f"{record.scenario}-{name}", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{kept}"}
    return Response(content, media_type=media, headers=headers)


@routes.get("/log", "signed")
def get_run_log(ask: Who, run_id: RunId) -> RunLog:
    """The end of the job's log."""
    body, _ = display.view(ask.store, _finished(ask, run_id))
    return RunLog(run=run_id, text=body["log"])


def _finished(ask: Asked, run_id: str) -> Record:
    """The run, where the reader may see it.

    Raises UsageError also where it has not finished.
    """
    found = seen_run(ask, run_id)
    if found.state != "finished":
        raise UsageError("QH805", f"run {run_id} is {found.state}")
    return found


def _figure(found: Figure) -> RunFigure:
    plain = ("key", "title", "kind", "rows", "source", "note", "why")
    return RunFigure(
        **{name: getattr(found, name) for name in plain},
        stamps=list(found.stamps),
        option=orjson.loads(str(found.option)) if found.option else None,
    )
