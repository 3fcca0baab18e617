"""`qianhang plan`: plans read, kept as a ledger and answered with evidence; one module a part."""

from __future__ import annotations

import click

from qianhang.cli.lazy import LazyGroup
from qianhang.core.words import say

__all__ = ["plan_command"]

# subcommand -> module that holds it as <name>_command, in the order in which help shows them
_SUBCOMMANDS = {
    "read": "plan_reading",
    "extract": "plan_reading",
    "import": "plan_versions",
    "list": "plan_ledger",
    "show": "plan_ledger",
    "propose": "plan_propose",
    "review": "plan_review",
    "diff": "plan_versions",
    "ledger": "plan_ledger",
    "explain": "plan_evidence",
    "evidence": "plan_evidence",
    "rule": "plan_rules",
    "milestone": "plan_rules",
    "override": "plan_rules",
    "connector": "plan_rules",
    "link": "plan_links",
    "weights": "plan_rules",
    "directory": "plan_directory",
    "coverage": "plan_coverage",
    "bulletin": "plan_office",
    "export": "plan_office",
    "import-sheet": "plan_office",
    "compare": "plan_office",
    "work": "plan_work",
}


@click.command(
    name="plan", cls=LazyGroup, modules=_SUBCOMMANDS, path="plan", help=say("cli.plan.help")
)
def plan_command() -> None:
    pass
