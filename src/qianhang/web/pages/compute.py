"""What the pages of the compute network share: their tabs, and what became of the last form."""

from __future__ import annotations

from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.web.asked import Asked
from qianhang.web.menu import compute_tabs
from qianhang.web.render import page

__all__ = ["back", "compute_page"]


def compute_page(
    ask: Asked, template: str, *, tab: str, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of compute with its tabs; what became of the last form is said on top."""
    return page(
        ask, f"compute/{template}.html", status=status, tabs=compute_tabs(ask), tab=tab,
        done=ask.query("done") if status == 200 else "", **values,
    )  # fmt: skip


def back(path: str, done: str = "") -> Response:
    """Back to a page, which says what was done."""
    sign = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{sign}done={done}" if done else path, status_code=303)
