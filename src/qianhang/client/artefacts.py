"""Result files of jobs by the API; a part of the client."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

from qianhang.client import artefact_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["ArtefactCalls"]


class ArtefactCalls:
    """The client's methods for the outputs that tasks name."""

    _wire: Wire

    def artefacts(self, job: str) -> shapes.JobArtefacts:
        """What became of a job's outputs, with its files."""
        answer = self._wire.read(f"/compute/jobs/{job}/artefacts")
        return cast(shapes.JobArtefacts, answer.json())

    def download_artefacts(self, job: str, to: Path) -> list[Path]:
        """The files of a job below the folder `to`, as they lay in the job's own.

        Raises ValueError where a file is not what its checksum says, or leads out of the folder.
        """
        made, root = [], to.resolve()
        for one in self.artefacts(job)["items"]:
            if not one["gone"]:
                made.append(self._download(job, one, root))
        return made

    def collect_artefacts(self, job: str) -> shapes.JobArtefacts:
        """Outputs of which nothing could be kept, wanted once more."""
        answer = self._wire.write("POST", f"/compute/jobs/{job}/artefacts/collect")
        return cast(shapes.JobArtefacts, answer.json())

    def delete_artefacts(self, job: str) -> None:
        """The job's files, deleted before their time."""
        self._wire.write("DELETE", f"/compute/jobs/{job}/artefacts")

    def _download(self, job: str, one: shapes.JobArtefact, root: Path) -> Path:
        target = (root / one["path"]).resolve()
        if not target.is_relative_to(root):
            raise ValueError(f"{one['path']!r} leads out of the folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        answer = self._wire.read(f"/compute/jobs/{job}/artefacts/{one['number']}")
        if hashlib.sha256(answer.content).hexdigest() != one["sha256"]:
            raise ValueError(f"{one['path']!r} is not what its checksum says")
        target.write_bytes(answer.content)
        return target
