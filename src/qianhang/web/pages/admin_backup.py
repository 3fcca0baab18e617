"""A backup of the whole store, made fresh and sent to whoever administers the platform."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import Form
from fastapi.responses import FileResponse, HTMLResponse
from starlette.background import BackgroundTask
from starlette.responses import Response

from qianhang.access import ROOT
from qianhang.access.trail import note
from qianhang.core.day import clock
from qianhang.core.errors import QianhangError
from qianhang.runs import copies
from qianhang.web.asked import Asked, Who
from qianhang.web.pages.admin import admin_page
from qianhang.web.proof import confirmed, proof
from qianhang.web.routes import Pages
from qianhang.web.statuses import status_of

__all__ = ["routes"]

routes = Pages("/admin/backup")


@routes.get("", "administrator")
def backup(ask: Who) -> HTMLResponse:
    """What a backup is, and the button."""
    ask.who.require("administrator", ROOT)
    return _backup(ask)


@routes.post("", "administrator")
def makes(ask: Who, password: Annotated[str, Form()] = "") -> Response:
    """The archive, gone from here once it was sent; that it was taken stands in the log."""
    ask.who.require("administrator", ROOT)
    who = ask.who.account.id
    folder = tempfile.TemporaryDirectory(prefix="qianhang-backup-")
    path = Path(folder.name) / f"qianhang-{clock(ask.now):%Y%m%d-%H%M}.tar"
    try:
        confirmed(ask, password)
        with ask.store.write() as tx:
            note(tx, "backup", "store", by=who, at=ask.now, what="taken", address=ask.address)
        copies.make(ask.store, path, home=ask.settings.home, at=ask.now)
    except QianhangError as cause:
        folder.cleanup()
        return _backup(ask, error=cause)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path, filename=path.name, media_type="application/x-tar",
        headers={"Cache-Control": "no-store"}, background=BackgroundTask(folder.cleanup),
    )  # fmt: skip


def _backup(ask: Asked, *, error: QianhangError | None = None) -> HTMLResponse:
    return admin_page(
        ask,
        "backup",
        tab="backup",
        status=status_of(error) if error else 200,
        error=error,
        sent=copies.sent(ask.settings.home),
        proof=proof(ask),
    )
