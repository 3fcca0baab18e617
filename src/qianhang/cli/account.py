"""`qianhang account`: who may sign in to the console, for whoever has the machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.core.day import clock
from qianhang.core.words import language, say

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["account_command"]

_BY = "qianhang account"


@click.group(name="account", help=say("cli.account.help"))
def account_command() -> None:
    pass


@account_command.command(name="add", help=say("cli.account.add.help"))
@click.argument("login")
@click.option("--name", required=True, help=say("cli.account.name"))
@click.option("--org", default="root", help=say("cli.account.org"))
@click.option("--role", "roles", multiple=True, help=say("cli.account.role"))
@click.option("--lang", type=click.Choice(["zh", "en"]), help=say("cli.account.lang"))
def add_command(login: str, name: str, org: str, roles: tuple[str, ...], lang: str | None) -> None:
    from qianhang.access import accounts, tickets
    from qianhang.runs import open_store
    from qianhang.store import Settings

    now = datetime.now(UTC)
    with open_store(Settings.load()) as store, store.write() as tx:
        tongue = lang or language()
        made = accounts.create(tx, login, name=name, org=org, by=_BY, at=now, lang=tongue)
        for role in roles:
            accounts.grant(tx, made.id, org=org, role=role, by=_BY, at=now)
        secret = tickets.issue(tx, made.id, by=_BY, at=now)
    _tell("invite", secret, now)


@account_command.command(name="list", help=say("cli.account.list.help"))
@json_option
def list_command(as_json: bool) -> None:
    from qianhang.access import accounts
    from qianhang.runs import read_store

    with read_store() as store:
        found = accounts.accounts(store)
    if as_json:
        click.echo(json.dumps([asdict(a) for a in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        roles = " ".join(f"{g.role}@{g.org}" for g in one.grants)
        click.echo(f"{one.login}  {one.name}  {one.org}  {one.state}  {roles}")
    if not found:
        click.echo(say("cli.account.none"))


@account_command.command(name="ticket", help=say("cli.account.ticket.help"))
@click.argument("login", required=False, default="")
@click.option("--fresh", is_flag=True, help=say("cli.account.fresh"))
def ticket_command(login: str, fresh: bool) -> None:
    from qianhang.access import tickets
    from qianhang.runs import open_store
    from qianhang.store import Settings

    now = datetime.now(UTC)
    issue = tickets.issue_with_fresh_factor if fresh else tickets.issue
    with open_store(Settings.load()) as store:
        if not login:
            first = tickets.setup_ticket(store, now=now, by=_BY)
            if first is None:
                raise click.UsageError(say("cli.account.set_up"))
            _tell("setup", first, now)
            return
        with store.write() as tx:
            secret = issue(tx, login, by=_BY, at=now)
    _tell("reset", secret, now)


@account_command.command(name="unlock", help=say("cli.account.unlock.help"))
@click.argument("login")
def unlock_command(login: str) -> None:
    from qianhang.access import accounts

    _change(login, accounts.unlock)


@account_command.command(name="disable", help=say("cli.account.disable.help"))
@click.argument("login")
def disable_command(login: str) -> None:
    from qianhang.access import accounts

    _change(login, accounts.disable)


@account_command.command(name="enable", help=say("cli.account.enable.help"))
@click.argument("login")
def enable_command(login: str) -> None:
    from qianhang.access import accounts

    _change(login, accounts.enable)


def _change(login: str, act: Callable[..., Any]) -> None:
    from qianhang.runs import open_store
    from qianhang.store import Settings

    with open_store(Settings.load()) as store, store.write() as tx:
        act(tx, login, by=_BY, at=datetime.now(UTC))
    click.echo(say("cli.account.done", login=login))


def _tell(kind: str, secret: str, now: datetime) -> None:
    from qianhang.access import tickets

    until = clock(now + tickets.LASTS[kind]).strftime("%Y-%m-%d %H:%M")
    click.echo(say("cli.account.link", until=until, link=tickets.link(secret)))
