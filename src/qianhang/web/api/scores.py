"""Tables scored by a kept model: put into the queue, looked at, the answers taken home."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from qianhang.runs import asks
from qianhang.runs.scoring import asked
from qianhang.web.api.asks import AskError, AskId, State, error_of
from qianhang.web.api.paging import Cursor, Limit, Page, mark, place
from qianhang.web.api.rights import RUNNERS, chosen_org
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import scores

__all__ = ["routes"]

routes = Endpoints("/scores", tag="scores")
_BINARY = {
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
}


class NewScoring(Sent):
    """A table to be scored, row by row, by a kept model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scenario": "health.cvd_risk", "upload": "0123456789abcdef/people.parquet"},
                {
                    "scenario": "health.cvd_risk", "upload": "0123456789abcdef/people.parquet",
                    "pool": "auto", "jobs": 4,
                },
            ]
        }
    )  # fmt: skip

    scenario: str = Field(
        description="Id of a scenario that answers row by row", min_length=3, max_length=120
    )
    upload: str = Field(description="Id of an upload: one table", min_length=1, max_length=120)
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="Model version; the newest accepted one where null"
    )
    pool: str = Field(
        default="local", max_length=40,
        description="local: the server; auto: the network chooses; or a pool's id",
    )  # fmt: skip
    jobs: int = Field(default=1, description="At once, each with one core; 1 if local", ge=1, le=64)
    org: str | None = Field(
        default=None, description="For which organisation; one's own where null", max_length=40
    )


class ScoringSums(BaseModel):
    """What came of a table; each of its rows is answered, rejected or blank."""

    model: str = Field(description="Name and version", examples=["health.cvd_risk@3"])
    rows: int = Field(examples=[200000])
    answers: int = Field(examples=[199990])
    rejects: int = Field(description="Rows that break the contract", examples=[10])
    blank: int = Field(examples=[0])
    blocks: int = Field(examples=[2])
    pools: list[str] = Field(examples=[["local"]])
    cpu_s: float = Field(description="CPU seconds of its jobs", examples=[7.6])
    peak_mb: float = Field(description="MiB that one job held at most", examples=[305.0])


class Scoring(BaseModel):
    """A scoring as it was asked for, and what became of it; times in UTC."""

    id: str = Field(
        description="Also of the ask: its events and the way to cancel it",
        examples=["20260301-080000-0123456789"],
    )
    org: str = Field(examples=["root"])
    account: str = Field(description="Id of the account that asked", examples=["3f1b2c4d5e6f"])
    scenario: str = Field(examples=["health.cvd_risk"])
    upload: str = Field(examples=["0123456789abcdef/people.parquet"])
    version: int | None = Field(description="As it was asked for", examples=[None])
    pool: str = Field(examples=["local"])
    jobs: int = Field(examples=[1])
    state: str = Field(description="queued, running, finished, failed, interrupted or cancelled")
    asked: str = Field(description="UTC", examples=["2026-03-01T08:00:00.000+00:00"])
    started: str = Field(description="UTC, empty before", examples=[""])
    ended: str = Field(description="UTC, empty before", examples=[""])
    error: AskError | None
    sums: ScoringSums | None = Field(description="Once it has finished")


class Scorings(Page):
    """A page of scorings, the newest first."""

    items: list[Scoring]


@routes.post("", *RUNNERS, scope="run", status_code=202)
def create_score(
    ask: Who,
    wanted: NewScoring,
    answer: Response,
    idempotency_key: Annotated[str, Header(include_in_schema=False)] = "",
) -> Scoring:
    """A scoring in the queue, checked as it will be when it is carried out."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    put = scores.put(
        ask, wanted.scenario, org=org, upload=wanted.upload, pool=wanted.pool,
        version=wanted.version, jobs=wanted.jobs, token=idempotency_key,
    )  # fmt: skip
    answer.headers["Location"] = f"/api/v1/scores/{put.id}"
    return _score(put)


@routes.get("", "signed")
def list_scores(ask: Who, state: State = "", limit: Limit = 50, cursor: Cursor = "") -> Scorings:
    """What was asked for in the organisations that the reader covers."""
    before = place(cursor, 2)
    found = asks.asks(
        ask.store, ask.who.covers, limit + 1, state=state, work=asked.STEP,
        before=(before[0], before[1]) if before else None,
    )  # fmt: skip
    more = mark(*found[limit - 1].cursor) if len(found) > limit else None
    return Scorings(items=[_score(one) for one in found[:limit]], next=more)


@routes.get("/{ask_id}", "signed")
def get_score(ask: Who, ask_id: AskId) -> Scoring:
    """One scoring as it stands now."""
    return _score(scores.seen(ask, ask_id))


@routes.get(
    "/{ask_id}/{file}", "signed", response_class=FileResponse, responses={200: _BINARY}
)  # fmt: skip
def download_score(ask: Who, ask_id: AskId, file: Literal["answers", "rejects"]) -> Response:
    """The answers (Parquet) or the rejects (CSV), as an attachment; kept for 30 days."""
    return scores.download(ask, ask_id, file)


def _score(found: asks.Ask) -> Scoring:
    plain = ("id", "org", "account", "scenario", "pool", "state", "asked", "started", "ended")
    return Scoring(
        **{name: getattr(found, name) for name in plain},
        upload=found.data,
        version=found.version or None,
        jobs=found.members,
        error=error_of(found.error) if found.error else None,
        sums=ScoringSums(**found.made) if found.made else None,
    )
