"""The console's own and third-party files, addressed by content so that browsers may keep them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

__all__ = ["FOLDER", "Assets", "missing", "version_of"]

FOLDER = Path(__file__).with_name("static")
_VENDORED = ("echarts.min.js", "htmx.min.js")


@functools.cache
def version_of(name: str) -> str:
    """The address of a file, which changes with its content.

    Raises FileNotFoundError for a file that is not there: the wheel was built without it.
    """
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def missing() -> list[str]:
    """The third-party files that are not there, since no registry answered at the installation."""
    return [name for name in _VENDORED if not (FOLDER / "vendor" / name).is_file()]


class Assets(StaticFiles):
    """Files that a browser may keep for a year, since their address names their content."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """The file, to be kept for a year."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # as given
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
