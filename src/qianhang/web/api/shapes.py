"""What several nouns of the API have in common."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.core import manifest

__all__ = ["Named", "PlanRef", "Sent", "Words", "finite", "words"]

PlanRef = Annotated[
    str, Path(description="Reference of a plan, such as P1", max_length=20, examples=["P1"])
]


class Sent(BaseModel):
    """What is sent to the API: a field that nobody knows is an error."""

    model_config = ConfigDict(extra="forbid")


class Words(BaseModel):
    """One text in both languages."""

    zh: str = Field(description="Chinese", examples=["给水管网爆管定位"])
    en: str = Field(description="English", examples=["Burst location in a water network"])


class Named(BaseModel):
    """Something by id and name."""

    id: str = Field(description="Id", examples=["root"])
    name: str = Field(description="Name", examples=["平台"])


def words(value: manifest.Words) -> Words:
    """The text as the API shows it."""
    return Words(zh=value.zh, en=value.en)


def finite(value: Any) -> Any:
    """The value as JSON can hold it: no NaN, no infinity, times as text."""
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if hasattr(value, "item"):
        return finite(value.item())
    return str(value)
