"""Bills: the months of organisations and operators, a statement with its lines, a usage record."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from qianhang.billing import focus, lines, metering, month, statements
from qianhang.billing import wallet as wallets
from qianhang.billing.turnover import Turnover, turnover
from qianhang.billing.vouchers.paper import fen_of
from qianhang.compute.door import plant
from qianhang.core.errors import BillingError, QianhangError, UsageError
from qianhang.core.manifest import Words
from qianhang.web.asked import Asked, Who
from qianhang.web.attached import attached, named_file
from qianhang.web.figures import figure_of
from qianhang.web.problems import status_of
from qianhang.web.render import page
from qianhang.web.routes import Pages
from qianhang.web.views import bills, payers, prices

__all__ = ["routes"]

routes = Pages("/bills")
_PAGE = 50
_AT = "/{kind}/{name}/{of}"


@routes.get("", "signed")
def months(ask: Who) -> HTMLResponse:
    """The months of every organisation and operator that the reader may see."""
    found = _seen(ask)
    every = sorted({one.month for one in found}, reverse=True)
    chosen = ask.query("month") if ask.query("month") in every else ""
    shown = [one for one in found if chosen in ("", one.month)]
    start, names = _whole(ask.query("page")) * _PAGE, payers.names(ask)
    rows = [(one, names.of(*one.who, ask.lang)) for one in shown[start : start + _PAGE]]
    return page(
        ask, "billing/bills.html", rows=rows, count=len(shown), number=start // _PAGE,
        more=len(shown) > start + _PAGE, months=every, chosen=chosen,
    )  # fmt: skip


@routes.get("/months.csv", "signed")
@routes.get("/months.xlsx", "signed")
def kept(ask: Who) -> Response:
    """The same list as CSV or XLSX."""
    table = bills.month_table(_seen(ask), payers.names(ask), ask.lang)
    return attached(ask, table, name="bills", title=ask.t("menu.bills"))


@routes.get("/usage/{attempt}/{epoch}/{sequence}", "signed")
def used(ask: Who, attempt: str, epoch: str, sequence: str) -> HTMLResponse:
    """One usage record with its proof, its energy and the lines that it was charged by."""
    name = f"{attempt}/{epoch}/{sequence}"
    try:
        found = metering.find(ask.store, name)
    except BillingError:
        found = None
    if found is None or not (found.org in ask.who.covers or payers.keeps(ask, found.operator)):
        raise UsageError("QH862", f"no usage record {name[:80]!r} here")
    return page(
        ask, "billing/usage.html", u=found, lines=lines.lines(ask.store, usage=found.id),
        later=metering.newest(ask.store, found.id), names=payers.names(ask),
        quantity=bills.spoken, named=bills.naming(ask.lang), plain=prices.plain,
        pools=_pools(ask),
    )  # fmt: skip


@routes.get("/{kind}/{name}", "signed")
def party(ask: Who, kind: str, name: str) -> HTMLResponse:
    """One party: its months, what is due by month, the organisation's wallet."""
    return _party(ask, kind, name)


@routes.post("/org/{name}/wallet", *payers.OFFICE)
def tops_up(
    ask: Who, name: str, *, yuan: Annotated[str, Form(max_length=20)],
    reference: Annotated[str, Form(max_length=80)],
) -> Response:  # fmt: skip
    """Money that came in from an organisation, in its wallet; once for each reference."""
    payers.require_office(ask)
    payers.seen_party(ask, "org", name)
    try:
        with ask.store.write() as tx:
            fen = fen_of(yuan.strip(), "amount")
            wallets.top_up(tx, name, fen=fen, reference=reference, at=ask.now)
    except QianhangError as cause:
        return _party(ask, "org", name, error=cause)
    return RedirectResponse(f"/bills/org/{name}#wallet", status_code=303)


@routes.get(_AT, "signed")
def statement(ask: Who, kind: str, name: str, of: str) -> HTMLResponse:
    """One month's statement: sums, and every line down to its usage record."""
    return _statement(ask, kind, name, of)


@routes.get(f"{_AT}/lines.csv", "signed")
@routes.get(f"{_AT}/lines.xlsx", "signed")
def line_file(ask: Who, kind: str, name: str, of: str) -> Response:
    """Every line of a statement as CSV or XLSX."""
    found = _found(ask, kind, name, of)
    table = bills.line_table(found.lines)
    return attached(ask, table, name=f"{kind}-{name}-{of}", title=of)


