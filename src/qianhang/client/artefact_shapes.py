"""What the API answers of result files, as plain dictionaries; see docs/api.md."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["JobArtefact", "JobArtefacts", "SkippedFile"]


class JobArtefact(TypedDict):
    """A file that was kept of a job."""

    number: int
    path: str
    bytes: int
    sha256: str
    gone: str


class SkippedFile(TypedDict):
    """A file that was passed over."""

    path: str
    why: str


class JobArtefacts(TypedDict):
    """What became of the outputs that a job's task names."""

    job: str
    state: str
    bytes: int
    at: str
    until: str
    missing: list[str]
    skipped: list[SkippedFile]
    found: str
    expected: str
    items: list[JobArtefact]
