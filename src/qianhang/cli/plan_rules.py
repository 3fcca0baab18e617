"""`qianhang plan rule`, `connector`, `override`, `milestone`: what people set beside the text."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from qianhang.cli.plan_evidence import writing
from qianhang.core.words import language, say

__all__ = [
    "connector_command",
    "link_command",
    "milestone_command",
    "override_command",
    "rule_command",
    "weights_command",
]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(name="rule", help=say("cli.plan.rule.help"))
def rule_command() -> None:
    pass


@rule_command.command(name="show", help=say("cli.plan.rule.show"))
@click.argument("target")
def _show_rule(target: str) -> None:
    from qianhang.plan.items import find_item, find_plan
    from qianhang.plan.rules import rules_of, suggestions
    from qianhang.runs import read_store

    with read_store() as store:
        item = find_item(store, target)
        rule = rules_of(store, find_plan(store, f"P{item.plan}")).get(item.code)
    if rule is None:
        click.echo(say("cli.plan.rule.none", ref=item.ref))
        return
    told = next((s for s in suggestions() if s.name == rule.name), None)
    if told:
        click.echo(f"{getattr(told, language())} ({told.best})")
    own = {"version": rule.version, "state": rule.state, "by": rule.by, "at": rule.at}
    click.echo(json.dumps(rule.to_dict() | own, ensure_ascii=False, indent=1))


@rule_command.command(name="set", help=say("cli.plan.rule.set"))
@click.argument("target")
@click.argument("rule")
@click.option("--by", required=True, help=say("cli.plan.by"))
def _set_rule(target: str, rule: str, by: str) -> None:
    from qianhang.plan.items import find_item
    from qianhang.plan.rules import read_rule, set_rule

    with writing() as store:
        item = find_item(store, target)
        made = set_rule(store, item, read_rule(rule), by=by, at=datetime.now(UTC))
    click.echo(say("cli.plan.rule.done", ref=item.ref, version=made.version))


@click.group(name="connector", help=say("cli.plan.connector.help"))
def connector_command() -> None:
    pass


@connector_command.command(name="new-key", help=say("cli.plan.connector.new_key"))
def _new_key() -> None:
    from qianhang.plan.connectors import new_key

    private, public = new_key()
    click.echo(say("cli.plan.connector.keys", private=private, public=public))


@connector_command.command(name="add", help=say("cli.plan.connector.add"))
@click.argument("name")
@click.option("--public", required=True, help=say("cli.plan.connector.public"))
@click.option("--by", required=True, help=say("cli.plan.by"))
def _add_key(name: str, public: str, by: str) -> None:
    from qianhang.plan.connectors import register_key

    with writing() as store:
        register_key(store, name, public, by=by, at=datetime.now(UTC))
    click.echo(say("cli.plan.connector.added", name=name))


@connector_command.command(name="retire", help=say("cli.plan.connector.retire"))
@click.argument("name")
@click.option("--by", required=True, help=say("cli.plan.by"))
def _retire(name: str, by: str) -> None:
    from qianhang.plan.connectors import retire_key

    with writing() as store:
        retire_key(store, name, by=by, at=datetime.now(UTC))
    click.echo(say("cli.plan.connector.retired", name=name))


@click.command(name="override", help=say("cli.plan.override.help"))
@click.argument("target")
@click.argument("state")
@click.option("--reason", required=True, help=say("cli.plan.override.reason"))
@click.option("--expires", required=True, type=_DAY, help=say("cli.plan.override.expires"))
@click.option("--by", required=True, help=say("cli.plan.by"))
def override_command(target: str, state: str, reason: str, expires: datetime, by: str) -> None:
    from qianhang.plan import stated
    from qianhang.plan.items import find_item

    with writing() as store:
        item = find_item(store, target)
        made = stated.override(
            store, item, state=state, reason=reason, expires=expires.date(), by=by,
            at=datetime.now(UTC),
        )  # fmt: skip
    click.echo(say("cli.plan.override.done", ref=item.ref, expires=made.expires))


@click.command(name="milestone", help=say("cli.plan.milestone.help"))
@click.argument("target")
@click.option("--on", "day", required=True, type=_DAY, help=say("cli.plan.milestone.on"))
@click.option("--value", required=True, type=float, help=say("cli.plan.milestone.value"))
@click.option("--by", required=True, help=say("cli.plan.by"))
def milestone_command(target: str, day: datetime, value: float, by: str) -> None:
    from qianhang.plan import stated
    from qianhang.plan.items import find_item

    with writing() as store:
        item = find_item(store, target)
        stated.set_milestone(store, item, day=day.date(), value=value, by=by, at=datetime.now(UTC))
    click.echo(say("cli.plan.milestone.done", ref=item.ref, day=day.date(), value=value))


@click.command(name="link", help=say("cli.plan.link.help"))
@click.argument("system")
@click.argument("kind")
@click.argument("name")
@click.option("--by", required=True, help=say("cli.plan.by"))
def link_command(system: str, kind: str, name: str, by: str) -> None:
    from qianhang.plan.items import find_item
    from qianhang.plan.stated import link

    with writing() as store:
        item = find_item(store, system)
        link(store, item, kind=kind, name=name, by=by, at=datetime.now(UTC))
    click.echo(f"{item.ref} ← {kind} {name}")


@click.command(name="weights", help=say("cli.plan.weights.help"))
@click.argument("plan")
@click.argument("values", nargs=-1, metavar="T1=2 ...")
@click.option("--by", required=True, help=say("cli.plan.by"))
def weights_command(plan: str, values: tuple[str, ...], by: str) -> None:
    from qianhang.plan.items import find_plan, items
    from qianhang.plan.rollup import read_weights
    from qianhang.plan.stated import set_setting

    with writing() as store:
        found = find_plan(store, plan)
        known = {i.code for i in items(store, found, kind="target")}
        weights = read_weights(values, known)
        set_setting(store, found, "weights", weights, by=by, at=datetime.now(UTC))
    click.echo(json.dumps(weights, ensure_ascii=False))
