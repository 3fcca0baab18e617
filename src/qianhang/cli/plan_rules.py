"""`qianhang plan rule`, `connector`, `override`, `milestone`: what people set beside the text."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_evidence import writing
from qianhang.cli.plan_json import tell
from qianhang.core.words import language, say

__all__ = [
    "connector_command",
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
@json_option
def _show_rule(target: str, as_json: bool) -> None:
    from qianhang.plan.items import find_item, find_plan
    from qianhang.plan.rules import rules_of, suggestions
    from qianhang.runs import read_store

    with read_store() as store:
        item = find_item(store, target)
        rule = rules_of(store, find_plan(store, f"P{item.plan}")).get(item.code)
    if rule is None:
        if as_json:
            tell(None)
        else:
            click.echo(say("cli.plan.rule.none", ref=item.ref))
        return
    told = next((s for s in suggestions() if s.name == rule.name), None)
    if told and not as_json:
        click.echo(f"{getattr(told, language())} ({told.best})")
    own = {"version": rule.version, "state": rule.state, "by": rule.by, "at": rule.at}
    tell(rule.to_dict() | own)


@rule_command.command(name="suggest", help=say("cli.plan.rule.suggest"))
@click.argument("target")
@json_option
def _suggest_rule(target: str, as_json: bool) -> None:
    from qianhang.plan.items import find_item, find_plan
    from qianhang.plan.rules import counted_in, suggest, suggestions
    from qianhang.runs import read_store

    with read_store() as store:
        item = find_item(store, target)
        plan = find_plan(store, f"P{item.plan}")
    rule = suggest(item, region=counted_in(plan))
    told = next(s for s in suggestions() if s.name == rule.name)
    if not as_json:
        click.echo(f"{getattr(told, language())} ({told.best})")
    tell(rule.to_dict())


@rule_command.command(name="set", help=say("cli.plan.rule.set"))
@click.argument("target")
@click.argument("rule")
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def _set_rule(target: str, rule: str, by: str, as_json: bool) -> None:
    from qianhang.plan.items import find_item
    from qianhang.plan.rules import read_rule, set_rule

    with writing() as store:
        item = find_item(store, target)
        made = set_rule(store, item, read_rule(rule), by=by, at=datetime.now(UTC))
    if as_json:
        tell({"target": item.ref, **made.to_dict(), "version": made.version, "by": made.by})
        return
    click.echo(say("cli.plan.rule.done", ref=item.ref, version=made.version))


@click.group(name="connector", help=say("cli.plan.connector.help"))
def connector_command() -> None:
    pass


@connector_command.command(name="new-key", help=say("cli.plan.connector.new_key"))
@json_option
def _new_key(as_json: bool) -> None:
    from qianhang.plan.connectors import new_key

    private, public = new_key()
    if as_json:
        tell({"private": private, "public": public})
        return
    click.echo(say("cli.plan.connector.keys", private=private, public=public))


@connector_command.command(name="add", help=say("cli.plan.connector.add"))
@click.argument("name")
@click.option("--public", required=True, help=say("cli.plan.connector.public"))
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def _add_key(name: str, public: str, by: str, as_json: bool) -> None:
    from qianhang.plan.connectors import register_key

    with writing() as store:
        register_key(store, name, public, by=by, at=datetime.now(UTC))
    if as_json:
        tell({"connector": name, "public": public, "by": by})
        return
    click.echo(say("cli.plan.connector.added", name=name))


@connector_command.command(name="retire", help=say("cli.plan.connector.retire"))
@click.argument("name")
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def _retire(name: str, by: str, as_json: bool) -> None:
    from qianhang.plan.connectors import retire_key

    with writing() as store:
        retire_key(store, name, by=by, at=datetime.now(UTC))
    if as_json:
        tell({"connector": name, "retired": True, "by": by})
        return
    click.echo(say("cli.plan.connector.retired", name=name))


@click.command(name="override", help=say("cli.plan.override.help"))
@click.argument("target")
@click.argument("state")
@click.option("--reason", required=True, help=say("cli.plan.override.reason"))
@click.option("--expires", required=True, type=_DAY, help=say("cli.plan.override.expires"))
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def override_command(
    target: str, state: str, *, reason: str, expires: datetime, by: str, as_json: bool
) -> None:
    from qianhang.plan import stated
    from qianhang.plan.items import find_item

    with writing() as store:
        item = find_item(store, target)
        now = datetime.now(UTC)
        made = stated.override(
            store, item, state=state, reason=reason, expires=expires.date(), by=by, at=now
        )
    if as_json:
        tell(made)
        return
    click.echo(say("cli.plan.override.done", ref=item.ref, expires=made.expires))


@click.command(name="milestone", help=say("cli.plan.milestone.help"))
@click.argument("target")
@click.option("--on", "day", required=True, type=_DAY, help=say("cli.plan.milestone.on"))
@click.option("--value", required=True, type=float, help=say("cli.plan.milestone.value"))
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def milestone_command(target: str, day: datetime, value: float, *, by: str, as_json: bool) -> None:
    from qianhang.plan import stated
    from qianhang.plan.items import find_item

    with writing() as store:
        item = find_item(store, target)
        now = datetime.now(UTC)
        made = stated.set_milestone(store, item, day=day.date(), value=value, by=by, at=now)
    if as_json:
        tell(made)
        return
    click.echo(say("cli.plan.milestone.done", ref=item.ref, day=day.date(), value=value))


@click.command(name="weights", help=say("cli.plan.weights.help"))
@click.argument("plan")
@click.argument("values", nargs=-1, metavar="T1=2 ...")
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def weights_command(plan: str, values: tuple[str, ...], by: str, as_json: bool) -> None:
    from qianhang.plan.items import find_plan, items
    from qianhang.plan.rollup import read_weights
    from qianhang.plan.stated import set_setting

    with writing() as store:
        found = find_plan(store, plan)
        known = {i.code for i in items(store, found, kind="target")}
        weights = read_weights(values, known)
        set_setting(store, found, "weights", weights, by=by, at=datetime.now(UTC))
    if as_json:
        tell({"plan": found.ref, "weights": weights})
        return
    pairs = say("word.list_comma").join(f"{c} × {w:g}" for c, w in weights.items())
    click.echo(say("cli.plan.weights.done", ref=found.ref, weights=pairs or "—"))
