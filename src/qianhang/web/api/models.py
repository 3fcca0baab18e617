"""Versions of kept models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from qianhang import models
from qianhang.access import ROOT
from qianhang.core.errors import ModelError, UsageError
from qianhang.models import ModelVersion
from qianhang.runs import record
from qianhang.web.api.paging import Cursor, Limit, Page, sliced
from qianhang.web.api.scenarios import Id
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/models", tag="models")
Org = Annotated[str, Query(max_length=40, description="Whose model; the platform's where empty")]
Stage = Literal["accepted", "research_only", "rejected", "retired", ""]


class Model(BaseModel):
    """One version of a scenario's model."""

    scenario: str = Field(examples=["energy.load_forecast"])
    org: str = Field(description="Whose it is", examples=["root"])
    version: int = Field(examples=[1])
    stage: str = Field(
        description="rejected, research_only, accepted or retired", examples=["accepted"]
    )
    class_name: str
    run: str = Field(description="Run that made it", examples=["20260301-080001-abcdef"])
    at: str = Field(description="UTC")
    sha256: str = Field(description="Of the manifest of its files")


class Models(Page):
    """A page of versions, by scenario and number."""

    items: list[Model]


class ModelDetail(Model):
    """A version with its card."""

    card: dict[str, Any] = Field(description="Title, sections and facts, in both languages")


@routes.get("", "signed")
def list_models(
    ask: Who,
    *,
    scenario: Annotated[str, Query(max_length=120)] = "",
    stage: Annotated[Stage, Query(description="Only of this stage")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Models:
    """The versions that the reader may see."""
    found = (v for v in _visible(ask) if scenario in ("", _scenario(v)) and stage in ("", v.stage))
    page, next_ = sliced(found, cursor, limit=limit, key=lambda v: (v.name, f"{v.version:09d}"))
    return Models(items=[Model(**_line(v)) for v in page], next=next_)


@routes.get("/{scenario}/versions/{version}", "signed")
def get_model(
    ask: Who,
    scenario: Id,
    version: Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])],
    org: Org = "",
) -> ModelDetail:
    """One version with its card."""
    name = scenario if org in ("", ROOT) else f"{scenario}/{org}"
    try:
        found = models.get(ask.store, name, version)
    except ModelError:
        found = None
    if found is None or not _may_see(ask, found):
        raise UsageError("QH862", f"no model {name!r} with version {version} here")
    return ModelDetail(**_line(found), card=_card(found))


def _visible(ask: Asked) -> Iterator[ModelVersion]:
    return (found for found in models.versions(ask.store) if _may_see(ask, found))


def _may_see(ask: Asked, found: ModelVersion) -> bool:
    """Whether the reader covers its organisation; of the platform's, may see the run behind it."""
    org = _org(found)
    if org != ROOT or ROOT in ask.who.covers:
        return org in ask.who.covers
    try:
        return record.visible(record.get(ask.store, found.run), ask.who.covers)
    except UsageError:
        return False


def _scenario(found: ModelVersion) -> str:
    return found.name.partition("/")[0]


def _org(found: ModelVersion) -> str:
    return found.name.partition("/")[2] or ROOT


def _line(found: ModelVersion) -> dict[str, Any]:
    plain = ("version", "stage", "class_name", "run", "at")
    return {name: getattr(found, name) for name in plain} | {
        "scenario": _scenario(found),
        "org": _org(found),
        "sha256": found.manifest,
    }


def _card(found: ModelVersion) -> dict[str, Any]:
    card = found.card
    return {
        "title": dict(card.title),
        "sections": [{"title": dict(s.title), "text": dict(s.text)} for s in card.sections],
        "facts": [{"label": dict(f.label), "value": dict(f.value)} for f in card.facts],
    }
