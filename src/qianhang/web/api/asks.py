"""Runs that are asked for: put into the queue, looked at, followed, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from qianhang.runs import Request, asks
from qianhang.web.api.paging import Cursor, Limit, Page, mark, place
from qianhang.web.api.rights import RUNNERS, chosen_org, require
from qianhang.web.api.shapes import Sent, finite
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["AskError", "AskId", "State", "error_of", "routes"]

routes = Endpoints("/asks", tag="asks")
AskId = Annotated[
    str,
    Path(description="Id of an ask", max_length=60, examples=["20260301-080000-0123456789"]),
]
State = Literal["queued", "running", "finished", "failed", "interrupted", "cancelled", ""]
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="Number of the last event you have")]
_MOST = 500


class NewAsk(Sent):
    """A run to be put into the queue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scenario": "energy.load_forecast", "seed": 0, "params": {}},
                {
                    "scenario": "energy.load_forecast",
                    "subject": "城南变电站",
                    "region": "杭州",
                },
            ]
        }
    )

    scenario: str = Field(description="Id of the scenario", min_length=3, max_length=120)
    case: str = Field(default="", description="Name of a case; empty for the first", max_length=80)
    seed: int = Field(default=0, description="Seed of every random choice", ge=0, le=2**31 - 1)
    params: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="Settings of the scenario that shall differ"
    )
    upload: str | None = Field(
        default=None, description="Id of an upload with one's own data", max_length=120
    )
    subject: str = Field(
        default="",
        description="Of which place, plant or network one's own data tell; else the file's name",
        max_length=200,
    )
    region: str = Field(
        default="", description="City or county in which it lies, for the ledger", max_length=80
    )
    org: str | None = Field(
        default=None, description="For which organisation; one's own where null", max_length=40
    )
    again: bool = Field(default=False, description="Repeat even where the same run stands finished")


class AskError(BaseModel):
    """Why a run failed."""

    code: str = Field(examples=["QH102"])
    message: str
    hint: str


class Ask(BaseModel):
    """A run as it was asked for, and what became of it; times in UTC."""

    id: str = Field(examples=["20260301-080000-0123456789"])
    org: str = Field(description="For which organisation", examples=["root"])
    account: str = Field(description="Id of the account that asked", examples=["3f1b2c4d5e6f"])
    scenario: str = Field(examples=["energy.load_forecast"])
    case: str = Field(examples=["vic"])
    seed: int = Field(examples=[0])
    params: dict[str, str] = Field(examples=[{}])
    upload: str = Field(
        description="Id of the upload; empty for the registered data", examples=[""]
    )
    subject: str = Field(description="Of what the data tell; empty for the data's name")
    region: str = Field(description="City or county in which it lies; empty where nobody said")
    state: str = Field(
        description="queued, running, finished, failed, interrupted or cancelled",
        examples=["finished"],
    )
    run: str = Field(description="Id of the run; empty before", examples=["20260301-080001-abcdef"])
    asked: str = Field(description="UTC", examples=["2026-03-01T08:00:00.000+00:00"])
    started: str = Field(description="UTC, empty before", examples=[""])
    ended: str = Field(description="UTC, empty before", examples=[""])
    error: AskError | None


class Asks(Page):
    """A page of asks, the newest first."""

    items: list[Ask]


class AskEvent(BaseModel):
    """One thing that was told of an ask."""

    seq: int = Field(description="Its number, from 1", examples=[7])
    at: str = Field(description="UTC", examples=["2026-03-01T08:00:02.500+00:00"])
    step: str = Field(description="Step of the run, log, or ask", examples=["train"])
    state: str = Field(description="start, progress, end, note, log, cut; of ask its new state")
    done: int = Field(description="How much of `total` is done", examples=[3])
    total: int = Field(description="0 where it is not known", examples=[10])
    note: str = Field(examples=["fold 3"])
    facts: dict[str, Any]


class AskEvents(BaseModel):
    """Events after a number, in order."""

    items: list[AskEvent]
    last: int = Field(description="Give it as `after` for what follows", examples=[7])
    open: bool = Field(description="Whether more may come", examples=[True])


