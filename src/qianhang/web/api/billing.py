"""Prices, statements, usage records and wallets: the figures of the pages, in whole fen."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import ConfigDict, Field
from starlette.responses import Response

from qianhang.billing import focus, metering, statements
from qianhang.billing import prices as lists
from qianhang.billing import usage as records
from qianhang.billing.pricelist import read_text
from qianhang.billing.turnover import turnover
from qianhang.core.day import day_of, midnight
from qianhang.core.errors import BillingError, UsageError
from qianhang.web.api import billing_shapes as shapes
from qianhang.web.api.paging import Cursor, Limit, sliced
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.attached import named_file
from qianhang.web.routes import Endpoints
from qianhang.web.views import bills, payers
from qianhang.web.views import prices as views

__all__ = ["Name", "Of", "price_routes", "routes", "usage_routes"]

price_routes = Endpoints("/prices", tag="prices")
routes = Endpoints("/statements", tag="statements")
usage_routes = Endpoints("/usage-records", tag="usage")
Kind = Annotated[str, Path(pattern="^(org|operator)$", examples=["org"])]
Name = Annotated[str, Path(description="Of the party", max_length=40, examples=["root"])]
Of = Annotated[
    str, Path(description="A month", pattern=r"^2\d{3}-(0[1-9]|1[0-2])$", examples=["2026-03"])
]
Filter = Annotated[str, Query(max_length=80)]


class NewPrices(Sent):
    """A price list as an operator writes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "toml": 'operator = "root"\nversion = "2099-1"\n'
                    "since = 2099-01-01T00:00:00+08:00\n"
                    '[[price]]\nflavour = "ascend-910b"\nunit = "card_hour"\nyuan = "12.50"\n'
                }
            ]
        }
    )

    toml: str = Field(description="The list, see the handbook", min_length=1, max_length=200_000)


@price_routes.get("", "signed")
def list_prices(
    ask: Who,
    *,
    operator: Filter = "",
    flavour: Filter = "",
    on: Annotated[date | None, Query(description="Day of the states; today where none")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> shapes.Prices:
    """Every published price, ended and coming ones too, with where it stands on a day."""
    at = midnight(on) if on and on != day_of(ask.now) else ask.now
    every = views.listed(ask, at=at, operator=operator, flavour=flavour)
    page, next_ = sliced(
        every, cursor, limit=limit, key=lambda o: (o.price.flavour, o.price.operator, o.price.id)
    )
    items = [shapes.Price(**one.price.told(), id=one.price.id, state=one.state) for one in page]
    return shapes.Prices(items=items, next=next_)


@price_routes.post("", *payers.KEEPERS, scope="billing", status_code=201)
def publish_prices(ask: Who, wanted: NewPrices) -> shapes.Prices:
    """The prices of a list, for an operator for which the reader answers."""
    every = read_text(wanted.toml, where="list")
    for one in every:
        if not payers.answers_for(ask, one.operator):
            raise UsageError("QH862", f"no operator {one.operator[:40]!r} for which you answer")
    with ask.store.write() as tx:
        lists.publish(tx, every, at=ask.now)
    items = [shapes.Price(**p.told(), id=p.id, state="coming") for p in every]
    return shapes.Prices(items=items, next=None)


@routes.get("", "signed")
def list_statements(
    ask: Who,
    *,
    month: Annotated[str, Query(max_length=7, examples=["2026-03"])] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> shapes.Months:
    """The months of every party whose bills the reader may see."""
    mine = turnover(ask.store, "org", names=ask.who.covers, month=month)
    theirs = turnover(ask.store, "operator", names=payers.operators(ask), month=month)
    page, next_ = sliced(
        [*mine, *theirs], cursor, limit=limit, key=lambda one: (_back(one.month), one.party)
    )
    return shapes.Months(items=[shapes.Month(**asdict(one)) for one in page], next=next_)


@routes.get("/{kind}/{name}/{month}", "signed")
def get_statement(ask: Who, kind: Kind, name: Name, month: Of) -> shapes.Statement:
    """One month of a party, every line of it."""
    return _statement(ask, kind, name, month)


@routes.post("/{kind}/{name}/{month}/issue", *payers.OFFICE, scope="billing")
def issue_statement(ask: Who, kind: Kind, name: Name, month: Of) -> shapes.Statement:
    """The statement, frozen once its month is over; the same one however often."""
    payers.require_office(ask)
    party = payers.seen_party(ask, kind, name)
    with ask.store.write() as tx:
        statements.issue(tx, party, month, at=ask.now)
    return _statement(ask, kind, name, month)


@routes.get(
    "/org/{name}/{month}/focus",
    "signed",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def download_focus(ask: Who, name: Name, month: Of) -> Response:
    """An organisation's month as CSV with the columns of FOCUS."""
    payers.seen_party(ask, "org", name)
    pad = io.StringIO(newline="")
    focus.write(pad, focus.rows(ask.store, month, org=name))
    body = pad.getvalue().encode()
    return named_file(body, "text/csv; charset=utf-8", f"focus-{name}-{month}.csv")


@usage_routes.get("", "signed")
def list_usage_records(
    ask: Who,
    *,
    org: Filter = "",
    job: Annotated[str, Query(max_length=120)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> shapes.UsageRecords:
    """Usage of the organisations that the reader covers, and of the pools that it runs."""
    every = [u for u in metering.records(ask.store, org=org, job=job) if _seen(ask, u)]
    page, next_ = sliced(every, cursor, limit=limit, key=lambda u: (u.start.isoformat(), u.id))
    return shapes.UsageRecords(items=[_usage(u) for u in page], next=next_)


@usage_routes.get("/{attempt}/{epoch}/{sequence}", "signed")
def get_usage_record(
    ask: Who,
    attempt: Annotated[str, Path(max_length=80, examples=["j1-1"])],
    epoch: Annotated[int, Path(ge=0, le=2**31 - 1, examples=[0])],
    sequence: Annotated[int, Path(ge=0, le=2**31 - 1, examples=[0])],
) -> shapes.UsageRecord:
    """One usage record."""
    name = f"{attempt}/{epoch}/{sequence}"
    try:
        found = metering.find(ask.store, name)
    except BillingError:
        found = None
    if found is None or not _seen(ask, found):
        raise UsageError("QH862", f"no usage record {name[:80]!r} here")
    return _usage(found)


def _back(month: str) -> str:
    """A text that sorts later months first."""
    return f"{999_999 - int(month.replace('-', '')):06d}"


def _seen(ask: Asked, found: records.UsageRecord) -> bool:
    return found.org in ask.who.covers or payers.keeps(ask, found.operator)


def _statement(ask: Asked, kind: str, name: str, month: str) -> shapes.Statement:
    party = payers.seen_party(ask, kind, name)
    made = statements.statement(ask.store, party, month)
    told = made if kind == "org" else bills.veiled(made, ask)
    plain = ("party", "month", "charges", "corrections", "credits", "fee", "due", "sums", "sha256")
    lines = [shapes.BillLine(**_line(line)) for line in told.lines]
    return shapes.Statement(**{n: getattr(told, n) for n in plain}, lines=lines)


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in shapes.BillLine.model_fields}


def _usage(found: records.UsageRecord) -> shapes.UsageRecord:
    told = json.loads(json.dumps(found.told()))
    energy, proof = told.pop("energy"), told.pop("proof")
    more = {"id": found.id, "proof_start": proof["start"], "proof_end": proof["end"]}
    every = told | energy | more
    return shapes.UsageRecord(**{name: every[name] for name in shapes.UsageRecord.model_fields})
