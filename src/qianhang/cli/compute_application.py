"""`qianhang compute application`: outside teams apply for compute, and are answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.compute_door import moment, now, opened, show
from qianhang.cli.options import json_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.compute.applications.application import Application

__all__ = ["application_command"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_BY = click.option("--by", required=True, help=say("cli.compute.application.by"))
_NAME = click.argument("application")


def _words(*, required: bool) -> Callable[..., Any]:
    return click.option(
        "--words", required=required, default="", help=say("cli.compute.application.words")
    )


@click.group(name="application", help=say("cli.compute.application.help"))
def application_command() -> None:
    pass


@application_command.command(name="send", help=say("cli.compute.application.send.help"))
@click.argument("org")
@click.option("--project", required=True, help=say("cli.compute.application.project"))
@click.option("--chips", required=True, type=int, help=say("cli.compute.quota.chips"))
@click.option("--card-hours", "card_hours", default=0, help=say("cli.compute.application.hours"))
@click.option("--from", "first", type=_DAY, help=say("cli.compute.application.first"))
@click.option("--until", "last", required=True, type=_DAY, help=say("cli.compute.application.last"))
@click.option("--purpose", required=True, help=say("cli.compute.application.purpose"))
@click.option("--contact", required=True, help=say("cli.compute.application.contact"))
@click.option("--flavour", "flavours", multiple=True, help=say("cli.compute.application.flavour"))
@click.option("--pool", default="", help=say("cli.compute.application.pool"))
@click.option("--voucher", default="", help=say("cli.compute.application.voucher"))
@_BY
def send_command(by: str, first: datetime | None, last: datetime, **told: Any) -> None:
    from qianhang.compute.applications import desk
    from qianhang.compute.applications.application import Wish
    from qianhang.core.day import day_of

    began = first.date() if first else day_of(now())
    with opened() as store:
        made = desk.send(store, Wish(first=began, last=last.date(), **told), by=by, at=now())
    click.echo(made.id)


@application_command.command(name="list", help=say("cli.compute.application.list.help"))
@click.option("--org", "orgs", multiple=True, help=say("cli.compute.ps.org"))
@json_option
def list_command(orgs: tuple[str, ...], as_json: bool) -> None:
    from qianhang.compute.applications import application

    with opened(read_only=True) as store:
        found = application.listed(store, orgs=orgs or None)
    if as_json:
        show([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))


@application_command.command(name="show", help=say("cli.compute.application.show.help"))
@_NAME
@json_option
def show_command(application: str, as_json: bool) -> None:
    from qianhang.compute.applications import application as applications

    with opened(read_only=True) as store:
        found = applications.get(store, application)
        taken = applications.steps(store, application)
    if as_json:
        show(dataclasses.asdict(found) | {"steps": [dataclasses.asdict(one) for one in taken]})
        return
    click.echo(_line(found))
    click.echo(f"  {found.wish.purpose}  {found.wish.contact}")
    for one in taken:
        act = say(f"cli.compute.application.act_{one.act}")
        click.echo(f"  {moment(one.at)}  {act}  {one.by}  {one.words}")


@application_command.command(name="approve", help=say("cli.compute.application.approve.help"))
@_NAME
@click.option("--chips", type=int, help=say("cli.compute.application.less"))
@click.option("--card-hours", "card_hours", type=int, help=say("cli.compute.application.less"))
@click.option("--until", "last", type=_DAY, help=say("cli.compute.application.less"))
@_words(required=False)
@_BY
def approve_command(
    *, application: str, chips: int | None, card_hours: int | None, last: datetime | None,
    words: str, by: str,
) -> None:  # fmt: skip
    from qianhang.compute.applications import application as applications
    from qianhang.compute.applications import desk

    with opened() as store:
        wish, until = applications.get(store, application).wish, last.date() if last else None
        granted = wish.granted(chips=chips, card_hours=card_hours, last=until)
        done = desk.approve(store, application, granted=granted, words=words, by=by, at=now())
    click.echo(_line(done))


def _step(act: str, *, needed: bool) -> click.Command:
    """The command of a step that takes words alone, needed or not."""

    @click.command(name=act, help=say(f"cli.compute.application.{act}.help"))
    @_NAME
    @_words(required=needed)
    @_BY
    def command(application: str, words: str, by: str) -> None:
        from qianhang.compute.applications import desk

        with opened() as store:
            done = getattr(desk, act)(store, application, words=words, by=by, at=now())
        click.echo(_line(done))

    return command


for _act, _needed in {"ask": True, "reply": True, "reject": True, "withdraw": False}.items():
    application_command.add_command(_step(_act, needed=_needed))


def _line(one: Application) -> str:
    wish, given = one.wish, one.granted
    state = say(f"cli.compute.application.state_{one.state}")
    chips = f"{given.chips}/{wish.chips}" if given else str(wish.chips)
    hours = f"  {given.card_hours if given else wish.card_hours} h" if wish.card_hours else ""
    last = given.last if given else wish.last
    where = " ".join(("|".join(wish.flavours), wish.pool)).strip() or "*"
    days = f"{wish.first} {last}"
    return f"{one.id}  {state}  {wish.org}  {wish.project}  {chips}{hours}  {days}  {where}"
