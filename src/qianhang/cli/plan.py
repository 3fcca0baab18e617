"""`qianhang plan`: plans read, kept as a ledger and answered with evidence; one module a part."""

from __future__ import annotations

import importlib
from typing import Any

import click

from qianhang.core.words import say

__all__ = ["plan_command"]

# subcommand -> module that holds it as <name>_command, in the order in which help shows them
_SUBCOMMANDS = {
    "read": "plan_reading",
    "extract": "plan_reading",
    "import": "plan_versions",
    "list": "plan_ledger",
    "show": "plan_ledger",
    "review": "plan_review",
    "diff": "plan_versions",
    "ledger": "plan_ledger",
    "explain": "plan_evidence",
    "evidence": "plan_evidence",
    "rule": "plan_rules",
    "milestone": "plan_rules",
    "override": "plan_rules",
    "connector": "plan_rules",
    "coverage": "plan_coverage",
    "bulletin": "plan_office",
    "export": "plan_office",
    "import-sheet": "plan_office",
    "compare": "plan_office",
    "work": "plan_work",
}


class _Lazy(click.Group):
    """A group that imports a subcommand's module when the subcommand is asked for."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(_SUBCOMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in _SUBCOMMANDS:
            return None
        module = importlib.import_module(f"qianhang.cli.{_SUBCOMMANDS[name]}")
        command: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(say("cli.commands")):
            formatter.write_dl([(name, say(f"cli.plan.{name}.help")) for name in _SUBCOMMANDS])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from qianhang.core.schema import nearest

        if args[0] not in _SUBCOMMANDS:
            guess = nearest(args[0], _SUBCOMMANDS)
            tail = say("cli.did_you_mean", name=guess) if guess else ""
            ctx.fail(say("cli.no_command", name=f"plan {args[0]}") + tail)
        return super().resolve_command(ctx, args)


@click.command(name="plan", cls=_Lazy, help=say("cli.plan.help"))
def plan_command() -> None:
    pass
