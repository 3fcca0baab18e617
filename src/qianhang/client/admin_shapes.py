"""What the API answers to those who administer and answer; meaning stands in docs/api.md."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["Complaint", "DatasetVerified", "FileVerified", "Setting", "Settings", "StoreSize"]


class Complaint(TypedDict):
    """One complaint, told in confidence."""

    ref: str
    org: str
    kind: str
    about: str
    text: str
    contact: str
    state: str
    received: str
    answer: str
    by: str
    answered: str


class FileVerified(TypedDict):
    """One file as it lies here."""

    name: str
    state: str
    found: str


class DatasetVerified(TypedDict):
    """Whether a data set is here as it was published."""

    name: str
    whole: bool
    files: list[FileVerified]


class Setting(TypedDict):
    """One setting in force; what may be secret is masked."""

    name: str
    value: str
    source: str


class StoreSize(TypedDict):
    """The store counted; bytes are null where the database or the files lie elsewhere."""

    backend: str
    database_bytes: int | None
    file_bytes: int | None
    files: int | None
    rows: dict[str, int]


class Settings(TypedDict):
    """What is set, and what is installed."""

    settings: list[Setting]
    encrypted: bool
    versions: dict[str, str]
    extras: dict[str, bool]
    store: StoreSize | None
