"""How a trial tells how far it is: steps done, steps in all, what is under way."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, note: str) -> None:
    """Progress that goes nowhere."""
