"""Answers that tell a secret once: what is kept under an idempotency key does not hold it."""

from __future__ import annotations

from pydantic import BaseModel

from qianhang.web.asked import Asked

__all__ = ["without"]


def without(ask: Asked, answer: BaseModel) -> None:
    """Let the answer that a repeated request gets be this one, which holds no secret."""
    ask.request.state.kept = answer.model_dump_json().encode()
