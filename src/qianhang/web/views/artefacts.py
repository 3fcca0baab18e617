"""Result files of a job as pages and the API show them: where the reader may see the job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from urllib.parse import quote

from starlette.responses import StreamingResponse

from qianhang.compute.artefacts import shelf
from qianhang.compute.artefacts.shelf import Artefact, Harvest
from qianhang.compute.door.jobs import Kept
from qianhang.core.errors import UsageError
from qianhang.web.api.rights import RUNNERS, require
from qianhang.web.asked import Asked
from qianhang.web.views import jobs

__all__ = ["MEDIA", "Found", "acted", "download", "found"]

MEDIA = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a job's outputs, its files, and until when they are kept ("" where none)."""

    harvest: Harvest
    files: tuple[Artefact, ...]
    until: str

    @property
    def kept(self) -> tuple[Artefact, ...]:
        """The files that may be taken home."""
        return tuple(one for one in self.files if not one.gone)

    @property
    def again(self) -> bool:
        """Whether they may be collected once more."""
        return self.harvest.again


def found(ask: Asked, job: Kept) -> Found | None:
    """The job's outputs, None where its task names none."""
    if job.work.outputs is None:
        return None
    told = shelf.harvest(ask.store, job.job.id)
    if told is None:
        return None
    files = shelf.listed(ask.store, job.job.id) if told.files else ()
    until = ""
    if any(not one.gone for one in files):
        days = timedelta(days=shelf.limits(ask.store).days)
        until = (datetime.fromisoformat(told.at) + days).isoformat()
    return Found(told, files, until)


def download(ask: Asked, job_id: str, number: str) -> StreamingResponse:
    """A file's bytes, never shown in the browser: they are a stranger's.

    Raises UsageError where there is none for this reader, or its bytes did not come here with a
    backup; StoreError where its bytes are not what was kept.
    """
    job = jobs.seen(ask, job_id)
    sound = number.isascii() and number.isdecimal() and len(number) < 10
    one = shelf.named(ask.store, job.job.id, int(number) if sound else 0)
    if not shelf.files_of(ask.store).has(one.sha):
        raise UsageError(
            "QH527", f"the bytes of artefact {one.number} of job {job.job.id} are not here",
            hint="the backup that was restored did not hold them: run the job again",
        )  # fmt: skip
    blocks = shelf.content(ask.store, one)
    first = next(blocks, b"")
    name = quote(one.path.rpartition("/")[2], safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Length": str(one.size),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Content-Sha256": one.sha,
    }
    told: Iterator[bytes] = chain((first,), blocks)
    return StreamingResponse(told, media_type=MEDIA, headers=headers)


def acted(ask: Asked, job_id: str) -> str:
    """The job's id, where the reader may delete its files or have them collected again.

    Raises UsageError where the reader does not see it, AccessRefused where it may not.
    """
    job = jobs.seen(ask, job_id)
    require(ask, job.job.org, *RUNNERS)
    return job.job.id
