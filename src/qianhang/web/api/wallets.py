"""Wallets: money that came in from organisations, and the statements that are paid out of it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from qianhang.billing import wallet as wallets
from qianhang.web.api.billing import Name, Of
from qianhang.web.api.billing_shapes import Balance
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import payers

__all__ = ["routes"]

routes = Endpoints("/statements/org/{name}", tag="statements")
# Twelve digits of fen are ten billion yuan.
_MOST = 10**12


class TopUp(Sent):
    """Money that came in; once for each reference."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"fen": 100_000, "reference": "ICBC-20260301-7"}]}
    )

    fen: int = Field(ge=1, le=_MOST)
    reference: str = Field(
        description="Of the payment, as the bank's slip has it", min_length=1, max_length=80
    )


@routes.get("/balance", "signed")
def get_balance(ask: Who, name: Name) -> Balance:
    """What an organisation paid in, was billed and has paid."""
    payers.seen_party(ask, "org", name)
    return _balance(ask, name)


@routes.post("/balance", *payers.OFFICE, scope="billing")
def top_up_wallet(ask: Who, name: Name, wanted: TopUp) -> Balance:
    """Money that came in from an organisation, in its wallet; once for each reference."""
    payers.require_office(ask)
    payers.seen_party(ask, "org", name)
    with ask.store.write() as tx:
        wallets.top_up(tx, name, fen=wanted.fen, reference=wanted.reference, at=ask.now)
    return _balance(ask, name)


@routes.post("/{month}/payment", "administrator", scope="billing")
def pay_statement(ask: Who, name: Name, month: Of) -> Balance:
    """An issued statement, paid out of the organisation's wallet by its administrator."""
    payers.seen_party(ask, "org", name)
    ask.who.require("administrator", name)
    with ask.store.write() as tx:
        wallets.pay(tx, name, month, at=ask.now)
    return _balance(ask, name)


def _balance(ask: Asked, name: str) -> Balance:
    found = wallets.wallet(ask.store, name)
    return Balance(
        org=name, wallet=found.fen, billed=found.billed, paid=found.paid, open=found.open,
        months=sorted(found.months),
    )  # fmt: skip
