"""What is sent and answered of what-if studies; waits in s, costs in yuan."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.runs.studies.carrier import MOST_JOBS
from qianhang.web.api.paging import Page
from qianhang.web.api.shapes import Sent, Words
from qianhang.web.views.studied import KNOBS

__all__ = [
    "NewStudy",
    "NewStudyPool",
    "Studies",
    "Study",
    "StudyAxis",
    "StudyCase",
    "StudyDetail",
    "StudyError",
    "StudyFiles",
    "StudyId",
    "StudyPlot",
    "StudySeries",
]

StudyId = Annotated[
    str, Path(description="Id of a study", max_length=40, examples=["20260301-080000-0123abcd"])
]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
# JSON in a form may hold NUL, which no database keeps.
_PLAIN = r"^[^\x00]*$"
_EXAMPLE: dict[str, Any] = {"first": 2000, "knobs": {"area_power": 0.5}}


class NewStudyPool(Sent):
    """A pool that the network does not have."""

    flavour: str = Field(description="Its kind of chip", max_length=60, examples=["ascend-910b"])
    nodes: int = Field(default=8, ge=1, le=10_000)
    chips_per_node: int = Field(default=8, ge=1, le=64)
    pue: float = Field(default=1.25, ge=1, le=4, allow_inf_nan=False)
    price_fen: int = Field(default=0, ge=0, le=1_000_000, description="A chip-hour; 0 as dearest")
    power_fen_kwh: Amount = Field(default=0, le=10_000, description="0 as the first pool's")


class NewStudy(Sent):
    """What is to be found out; each change is a case of its own beside the network as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    title: str = Field(default="", max_length=160, pattern=_PLAIN)
    org: str | None = Field(
        default=None, description="For which organisation; one's own where null", max_length=40,
        pattern=_PLAIN,
    )  # fmt: skip
    first: int = Field(default=2000, ge=1, le=MOST_JOBS, description="Jobs of the log at most")
    movable: float | None = Field(
        default=None, ge=0, le=1, allow_inf_nan=False,
        description="Share of jobs that may run on any pool; null as the log says",
    )  # fmt: skip
    trace_of: str = Field(
        default="",
        max_length=40,
        pattern=_PLAIN,
        description="A study whose log is taken, where none is sent",
    )
    pools_of: str = Field(
        default="",
        max_length=40,
        pattern=_PLAIN,
        description="A study whose pools are taken, where none are sent",
    )
    more: list[NewStudyPool] = Field(default_factory=list, max_length=4, description="Pools more")
    down: list[Annotated[str, Field(min_length=1, max_length=80, pattern=_PLAIN)]] = Field(
        default_factory=list, max_length=4, description="Pools that are down"
    )
    knobs: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(
        default_factory=dict, max_length=len(KNOBS),
        description=f"Another policy: {', '.join(KNOBS)}",
    )  # fmt: skip
    green_fen_kwh: Amount | None = Field(
        default=None, le=10_000, description="Placement by energy at this price; null without"
    )


class StudyFiles(BaseModel):
    """The files that a study was asked with; empty for the network's own."""

    trace: str
    pools: str


class StudyError(BaseModel):
    """Why a study failed."""

    code: str = Field(examples=["QH564"])
    message: str
    hint: str


class Study(BaseModel):
    """A study as it was asked for, and how far it is."""

    id: str = Field(examples=["20260301-080000-0123abcd"])
    org: str = Field(examples=["root"])
    account: str = Field(description="Id of the account that asked")
    title: str
    state: str = Field(description="running, finished, failed or interrupted")
    asked: str = Field(description="UTC")
    ended: str = Field(description="UTC, empty before")
    first: int
    movable: float | None
    files: StudyFiles
    changes: list[dict[str, Any]] = Field(description="kind (more, policy, down, green) and values")
    error: StudyError | None


class Studies(Page):
    """A page of studies, the newest first."""

    items: list[Study]


class StudyCase(BaseModel):
    """One case on the same jobs: the network as it is, or after one change."""

    name: Words
    figures: dict[str, float | None] = Field(
        description="Waits in s, utilisation 0 to 1, it_kwh, pue ..."
    )
    cost: dict[str, float | None] = Field(description="site_kwh; chips_cny and power_cny in yuan")
    waits: list[float | None] = Field(description="Quantiles of the wait at `shares`, s")


class StudySeries(BaseModel):
    """One line or one set of bars."""

    name: Words
    x: list[float]
    y: list[float | None]


class StudyAxis(BaseModel):
    """What an axis shows."""

    name: Words
    unit: str
    categories: list[Words] = Field(description="Names of x = 0, 1, 2 ...; empty for numbers")


class StudyPlot(BaseModel):
    """The numbers of one plot of the study's page."""

    title: Words
    kind: str = Field(description="line or bars")
    x: StudyAxis
    y: StudyAxis
    series: list[StudySeries]
    source: Words


class StudyDetail(Study):
    """A study with what came of it; nothing before its end."""

    shares: list[float] = Field(description="Of the jobs, 0 to 1")
    cases: list[StudyCase] = Field(description="The network as it is first")
    plots: list[StudyPlot]
