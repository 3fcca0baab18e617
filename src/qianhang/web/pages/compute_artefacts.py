"""Result files of a job: taken home, deleted, collected once more, from the job's page."""

from __future__ import annotations

from starlette.responses import Response

from qianhang.compute.artefacts import shelf
from qianhang.web.api.rights import RUNNERS
from qianhang.web.asked import Who
from qianhang.web.pages.compute import back
from qianhang.web.routes import Pages
from qianhang.web.views import artefacts as views

__all__ = ["routes"]

routes = Pages("/compute/jobs/{job_id}/artefacts")


@routes.get("/{file}/download", "signed")
def download_file(ask: Who, job_id: str, file: str) -> Response:
    """One file's bytes, as an attachment."""
    return views.download(ask, job_id, file)


@routes.post("/delete", *RUNNERS)
def deletes(ask: Who, job_id: str) -> Response:
    """The job's files, deleted before their time."""
    name = views.acted(ask, job_id)
    shelf.remove(ask.store, name, by=ask.who.account.id, at=ask.now)
    return back(f"/compute/jobs/{name}", "deleted")


@routes.post("/collect", *RUNNERS)
def collects(ask: Who, job_id: str) -> Response:
    """Outputs of which nothing could be kept, wanted once more."""
    name = views.acted(ask, job_id)
    shelf.again(ask.store, name, by=ask.who.account.id, at=ask.now)
    return back(f"/compute/jobs/{name}", "collecting")
