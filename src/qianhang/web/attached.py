"""A table as a file to keep, by the ending of the address that was asked for."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from qianhang.charts import Table
from qianhang.web import sheets
from qianhang.web.asked import Asked

__all__ = ["attached", "named_file"]


def attached(ask: Asked, table: Table, *, name: str, title: str) -> Response:
    """The table as CSV or XLSX, as the end of the address says; `name` without an ending."""
    kind = ask.request.url.path.rpartition(".")[2]
    content = sheets.sheet_of(table, kind=kind, lang=ask.lang, title=title)
    return named_file(content, sheets.KINDS[kind], f"{name}.{kind}")


def named_file(content: bytes | str, media: str, name: str) -> Response:
    """The content as a file of this name."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media, headers=headers)