@routes.post("", *RUNNERS, scope="run", status_code=202)
def create_ask(
    ask: Who,
    wanted: NewAsk,
    answer: Response,
    idempotency_key: Annotated[str, Header(include_in_schema=False)] = "",
) -> Ask:
    """A run in the queue, checked as it will be when it is carried out."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    request = Request(
        wanted.scenario,
        wanted.case,
        asks.upload(ask.settings.home, org, wanted.upload) if wanted.upload else None,
        seed=wanted.seed,
        params={name: _text(value) for name, value in wanted.params.items()},
        again=wanted.again,
        subject=wanted.subject,
        region=wanted.region,
    )
    put = asks.put(
        ask.store, request, org=org, by=ask.who.account.id, now=ask.now, home=ask.settings.home,
        token=idempotency_key,
    )  # fmt: skip
    ask.request.app.state.dispatcher.poke()
    answer.headers["Location"] = f"/api/v1/asks/{put.id}"
    return _ask(put)


@routes.get("", "signed")
def list_asks(
    ask: Who,
    *,
    state: State = "",
    scenario: Annotated[str, Query(max_length=120)] = "",
    mine: Annotated[bool, Query(description="Only what this account asked for")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Asks:
    """What was asked for in the organisations that the reader covers."""
    before = place(cursor, 2)
    found = asks.asks(
        ask.store,
        ask.who.covers,
        limit + 1,
        state=state,
        scenario=scenario,
        account=ask.who.account.id if mine else "",
        work="run",
        before=(before[0], before[1]) if before else None,
    )
    more = mark(*found[limit - 1].cursor) if len(found) > limit else None
    return Asks(items=[_ask(a) for a in found[:limit]], next=more)


@routes.get("/{ask_id}", "signed")
def get_ask(ask: Who, ask_id: AskId) -> Ask:
    """One ask as it stands now."""
    return _ask(_seen(ask, ask_id))


@routes.post("/{ask_id}/cancel", *RUNNERS, scope="run")
def cancel_ask(ask: Who, ask_id: AskId) -> Ask:
    """The ask, told to stop; one that has ended stays as it is."""
    found = _seen(ask, ask_id)
    require(ask, found.org, *RUNNERS)
    return _ask(asks.cancel(ask.store, found.id, by=ask.who.account.id, now=ask.now))


@routes.get("/{ask_id}/events", "signed")
def list_ask_events(ask: Who, ask_id: AskId, after: After = 0) -> AskEvents:
    """What was told of the ask after a number: steps, progress, log lines; at most 500 at once."""
    found = _seen(ask, ask_id)
    told = asks.events(ask.store, found.id, after, limit=_MOST)
    last = told[-1].seq if told else after
    items = [_event(t) for t in told]
    return AskEvents(items=items, last=last, open=found.open or len(told) == _MOST)


@routes.get(
    "/{ask_id}/stream",
    "signed",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        204: {"description": "It has ended, and there is nothing after this number."},
    },
)
def stream_ask_events(
    ask: Who,
    ask_id: AskId,
    after: After = 0,
    last_event_id: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """The same as server-sent events, until the ask has ended; Last-Event-ID goes on from there."""
    found = _seen(ask, ask_id)
    if last_event_id.isascii() and last_event_id.isdecimal():
        after = min(int(last_event_id[:12]), 2**31 - 1)
    if not found.open and not asks.events(ask.store, ask_id, after, limit=1):
        return Response(status_code=204)
    told = ask.request.app.state.live.follow(ask_id, after=after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


def _seen(ask: Asked, ask_id: str) -> asks.Ask:
    """Raises UsageError where there is none, or none for this reader: the two look the same."""
    return asks.get(ask.store, ask_id, orgs=ask.who.covers)


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ask(found: asks.Ask) -> Ask:
    plain = (
        "id", "org", "account", "scenario", "case", "seed", "state", "run", "asked", "started",
        "ended", "subject", "region",
    )  # fmt: skip
    error = found.error
    return Ask(
        **{name: getattr(found, name) for name in plain},
        params=dict(found.params),
        upload=found.data,
        error=error_of(error) if error else None,
    )


def error_of(found: Mapping[str, Any]) -> AskError:
    """Why it failed, as it was told."""
    return AskError(**{name: found.get(name, "") for name in ("code", "message", "hint")})


def _event(told: asks.Told) -> AskEvent:
    plain = ("seq", "at", "step", "state", "done", "total", "note")
    facts = finite(dict(told.facts))
    return AskEvent(**{name: getattr(told, name) for name in plain}, facts=facts)
