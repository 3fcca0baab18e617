"""`qianhang plan work`: who attends to what, what is due, what is late, what was decided."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import on_option, today
from qianhang.cli.plan_office import now, opened
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.office.work import Due

__all__ = ["work_command"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(name="work", help=say("cli.plan.work.help"))
def work_command() -> None:
    pass


@work_command.command(name="remind", help=say("cli.plan.work.remind"))
@click.argument("plan")
@on_option
@click.option("--since", type=_DAY, help=say("cli.plan.office.since"))
@json_option
def remind_command(plan: str, on: datetime | None, since: datetime | None, as_json: bool) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.office.work import dues, escalations, reminders, reports, rhythm
    from qianhang.plan.standing import standings

    day = today(on)
    with opened(read_only=True) as store:
        found = find_plan(store, plan)
        beat = rhythm(store, found)
        every = dues(store, found, stood=standings(store, found, on=day))
    ahead = day + timedelta(days=max(beat.remind, default=0))
    regular = reports(found, beat, since=day - timedelta(days=1), until=ahead)
    soon = reminders((*every, *regular), beat, today=day, since=since.date() if since else None)
    late = escalations(every, beat, today=day)
    if as_json:
        body = {"reminders": [asdict(r) for r in soon], "escalations": [asdict(e) for e in late]}
        tell(body)
        return
    for reminder in soon:
        key = "due_in" if reminder.left else "due_today"
        _line(reminder.due, say(f"office.work.{key}", lang=None, days=reminder.left))
    for each in late:
        to = "、".join(each.to) or "—"
        told = f"{say('office.work.late', days=each.late)} → {say(f'office.work.{each.step}')} {to}"
        _line(each.due, told)
    if not soon and not late:
        click.echo(say("office.work.nothing"))


def _line(due: Due, told: str) -> None:
    who = "、".join(due.units) + (f"（{due.person}）" if due.person else "")
    click.echo(f"{due.day}  {say(f'office.work.{due.kind}')}  {due.ref}  {due.name}  {who}  {told}")


@work_command.command(name="owner", help=say("cli.plan.work.owner"))
@click.argument("item")
@click.argument("person")
@click.option("--unit", default="", help=say("cli.plan.work.unit"))
@click.option("--contact", default="", help=say("cli.plan.work.contact"))
@click.option("--by", required=True, help=say("cli.plan.office.by"))
@json_option
def owner_command(item: str, person: str, as_json: bool, **told: str) -> None:
    from qianhang.plan.items import find_item
    from qianhang.plan.office.agenda import entrust

    with opened() as store:
        found = find_item(store, item)
        made = entrust(store, found, person, **told, at=now())
    if as_json:
        tell(made)
        return
    click.echo(f"{found.ref}  {found.name}  {person}")


@work_command.command(name="meeting", help=say("cli.plan.work.meeting"))
@click.argument("plan")
@click.argument("title", required=False, default="")
@on_option
@click.option("--minutes", default="", help=say("cli.plan.work.minutes"))
@click.option("--by", default="", help=say("cli.plan.office.by"))
@json_option
def meeting_command(plan: str, title: str, on: datetime | None, as_json: bool, **told: str) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.office.agenda import hold, meetings

    with opened(read_only=not title) as store:
        found = find_plan(store, plan)
        if title:
            minutes, by = told["minutes"], told["by"]
            hold(store, found, title, day=today(on), body=minutes, by=by, at=now())
        every = meetings(store, found)
    if as_json:
        tell(every)
        return
    for one in every:
        click.echo(f"{one.id}  {one.day}  {one.title}  {one.by}")


@work_command.command(name="decision", help=say("cli.plan.work.decision"))
@click.argument("plan")
@click.argument("text", required=False, default="")
@click.option("--owner", default="", help=say("cli.plan.work.who"))
@click.option("--due", type=_DAY, help=say("cli.plan.office.due"))
@click.option("--meeting", type=int, help=say("cli.plan.work.of_meeting"))
@click.option("--item", default="", help=say("cli.plan.work.about"))
@click.option("--done", type=int, help=say("cli.plan.work.done"))
@click.option("--by", default="", help=say("cli.plan.office.by"))
@json_option
def decision_command(plan: str, text: str, done: int | None, as_json: bool, **asked: Any) -> None:
    from qianhang.plan.items import find_item, find_plan
    from qianhang.plan.office import agenda

    with opened(read_only=not text and done is None) as store:
        found = find_plan(store, plan)
        if text:
            ref = asked["item"]
            code = find_item(store, ref).code if ref else ""
            due = asked["due"].date() if asked["due"] else None
            told = {name: asked[name] for name in ("owner", "meeting", "by")}
            agenda.decide(store, found, text, item=code, due=due, at=now(), **told)
        if done is not None:
            one = agenda.find_decision(store, found, done)
            agenda.close(store, one, by=asked["by"], at=now())
        every = agenda.decisions(store, found)
    if as_json:
        tell(every)
        return
    for one in every:
        state = say(f"office.work.{one.state}")
        click.echo(f"{one.id}  {state}  {one.due or '—'}  {one.owner}  {one.text}")


@work_command.command(name="settings", help=say("cli.plan.work.settings"))
@click.argument("plan")
@click.argument("values", nargs=-1)
@click.option("--by", default="", help=say("cli.plan.office.by"))
@json_option
def settings_command(plan: str, values: tuple[str, ...], by: str, as_json: bool) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.office.work import RHYTHM, read_rhythm, rhythm, written
    from qianhang.plan.stated import set_setting, setting

    with opened(read_only=not values) as store:
        found = find_plan(store, plan)
        if values:
            raw = written(setting(store, found, RHYTHM, {}), values)
            read_rhythm(raw)
            set_setting(store, found, RHYTHM, raw, by=by, at=now())
        beat = rhythm(store, found)
    if as_json:
        tell(beat)
        return
    typed = asdict(beat) | {
        "remind": ",".join(map(str, beat.remind)),
        "escalate": ",".join(map(str, beat.escalate)),
        "quarterly": "yes" if beat.quarterly else "no",
    }
    for name, value in typed.items():
        if name != "superiors":
            click.echo(f"{name}={value}")
    for unit, superior in beat.superiors.items():
        click.echo(f"superior.{unit}={superior}")
