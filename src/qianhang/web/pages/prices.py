"""Prices: operators' lists by day, a flavour's hours side by side, and a list to publish."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import File, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.billing import prices
from qianhang.billing.pricelist import read_text
from qianhang.core.day import midnight
from qianhang.core.errors import QianhangError, UsageError
from qianhang.web.asked import Asked, Who
from qianhang.web.attached import attached
from qianhang.web.figures import figure_of
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import payers, plans
from qianhang.web.views import prices as views

__all__ = ["routes"]

routes = Pages("/prices")
_MOST = 2**20


@routes.get("", "signed")
def listed(ask: Who) -> HTMLResponse:
    """The price lists of every operator on a day; of one flavour, its hours side by side."""
    return _listed(ask)


@routes.get("/list.csv", "signed")
@routes.get("/list.xlsx", "signed")
def kept(ask: Who) -> Response:
    """The list as it is shown, as CSV or XLSX."""
    found = views.listed(
        ask, at=_at(ask), operator=ask.query("operator"), flavour=ask.query("flavour")
    )
    table = views.table(found, payers.names(ask), ask.lang)
    return attached(ask, table, name="prices", title=ask.t("menu.prices"))


@routes.get("/hours.csv", "signed")
@routes.get("/hours.xlsx", "signed")
def hours(ask: Who) -> Response:
    """One flavour's prices by hour of the day, as CSV or XLSX."""
    found = views.listed(ask, at=_at(ask), flavour=ask.query("flavour"))
    chart = views.chart(found, payers.names(ask), at=_at(ask))
    if chart is None or not ask.query("flavour"):
        raise UsageError("QH804", f"no price by card-hour of {ask.query('flavour')[:40]!r}")
    return attached(ask, chart.table, name="prices-by-hour", title=ask.word(chart.title))


@routes.post("", *payers.KEEPERS)
def publish(ask: Who, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """The prices of a TOML list, from its own day on."""
    try:
        every = _read(file)
        for one in every:
            if not payers.answers_for(ask, one.operator):
                message = f"no operator {one.operator[:40]!r} for which you answer"
                raise UsageError("QH862", message)
        with ask.store.write() as tx:
            prices.publish(tx, every, at=ask.now)
    except QianhangError as cause:
        return _listed(ask, error=cause)
    return RedirectResponse("/prices?done=published", status_code=303)


def _listed(ask: Asked, *, error: QianhangError | None = None) -> HTMLResponse:
    at, flavour = _at(ask), ask.query("flavour")
    every = views.listed(ask, at=at)
    chosen = [
        one for one in every
        if flavour in ("", one.price.flavour)
        and ask.query("operator") in ("", one.price.operator)
    ]  # fmt: skip
    shown = [o for o in chosen if ask.query("all") or o.state == "now"]
    names = payers.names(ask)
    chart = views.chart(chosen, names, at=at) if flavour else None
    figure = figure_of(chart, ask.lang, key="hours") if chart else None
    if figure:
        query = f"?flavour={flavour}&day={_day(ask)}"
        figure = replace(figure, csv=f"/prices/hours.csv{query}", xlsx=f"/prices/hours.xlsx{query}")
    return page(
        ask, "billing/prices.html", status=status_of(error) if error else 200, shown=shown,
        total=len(every), figure=figure, flavour=flavour, operator=ask.query("operator"),
        whole=bool(ask.query("all")), day=_day(ask), names=names, error=error,
        flavours=sorted({o.price.flavour for o in every}),
        operators=sorted({o.price.operator for o in every}), called=views.flavour_name,
        plain=views.plain,
        may=any(ask.who.may(role) for role in payers.KEEPERS), done=ask.query("done"),
    )  # fmt: skip


def _day(ask: Asked) -> str:
    return plans.day_asked(ask, "day").isoformat()


def _at(ask: Asked) -> datetime:
    """Now, or the first moment of the day that is asked about."""
    day = plans.day_asked(ask, "day")
    return ask.now if day == plans.today(ask) else midnight(day)


def _read(file: UploadFile | None) -> list[prices.Price]:
    if file is None or not file.filename:
        raise UsageError("QH883", "0 files were sent, expected 1 to 1")
    try:
        text = file.file.read(_MOST).decode("utf8")
    except UnicodeDecodeError:
        raise UsageError("QH883", f"{file.filename[:80]!r} is no text in UTF-8") from None
    return read_text(text, where=file.filename[:80])
