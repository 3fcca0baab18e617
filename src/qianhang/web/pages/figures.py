"""The numbers behind a run's figures, whole, as files."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from qianhang.runs import display
from qianhang.web.asked import Who
from qianhang.web.figures import file_of
from qianhang.web.pages.runs import seen_run
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages("/runs")


@routes.get("/{run_id}/figures/{name}", "signed")
def numbers(ask: Who, run_id: str, name: str) -> Response:
    """The table behind one figure of a run, every row of it, as CSV or XLSX."""
    record = seen_run(ask, run_id)
    body, manifest = display.view(ask.store, record)
    tables = display.tables_of(ask.store, record)
    content, media = file_of(body, tables, manifest, name=name, lang=ask.lang)
    kept = quote(f"{record.scenario}-{name}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{kept}"}
    return Response(content, media_type=media, headers=headers)
