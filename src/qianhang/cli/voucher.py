"""`qianhang voucher`: programmes, grants, holds, claims and their settlement."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.core.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qianhang.billing.vouchers import Act
    from qianhang.store import Transaction

__all__ = ["voucher_command"]

_BY = click.option("--by", "by", required=True, help=say("cli.voucher.by"))
_KEY = click.option("--key", default="", help=say("cli.voucher.key"))
_BILL = click.option("--bill", "bill", multiple=True, required=True, help=say("cli.voucher.bill"))
_FACTS = click.argument("facts", type=click.Path(path_type=Path))


def _signed(command: Callable[..., Any]) -> Callable[..., Any]:
    return _BY(_KEY(json_option(command)))


@contextmanager
def _deed(by: str, key: str) -> Iterator[tuple[Transaction, Act]]:
    """A transaction of the store, and the act that is done in it."""
    from qianhang.billing.vouchers import Act
    from qianhang.runs import open_store
    from qianhang.store import Settings

    act = Act(by, datetime.now(UTC), key or uuid.uuid4().hex)
    with open_store(Settings.load()) as store, store.write() as tx:
        yield tx, act


def _said(name: str, number: int, as_json: bool) -> None:
    from qianhang.billing.vouchers.facts import yuan

    if as_json:
        tell({name: number})
    else:
        amount = name in ("fund", "captured", "released", "approved", "paid", "taken_back")
        shown = yuan(number).removesuffix(" yuan") if amount else number
        click.echo(say(f"cli.voucher.said_{name}", value=shown))


@click.group(name="voucher", help=say("cli.voucher.help"))
def voucher_command() -> None:
    pass


@voucher_command.command(name="programmes", help=say("cli.voucher.programmes.help"))
@json_option
def programmes_command(as_json: bool) -> None:
    from qianhang.billing.vouchers import page, shipped
    from qianhang.core.words import language

    if as_json:
        tell([page.summary(p) for p in shipped().values()])
        return
    for line in page.overview(language()):
        click.echo(line)


@voucher_command.command(name="show", help=say("cli.voucher.show.help"))
@click.argument("programme")
@json_option
def show_command(programme: str, as_json: bool) -> None:
    from qianhang.billing.vouchers import named, page
    from qianhang.core.words import language

    found = named(programme)
    if as_json:
        tell(page.everything(found))
        return
    for line in page.lines(found, language()):
        click.echo(line)


@voucher_command.command(name="fund", help=say("cli.voucher.fund.help"))
@click.argument("programme")
@click.argument("yuan")
@click.option("--year", type=int, default=None, help=say("cli.voucher.year"))
@_signed
def fund_command(
    *, programme: str, yuan: str, year: int | None, by: str, key: str, as_json: bool
) -> None:
    from qianhang.billing.vouchers import Act, funds, shelf
    from qianhang.billing.vouchers.paper import fen_of

    text, name = shelf.source(programme)
    fen = fen_of(yuan, "fund")
    with _deed(by, key) as (tx, act):
        funds.install(tx, text, act=Act(by, act.at, f"install.{act.key}"))
        _said("fund", funds.appropriate(tx, name, year=year or act.year, fen=fen, act=act), as_json)


@voucher_command.command(name="grant", help=say("cli.voucher.grant.help"))
@click.argument("programme")
@_FACTS
@click.option("--yuan", default="", help=say("cli.voucher.yuan"))
@_signed
def grant_command(
    *, programme: str, facts: Path, yuan: str, by: str, key: str, as_json: bool
) -> None:
    from qianhang.billing.vouchers import grants
    from qianhang.billing.vouchers.paper import fen_of, read_facts

    case, fen = read_facts(facts), fen_of(yuan, "--yuan") if yuan else None
    with _deed(by, key) as (tx, act):
        _said("grant", grants.grant(tx, programme, facts=case, fen=fen, act=act), as_json)


@voucher_command.command(name="hold", help=say("cli.voucher.hold.help"))
@click.argument("grant", type=int)
@_FACTS
@_BILL
@click.option("--job", default="", help=say("cli.voucher.job"))
@_signed
def hold_command(
    *, grant: int, facts: Path, bill: tuple[str, ...], job: str, by: str, key: str, as_json: bool
) -> None:
    from qianhang.billing.vouchers import holds
    from qianhang.billing.vouchers.paper import bill_of_words, read_facts

    case, cost = read_facts(facts), bill_of_words(bill)
    with _deed(by, key) as (tx, act):
        _said("hold", holds.hold(tx, grant, facts=case, bill=cost, act=act, job=job), as_json)


@voucher_command.command(name="capture", help=say("cli.voucher.capture.help"))
@click.argument("hold", type=int)
@_BILL
@click.option("--last", is_flag=True, help=say("cli.voucher.last"))
@_signed
def capture_command(
    *, hold: int, bill: tuple[str, ...], last: bool, by: str, key: str, as_json: bool
) -> None:
    from qianhang.billing.vouchers import holds
    from qianhang.billing.vouchers.paper import bill_of_words

    cost = bill_of_words(bill)
    with _deed(by, key) as (tx, act):
        _said("captured", holds.capture(tx, hold, bill=cost, act=act, last=last), as_json)


@voucher_command.command(name="release", help=say("cli.voucher.release.help"))
@click.argument("hold", type=int)
@click.option("--yuan", default="", help=say("cli.voucher.release_yuan"))
@_signed
def release_command(hold: int, yuan: str, by: str, key: str, as_json: bool) -> None:
    from qianhang.billing.vouchers import holds
    from qianhang.billing.vouchers.paper import fen_of

    fen = fen_of(yuan, "--yuan") if yuan else None
    with _deed(by, key) as (tx, act):
        _said("released", holds.release(tx, hold, fen=fen, act=act), as_json)


@voucher_command.command(name="expire", help=say("cli.voucher.expire.help"))
@_BY
@json_option
def expire_command(by: str, as_json: bool) -> None:
    from qianhang.billing.vouchers import Act, grants

    with _deed(by, "") as (tx, act):
        over = grants.lapsed(tx, act.at)
        back = [grants.expire(tx, n, act=Act(by, act.at, f"{act.key}.{n}")) for n in over]
    told = dict(zip(map(str, over), back, strict=True))
    tell(told) if as_json else click.echo(say("cli.voucher.said_expired", value=len(over)))


@voucher_command.command(name="claim", help=say("cli.voucher.claim.help"))
@click.argument("programme")
@_FACTS
@_signed
def claim_command(programme: str, facts: Path, by: str, key: str, as_json: bool) -> None:
    from qianhang.billing.vouchers import claims
    from qianhang.billing.vouchers.paper import read_facts

    case = read_facts(facts)
    with _deed(by, key) as (tx, act):
        _said("claim", claims.claim(tx, programme, facts=case, act=act), as_json)


@voucher_command.command(name="settle", help=say("cli.voucher.settle.help"))
@click.argument("step", type=click.Choice(["gather", "review", "pay", "audit"]))
@click.argument("target")
@click.option("--refuse", multiple=True, help=say("cli.voucher.refuse"))
@click.option("--claw", multiple=True, help=say("cli.voucher.claw"))
@_signed
def settle_command(
    *, step: str, target: str, refuse: tuple[str, ...], claw: tuple[str, ...], by: str, key: str,
    as_json: bool,
) -> None:  # fmt: skip
    from qianhang.billing.vouchers import batches
    from qianhang.billing.vouchers.paper import number_of

    with _deed(by, key) as (tx, act):
        if step == "gather":
            _said("batch", batches.gather(tx, target, act=act), as_json)
            return
        number = number_of(target)
        if step == "review":
            done = batches.review(tx, number, refused=_reasons(refuse), act=act)
        elif step == "pay":
            done = batches.pay(tx, number, act=act)
        else:
            done = batches.audit(tx, number, clawed=_taken(claw), act=act)
        _said({"review": "approved", "pay": "paid", "audit": "taken_back"}[step], done, as_json)


def _reasons(words: tuple[str, ...]) -> Mapping[int, str]:
    from qianhang.billing.vouchers.paper import number_of

    pairs = (word.partition("=") for word in words)
    return {number_of(number): why or "-" for number, _, why in pairs}


def _taken(words: tuple[str, ...]) -> Mapping[int, tuple[int, str]]:
    from qianhang.billing.vouchers.paper import fen_of, number_of

    taken = {}
    for word in words:
        number, _, rest = word.partition("=")
        amount, _, why = rest.partition(":")
        taken[number_of(number)] = (fen_of(amount, f"claim {number}"), why or "-")
    return taken


@voucher_command.command(name="list", help=say("cli.voucher.list.help"))
@click.argument("what", type=click.Choice(["funds", "grants", "holds", "claims", "batches"]))
@json_option
def list_command(what: str, as_json: bool) -> None:
    import dataclasses

    from qianhang.billing.vouchers import batches, claims, funds, grants, holds
    from qianhang.runs import read_store

    with read_store() as store:
        rows = {
            "funds": lambda: [dataclasses.asdict(f) for f in funds.funds(store)],
            "grants": lambda: grants.grants(store), "holds": lambda: holds.holds(store),
            "claims": lambda: claims.claims(store), "batches": lambda: batches.batches(store),
        }[what]()  # fmt: skip
    if as_json:
        tell(rows)
        return
    for row in rows:
        click.echo("  ".join(f"{k}={v}" for k, v in row.items() if v not in ("", None)))


@voucher_command.command(name="check", help=say("cli.voucher.check.help"))
@json_option
def check_command(as_json: bool) -> None:
    import sys

    from qianhang.billing.vouchers import invariants
    from qianhang.runs import read_store

    with read_store() as store:
        faults = invariants.check(store)
    if as_json:
        tell([str(f) for f in faults])
    else:
        for fault in faults:
            click.echo(str(fault))
        click.echo(say("cli.voucher.faults" if faults else "cli.voucher.whole", count=len(faults)))
    if faults:
        sys.exit(1)
