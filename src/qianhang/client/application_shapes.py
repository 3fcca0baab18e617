"""What the API answers of applications for compute, as plain dictionaries; see docs/api.md."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["ApplicationStep", "ComputeApplication", "ComputeApplicationLine"]


class ComputeApplicationLine(TypedDict):
    """An application as a list shows it; days as text."""

    id: str
    org: str
    project: str
    state: str
    chips: int
    card_hours: int
    first: str
    last: str
    flavours: list[str]
    pool: str
    granted_chips: int | None
    granted_card_hours: int | None
    granted_last: str | None
    at: str
    answered: str
    answers: bool


class ApplicationStep(TypedDict):
    """One thing that was done with an application."""

    number: int
    act: str
    words: str
    at: str


class ComputeApplication(ComputeApplicationLine):
    """An application with all that was said."""

    purpose: str
    contact: str
    voucher: str
    reason: str
    used_card_hours: float | None
    steps: list[ApplicationStep]
