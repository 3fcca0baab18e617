"""`qianhang list`: every scenario on a line, read without importing any pack."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from typing import Any

import click

from qianhang.cli.options import json_option
from qianhang.core.pack import Card, cards
from qianhang.core.words import language, say
from qianhang.store import Settings, glance

__all__ = ["list_command"]


@click.command(help=say("cli.list.help"))
@click.argument("text", required=False, default="")
@click.option("--industry", help=say("cli.list.industry"))
@click.option("--task", help=say("cli.list.task"))
@click.option("--tier", help=say("cli.list.tier"))
@json_option
def list_command(
    text: str, industry: str | None, task: str | None, tier: str | None, as_json: bool
) -> None:
    tiers = _tiers()
    rows = [_row(card, tiers.get(card.id, "")) for card in cards()]
    needle = text.lower()
    wanted = {"industry": industry, "task": task, "tier": tier}
    rows = [
        row
        for row in rows
        if all(v is None or row[k] == v for k, v in wanted.items())
        and needle in " ".join(map(str, row.values())).lower()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif rows:
        _print(rows)
    else:
        click.echo(say("cli.list.none"), err=True)


def _row(card: Card, tier: str) -> dict[str, Any]:
    return {
        "id": card.id,
        "industry": card.industry,
        "task": card.task,
        "tier": tier,
        "title": card.title_zh,
        "title_en": card.title_en,
        "covers": list(card.covers),
        "extra": card.extra,
        "broken": card.broken,
    }


def _tiers() -> dict[str, str]:
    sql = "SELECT scenario, tier FROM conformance"
    return {str(s): str(t) for s, t in glance(Settings.load(), sql)}


def _print(rows: list[dict[str, Any]]) -> None:
    lang = language()
    table = [[say(f"cli.list.{c}") for c in ("id", "title", "task_title", "tier_title")]]
    for row in rows:
        title = row["broken"] or (row["title"] if lang == "zh" else row["title_en"])
        tier = say(f"tier.{row['tier'] or 'none'}")
        task = say(f"task.{row['task']}") if row["task"] else "?"
        table.append([row["id"], title, task, tier])
    widths = [max(_width(line[i]) for line in table) for i in range(len(table[0]))]
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for number, line in enumerate(table):
        text = "  ".join(c + " " * (w - _width(c)) for c, w in zip(line, widths, strict=True))
        click.echo(click.style(text.rstrip(), bold=True) if bold and number == 0 else text.rstrip())
    click.echo(say("cli.list.count", count=len(rows)))


def _width(text: str) -> int:
    """Columns that the text takes on a terminal, where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
