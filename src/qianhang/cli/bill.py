"""`qianhang bill`: price lists, monthly statements, FOCUS rows, and whether the books agree."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.bill_money import credit_command, settle_command, wallet_command
from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.billing.statements import Statement

__all__ = ["bill_command"]

_SUMS = ("charges", "corrections", "credits", "fee", "due")


@click.group(name="bill", help=say("cli.bill.help"))
def bill_command() -> None:
    pass


@bill_command.command(name="price", help=say("cli.bill.price.help"))
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def price_command(file: Path, as_json: bool) -> None:
    from qianhang.billing import prices
    from qianhang.billing.pricelist import read_list
    from qianhang.runs import open_store
    from qianhang.store import Settings

    every = read_list(file)
    with open_store(Settings.load()) as store, store.write() as tx:
        prices.publish(tx, every, at=datetime.now(UTC))
    if as_json:
        tell([p.told() for p in every])
        return
    for p in every:
        click.echo(f"{p.id}  {p.pool or '*'}  {p.flavour}  {p.yuan} CNY/{p.unit}")


@bill_command.command(name="month", help=say("cli.bill.month.help"))
@click.argument("month")
@click.option("--party", default="", help=say("cli.bill.party"))
@click.option("--issue", is_flag=True, help=say("cli.bill.issue"))
@json_option
def month_command(month: str, party: str, issue: bool, as_json: bool) -> None:
    from qianhang.billing import statements
    from qianhang.runs import open_store
    from qianhang.store import Settings

    found = []
    with open_store(Settings.load(), read_only=not issue) as store:
        for one in [party] if party else statements.parties(store, month):
            if issue:
                with store.write() as tx:
                    statements.issue(tx, one, month, at=datetime.now(UTC))
            found.append(statements.statement(store, one, month))
    if as_json:
        tell([s.told() | {"sha256": s.sha256} for s in found])
        return
    _show(found)


@bill_command.command(name="focus", help=say("cli.bill.focus.help"))
@click.argument("month")
@click.option("--org", default="", help=say("cli.bill.org"))
@click.option("--out", type=click.Path(path_type=Path), required=True, help=say("cli.bill.out"))
def focus_command(month: str, org: str, out: Path) -> None:
    from qianhang.billing import focus
    from qianhang.runs import read_store

    names = focus.Names(issuer=say("cli.bill.issuer"))
    with read_store() as store, out.open("w", encoding="utf8", newline="") as stream:
        count = focus.write(stream, focus.rows(store, month, org=org, names=names))
    click.echo(say("cli.bill.written", count=count, file=out, version=focus.VERSION))


@bill_command.command(name="spending", help=say("cli.bill.spending.help"))
@click.option("--org", "orgs", multiple=True, help=say("cli.bill.org"))
@click.option("--since", default="", help=say("cli.bill.since"))
@click.option("--until", default="", help=say("cli.bill.until"))
@json_option
def spending_command(orgs: tuple[str, ...], since: str, until: str, as_json: bool) -> None:
    from qianhang.billing.amount import yuan
    from qianhang.billing.lines import spending
    from qianhang.runs import read_store

    with read_store() as store:
        found = spending(store, orgs=orgs or None, since=since, until=until)
    if as_json:
        tell(found)
        return
    for one in found:
        click.echo(f"{one.month}  {one.org}  {one.scenario or '—'}  {yuan(one.fen):,} CNY")


@bill_command.command(name="check", help=say("cli.bill.check.help"))
@json_option
def check_command(as_json: bool) -> None:
    from qianhang.billing import books
    from qianhang.billing.charges import pending
    from qianhang.billing.metering import frozen
    from qianhang.runs import read_store

    with read_store() as store:
        faults, waiting, held = books.faults(store), pending(store), frozen(store)
    if as_json:
        tell({"faults": faults, "pending": waiting, "frozen": held})
    else:
        for fault in faults:
            click.echo(str(fault))
        kinds = Counter(fault.where.split()[0] for fault in faults)
        said = ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items()))
        click.echo(say("cli.bill.faults", said=said) if faults else say("cli.bill.agree"))
        click.echo(say("cli.bill.waiting", count=len(waiting), pools=len(held)))
    if faults:
        raise click.exceptions.Exit(1)


for each in (credit_command, settle_command, wallet_command):
    bill_command.add_command(each)


def _show(found: list[Statement]) -> None:
    from rich.table import Table

    from qianhang.billing.amount import yuan
    from qianhang.cli.screen import console

    made = Table(box=None, pad_edge=False)
    for name in ("party", *_SUMS, "state"):
        right = "right" if name in _SUMS else "left"
        made.add_column(say(f"cli.bill.column.{name}"), justify=right)  # type: ignore[arg-type]  # one of rich's own words
    for one in found:
        state = one.sha256[:12] if one.sha256 else say("cli.bill.draft")
        made.add_row(one.party, *(f"{yuan(getattr(one, n)):,}" for n in _SUMS), state)
    console().print(made)
