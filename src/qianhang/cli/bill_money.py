"""`qianhang bill credit`, `settle` and `wallet`: what goes back, who pays whom, who has paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.billing.credits import Down, Rule

__all__ = ["credit_command", "settle_command", "wallet_command"]

_POST = click.option("--post", is_flag=True, help=say("cli.bill.post"))


@click.command(name="credit", help=say("cli.bill.credit.help"))
@click.argument("month")
@click.argument("pool")
@click.option("--rules", required=True, type=click.Path(path_type=Path), help=say("cli.bill.rules"))
@click.option("--down", multiple=True, help=say("cli.bill.down"))
@_POST
@json_option
def credit_command(
    *, month: str, pool: str, rules: Path, down: tuple[str, ...], post: bool, as_json: bool
) -> None:
    from qianhang.billing import credits
    from qianhang.billing.amount import yuan
    from qianhang.runs import open_store
    from qianhang.store import Settings

    rule, times = _rule_for(credits.read_rules(rules), pool, rules), [_down(d) for d in down]
    with open_store(Settings.load(), read_only=not post) as store:
        if post:
            with store.write() as tx:
                at = datetime.now(UTC)
                found = credits.grant(tx, month, pool, rule=rule, down=times, at=at)
        else:
            found = credits.worked_out(store, month, pool, rule=rule, down=times)
    if as_json:
        tell([{"org": c.org, "project": c.project, "fen": c.fen, "note": c.note} for c in found])
        return
    share = float(credits.availability(month, times))
    click.echo(say("cli.bill.available", pool=pool, share=f"{share:.4%}"))
    for c in found:
        click.echo(f"{c.org}  {c.project or '—'}  {c.scenario or '—'}  {yuan(c.fen):,} CNY")


@click.command(name="settle", help=say("cli.bill.settle.help"))
@click.argument("month")
@click.option("--collector", multiple=True, help=say("cli.bill.collector"))
@_POST
@json_option
def settle_command(*, month: str, collector: tuple[str, ...], post: bool, as_json: bool) -> None:
    from qianhang.billing import settlement
    from qianhang.billing.amount import yuan
    from qianhang.runs import open_store
    from qianhang.store import Settings

    collectors = dict(_pair(one, "ORG=OPERATOR") for one in collector)
    with open_store(Settings.load(), read_only=not post) as store:
        net = settlement.positions(store, month, collectors)
        found = settlement.transfers(net)
        if post:
            with store.write() as tx:
                settlement.settle(tx, month, collectors, at=datetime.now(UTC))
    if as_json:
        tell({"positions": net, "transfers": found, "settled": post})
        return
    for name, fen in net.items():
        click.echo(f"{name}  {yuan(fen):,} CNY")
    for one in found:
        click.echo(f"{one.payer} → {one.payee}  {yuan(one.fen):,} CNY")


@click.command(name="wallet", help=say("cli.bill.wallet.help"))
@click.argument("org")
@click.option("--add", "top_up", default="", help=say("cli.bill.top_up"))
@click.option("--reference", default="", help=say("cli.bill.reference"))
@click.option("--pay", "month", default="", help=say("cli.bill.pay"))
@json_option
def wallet_command(*, org: str, top_up: str, reference: str, month: str, as_json: bool) -> None:
    from qianhang.billing import wallet
    from qianhang.billing.amount import yuan
    from qianhang.billing.vouchers.paper import fen_of
    from qianhang.runs import open_store
    from qianhang.store import Settings

    now = datetime.now(UTC)
    with open_store(Settings.load(), read_only=not (top_up or month)) as store:
        if top_up:
            fen = fen_of(top_up, "--add")
            with store.write() as tx:
                wallet.top_up(tx, org, fen=fen, reference=reference, at=now)
        if month:
            with store.write() as tx:
                wallet.pay(tx, org, month, at=now)
        found = wallet.wallet(store, org)
    if as_json:
        tell({"org": org, "fen": found.fen, "billed": found.billed, "paid": found.paid,
              "open": found.open, "months": sorted(found.months)})  # fmt: skip
        return
    holds, billed, paid, due = (
        f"{yuan(fen):,}" for fen in (found.fen, found.billed, found.paid, found.open)
    )
    click.echo(say("cli.bill.wallet_line", org=org, fen=holds, billed=billed, paid=paid, open=due))


def _rule_for(rules: Sequence[Rule], pool: str, file: Path) -> Rule:
    """The rule of the pool itself, else the one for every pool of an operator."""
    from qianhang.core.errors import BillingError

    fit = sorted((r for r in rules if r.pool in ("", pool)), key=lambda r: r.pool == "")
    if not fit:
        raise BillingError("QH567", f"service rules {file}: none is about pool {pool}")
    return fit[0]


def _down(text: str) -> Down:
    """A time without service, written `2026-03-05T08:00+08:00/2026-03-05T20:00+08:00=log 17`."""
    from qianhang.billing.credits import Down
    from qianhang.core.errors import BillingError

    times, _, source = text.partition("=")
    start, _, end = times.partition("/")
    try:
        made = Down(datetime.fromisoformat(start), datetime.fromisoformat(end), source.strip())
    except ValueError:
        made = None
    if made is None or made.start.tzinfo is None or made.end.tzinfo is None or not made.source:
        raise BillingError(
            "QH567", f"--down: found {text!r}, expected START/END=SOURCE, moments with their zone"
        )
    return made


def _pair(text: str, expected: str) -> tuple[str, str]:
    from qianhang.core.errors import BillingError

    name, sign, value = text.partition("=")
    if not (name.strip() and sign and value.strip()):
        raise BillingError("QH567", f"found {text!r}, expected {expected}")
    return name.strip(), value.strip()