@routes.get(f"{_AT}/focus.csv", "signed")
def focus_file(ask: Who, kind: str, name: str, of: str) -> Response:
    """An organisation's month as CSV with the columns of FOCUS."""
    payers.seen_party(ask, kind, name)
    if kind != "org":
        raise UsageError("QH862", "FOCUS rows are those of an organisation's bill")
    called, pad = payers.names(ask), io.StringIO(newline="")
    operators = {n: ask.word(w) for n, w in called.operators.items()}
    names = focus.Names(issuer=ask.t("site.name"), orgs=called.orgs, operators=operators)
    focus.write(pad, focus.rows(ask.store, of, org=name, names=names))
    body = pad.getvalue().encode()
    return named_file(body, "text/csv; charset=utf-8", f"focus-{name}-{of}.csv")


@routes.post(f"{_AT}/issue", *payers.OFFICE)
def issues(ask: Who, kind: str, name: str, of: str) -> Response:
    """The statement, frozen with its hash once the month is over."""
    payers.require_office(ask)
    who = payers.seen_party(ask, kind, name)
    try:
        with ask.store.write() as tx:
            statements.issue(tx, who, of, at=ask.now)
    except QianhangError as cause:
        return _statement(ask, kind, name, of, error=cause)
    return RedirectResponse(f"/bills/{kind}/{name}/{of}", status_code=303)


@routes.post("/org/{name}/{of}/pay", "administrator")
def pays(ask: Who, name: str, of: str) -> Response:
    """An issued statement, paid out of the organisation's wallet."""
    payers.seen_party(ask, "org", name)
    ask.who.require("administrator", name)
    try:
        with ask.store.write() as tx:
            wallets.pay(tx, name, of, at=ask.now)
    except QianhangError as cause:
        return _statement(ask, "org", name, of, error=cause)
    return RedirectResponse(f"/bills/org/{name}/{of}", status_code=303)


def _seen(ask: Asked) -> Sequence[Turnover]:
    mine = turnover(ask.store, "org", names=ask.who.covers)
    theirs = turnover(ask.store, "operator", names=payers.operators(ask))
    return sorted([*mine, *theirs], key=attrgetter("month"), reverse=True)


def _party(ask: Asked, kind: str, name: str, *, error: QianhangError | None = None) -> HTMLResponse:
    who = payers.seen_party(ask, kind, name)
    org = kind == "org"
    found = turnover(ask.store, "org" if org else "operator", names=[name])
    chart = bills.chart(found, ask.lang)
    figure = figure_of(chart, ask.lang, key="months") if chart else None
    spent = lines.spending(ask.store, orgs=[name]) if org else []
    by_scenario: dict[str, int] = {}
    for one in spent:
        by_scenario[one.scenario] = by_scenario.get(one.scenario, 0) + one.fen
    return page(
        ask, "billing/party.html", status=status_of(error) if error else 200, kind=kind,
        name=name, party=who, found=found, names=payers.names(ask), error=error,
        figure=replace(figure, csv="", xlsx="") if figure else None,
        wallet=wallets.wallet(ask.store, name) if org else None,
        scenarios=sorted(by_scenario.items(), key=lambda pair: -pair[1]),
        office=payers.office(ask), named=bills.naming(ask.lang),
    )  # fmt: skip


def _statement(
    ask: Asked, kind: str, name: str, of: str, *, error: QianhangError | None = None
) -> HTMLResponse:
    found = _found(ask, kind, name, of)
    start = _whole(ask.query("page")) * _PAGE
    paid = wallets.wallet(ask.store, name) if kind == "org" else None
    return page(
        ask, "billing/statement.html", status=status_of(error) if error else 200, s=found,
        kind=kind, name=name, names=payers.names(ask), error=error,
        lines=found.lines[start : start + _PAGE], number=start // _PAGE,
        more=len(found.lines) > start + _PAGE, quantity=bills.spoken, wallet=paid,
        named=bills.naming(ask.lang), plain=prices.plain,
        over=month.ends(of) <= ask.now, office=payers.office(ask),
        may_pay=kind == "org" and ask.who.may("administrator", name),
        focus=focus.VERSION, pools=_pools(ask),
    )  # fmt: skip


def _found(ask: Asked, kind: str, name: str, of: str) -> statements.Statement:
    """The statement; an operator's without what is its customers' own business."""
    who = payers.seen_party(ask, kind, name)
    made = statements.statement(ask.store, who, of)
    return made if kind == "org" else bills.veiled(made, ask)


def _whole(text: str) -> int:
    return min(int(text), 10**5) if text.isascii() and text.isdecimal() else 0


def _pools(ask: Asked) -> dict[str, Words | None]:
    """Id -> name of the pools that joined."""
    return {p.pool.id: p.pool.name for p in plant.pools(ask.store)}
