"""`qianhang sweep`: a scenario over seeds and parameters, spread over pools."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.options import again_option, json_option, pool_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.runs.sweep import Line

__all__ = ["sweep_command"]


def _params(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for value in given:
        name, equals, text = value.partition("=")
        values = [one.strip() for one in text.split(",")]
        if not equals or not all(values):
            raise click.BadParameter(say("cli.sweep.param_form", value=value))
        found[name.strip()] = values
    return found


@click.command(help=say("cli.sweep.help"))
@click.argument("scenario")
@click.argument("case", default="")
@click.option("--data", type=click.Path(path_type=Path), help=say("cli.run.data"))
@click.option("--seeds", default="0-9", show_default=True, help=say("cli.sweep.seeds"))
@click.option("--param", multiple=True, callback=_params, metavar="K=V,V",
              help=say("cli.sweep.param"))  # fmt: skip
@pool_option()
@click.option("--at-once", default=4, show_default=True, type=click.IntRange(1, 64),
              help=say("cli.sweep.at_once"))  # fmt: skip
@again_option()
@json_option
def sweep_command(
    *, scenario: str, case: str, data: Path | None, seeds: str, param: Mapping[str, list[str]],
    pool: str, at_once: int, again: bool, as_json: bool,
) -> None:  # fmt: skip
    from qianhang.runs import Request
    from qianhang.runs.sweep import requests, seeds_of, sweep
    from qianhang.store import Settings

    asked = Request(scenario, case, data, pool=pool, again=again)
    every = requests(asked, seeds_of(seeds), param)
    lines = sweep(every, settings=Settings.load(), at_once=at_once, tell=_told)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in lines], ensure_ascii=False))
    else:
        _table(lines)
    sys.exit(1 if any(one.error for one in lines) else 0)


def _told(line: Line) -> None:
    """One run is over."""
    how = line.error or say("cli.sweep.told", run=line.run, pool=line.pool)
    click.echo(f"{_asked(line)}: {how}", err=True)


def _asked(line: Line) -> str:
    return " ".join([f"seed={line.seed}", *(f"{k}={v}" for k, v in line.params.items())])


def _table(lines: Sequence[Line]) -> None:
    from rich.table import Table

    from qianhang.cli.screen import console, metric, number
    from qianhang.runs.sweep import spreads

    names = list(dict.fromkeys(name for line in lines for name in line.scores))
    table = Table()
    for title in ("asked", "pool", "verdict"):
        table.add_column(say(f"cli.sweep.{title}_title"))
    for name in names:
        table.add_column(metric(name), justify="right")
    table.add_column(say("cli.runs.run_title"))
    for line in lines:
        figures = [number(line.scores.get(name)) for name in names]
        verdict = say(f"verdict.{line.verdict}") if line.verdict else "—"
        table.add_row(_asked(line), line.pool, verdict, *figures, line.run or line.error)
    console().print(table)
    for one in spreads(lines):
        params = " ".join(f"{k}={v}" for k, v in one.params.items())
        click.echo(
            say(
                "cli.sweep.spread", params=params or "—", metric=metric(one.metric), runs=one.runs,
                mean=number(one.mean), deviation=number(one.deviation),
            )
        )  # fmt: skip
