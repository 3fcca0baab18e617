"""Quotes: what each pool offers a task, as the page and `qianhang compute quote` tell it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from qianhang.compute.quote import Quote
from qianhang.web.api.compute_shapes import NewJob
from qianhang.web.api.rights import RUNNERS, chosen_org
from qianhang.web.asked import Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import jobs as views

__all__ = ["routes"]

routes = Endpoints("/compute/quotes", tag="compute")


class QuoteTimes(BaseModel):
    """Two quantiles, s."""

    p50_s: int = Field(description="Half of such jobs by then", examples=[5])
    p90_s: int = Field(description="Nine of ten such jobs by then", examples=[60])


class QuoteStart(QuoteTimes):
    """When a job starts, s from now."""

    basis: str = Field(
        description="history (starts that came true), queue (worked off), or assumed (room now)",
        examples=["assumed"],
    )


class PoolQuote(BaseModel):
    """What one pool offers a task."""

    pool: str = Field(examples=["hangzhou"])
    flavour: str = Field(examples=["ascend-910b"])
    replicas: int = Field(examples=[1])
    chips: float = Field(description="Of a replica", examples=[8.0])
    start: QuoteStart
    run: QuoteTimes
    finish: QuoteTimes = Field(description="From now, with the transfer of data")
    data_s: int = Field(description="Until its data are there, s", examples=[0])
    yuan: str = Field(description="Before vouchers, exact", examples=["12.80"])
    yuan_after: str = Field(description="After vouchers, exact", examples=["10.24"])
    voucher: int = Field(description="Number of the voucher that bears it; 0 for none")
    price_from: str = Field(description="billing (a published price) or listed (the pool's own)")
    kwh: float = Field(description="At the site's meter, worked out")
    kg: float = Field(description="Of CO2")
    terms_fen: dict[str, int] = Field(description="By which pools are compared: term -> fen")
    sum_fen: int = Field(description="Of the terms; the lowest comes first")


class PoolRefusal(BaseModel):
    """Why a pool does not take the task."""

    pool: str = Field(description="* for every pool", examples=["hangzhou"])
    reason: str = Field(examples=["no_flavour"])
    found: str
    expected: str


class JobQuote(BaseModel):
    """What every pool offers a task; nothing is admitted or held."""

    org: str = Field(examples=["root"])
    made: str = Field(description="UTC")
    until: str = Field(description="Up to when it holds, UTC")
    pools: list[PoolQuote] = Field(description="The best first")
    refused: list[PoolRefusal]


@routes.post("", *RUNNERS, scope="run")
def quote_task(ask: Who, wanted: NewJob) -> JobQuote:
    """What each pool offers the task now, or why it takes none; of an array its first job."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    return _told(views.quote(ask, wanted.task, org=org, project=wanted.project.strip()))


def _told(found: Quote) -> JobQuote:
    shown = found.shown()
    return JobQuote.model_validate({name: shown[name] for name in JobQuote.model_fields})
