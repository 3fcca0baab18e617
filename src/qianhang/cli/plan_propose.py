"""`qianhang plan propose`: a large model is asked what the rules missed; a person decides."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_evidence import writing
from qianhang.cli.plan_ledger import amount, clean, item_row, table
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.proposals import Outcome
    from qianhang.plan.proposals.passages import Passage

__all__ = ["propose_command"]


@click.command(name="propose", help=say("cli.plan.propose.help"))
@click.argument("plan")
@click.option("--endpoint", default="", help=say("cli.plan.propose.endpoint"))
@click.option("--model", default="", help=say("cli.plan.propose.model"))
@click.option("--section", "sections", multiple=True, help=say("cli.plan.propose.section"))
@click.option(
    "--timeout", type=click.FloatRange(1, 3600), default=120, show_default=True,
    help=say("cli.plan.propose.timeout"),
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help=say("cli.plan.propose.dry_run"))
@click.option("--by", default="", help=say("cli.plan.by"))
@json_option
def propose_command(plan: str, sections: tuple[str, ...], dry_run: bool, **asked: Any) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.proposals import Endpoint, Patience, propose

    patience = Patience(answer_s=asked["timeout"])
    endpoint = Endpoint.load(asked["endpoint"], asked["model"], patience=patience)

    def told(passage: Passage, n: int, count: int) -> None:
        section = passage.section or "—"
        line: dict[str, Any] = {"n": n, "count": count, "section": section, "host": endpoint.host}
        click.echo(say("cli.plan.propose.asking", **line), err=True)

    with writing() as store:
        outcome = propose(
            store, find_plan(store, plan), endpoint=endpoint, by=asked["by"] or getpass.getuser(),
            at=datetime.now(UTC), sections=sections, write=not dry_run, progress=told,
        )  # fmt: skip
    if asked["as_json"]:
        click.echo(json.dumps(_plainly(outcome, dry_run), ensure_ascii=False, indent=1))
    else:
        _print(outcome, dry_run)


def _plainly(outcome: Outcome, dry_run: bool) -> dict[str, object]:
    return {
        "plan": outcome.plan.ref, "asked": outcome.asked, "written": not dry_run,
        "proposed": [item_row(i) for i in outcome.items], "known": outcome.known,
        "refused": [asdict(r) for r in outcome.refused], "reasons": dict(outcome.reasons),
    }  # fmt: skip


def _print(outcome: Outcome, dry_run: bool) -> None:
    from qianhang.cli.screen import console

    screen = console()
    made = table("item", "kind", "section", "name", "value", "quote")
    for item in outcome.items:
        told = amount(item.values) if item.kind == "target" else ""
        made.add_row(
            "—" if dry_run else item.ref, say(f"cli.plan.kind_{item.kind}"), item.section,
            clean(item.name), clean(told), clean(item.read["quote"]),
        )  # fmt: skip
    if outcome.items:
        screen.print(made)
    for refusal in outcome.refused:
        reason = say(f"cli.plan.propose.reason_{refusal.reason}")
        line = say(
            "cli.plan.propose.refused",
            section=refusal.section or "—", reason=reason, told=refusal.told,
        )  # fmt: skip
        screen.print(line, style="dim", markup=False, highlight=False)
    key = "cli.plan.propose.dry" if dry_run else "cli.plan.propose.done"
    ref = outcome.plan.ref
    click.echo(
        say(
            key, ref=ref, asked=outcome.asked, count=len(outcome.items), known=outcome.known,
            refused=len(outcome.refused),
        )
    )  # fmt: skip
    if outcome.items and not dry_run:
        click.echo(say("cli.plan.propose.next", ref=ref))
