"""`qianhang pack new | check`: for whoever writes a pack."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.core.pack import Pack
    from qianhang.testing import Found

__all__ = ["kept_tier", "pack_command"]

_TASKS = (
    "forecast", "classify", "survive", "detect", "optimise", "control", "retrieve", "spatial",
    "formula",
)  # fmt: skip


@click.group(help=say("cli.pack.help"))
def pack_command() -> None:
    pass


@pack_command.command("new", help=say("cli.pack.new.help"))
@click.argument("industry")
@click.argument("name")
@click.option("--task", type=click.Choice(_TASKS), required=True, help=say("cli.pack.new.task"))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path(), help=say("cli.pack.new.out")
)
def _new(industry: str, name: str, task: str, out: Path) -> None:
    from qianhang.testing import write_pack

    folder = write_pack(out, industry=industry, name=name, task=task)
    click.echo(say("cli.pack.new.done", folder=folder))


@pack_command.command("check", help=say("cli.pack.check.help"))
@click.argument("pack")
def _check(pack: str) -> None:
    from qianhang.cli.screen import console
    from qianhang.core.pack import find
    from qianhang.testing import examine

    screen = console()
    subject = find(pack)
    found = []
    for result in examine(subject):
        found.append(result)
        mark = {"passed": "[green]✓[/green]", "failed": "[red]✗[/red]", "na": "[dim]–[/dim]"}
        name = say(f"check.{result.check}")
        screen.print(f"{mark[result.state]} {name}", highlight=False)
        if result.state == "failed":
            screen.print(f"    {result.detail}", style="red", highlight=False, markup=False)
    screen.print(kept_tier(subject, found))
    if any(f.state == "failed" for f in found):
        sys.exit(1)


def kept_tier(pack: Pack, found: Sequence[Found]) -> str:
    """One line: how many checks passed and the tier that comes of them, which is kept."""
    from qianhang.runs import keep_conformance, open_store
    from qianhang.store import Settings

    with open_store(Settings.load()) as store:
        tier = keep_conformance(store, pack, [asdict(f) for f in found], now=datetime.now(UTC))
    failed = sum(f.state == "failed" for f in found)
    passed = sum(f.state == "passed" for f in found)
    words = say(f"tier.{tier or 'none'}")
    return say("cli.pack.check.done", passed=passed, failed=failed, tier=words)
