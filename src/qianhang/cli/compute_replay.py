"""`qianhang compute replay`: what the door decided, decided again from what it saw."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.compute_door import moment, opened, show
from qianhang.cli.options import json_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.compute.policy.desk import Step
    from qianhang.compute.simulate.journal import Likeness, Parting

__all__ = ["replay_command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, writable=True, path_type=Path)
_MOMENT = click.DateTime(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])


@click.command(name="replay", help=say("cli.compute.replay.help"))
@click.argument("journal", type=_FILE, required=False)
@click.option("--since", type=_MOMENT, help=say("cli.compute.replay.since"))
@click.option("--until", type=_MOMENT, help=say("cli.compute.replay.until"))
@click.option("--out", type=_NEW, help=say("cli.compute.replay.out"))
@json_option
def replay_command(
    journal: Path | None, since: datetime | None, until: datetime | None, out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    from qianhang.compute.simulate.journal import again, write

    if journal is not None and (since or until or out):
        raise click.UsageError(say("cli.compute.replay.one"))
    steps = _steps(journal, since, until)
    found = again(steps if out is None else write(out, steps))
    if as_json:
        first = found.first._asdict() if found.first else None
        show(dataclasses.asdict(found) | {"first": first, "alike": found.alike})
    else:
        _print(found)
    sys.exit(0 if found.alike and found.periods else 1)


def _steps(path: Path | None, since: datetime | None, until: datetime | None) -> Iterator[Step]:
    from qianhang.compute.door.journal import told
    from qianhang.compute.simulate.journal import read

    if path is not None:
        yield from read(path)
        return
    with opened(read_only=True) as store:
        yield from told(store, since=since, until=until)


def _print(found: Likeness) -> None:
    if not found.periods:
        click.echo(say("compute.replay.nothing"))
        return
    counts = {n: v for n, v in dataclasses.asdict(found).items() if n not in {"first", "cpu_s"}}
    click.echo(say("compute.replay.counts", **counts))
    if found.first is None:
        click.echo(say("compute.replay.alike"))
    else:
        _parting(found.first)


def _parting(first: Parting) -> None:
    """Where the ways part, why, and what the policy was told just before."""
    at = moment(datetime.fromtimestamp(first.at, UTC))
    why = say(f"compute.parting.{first.why}")
    click.echo(say("compute.replay.parted", step=first.step, at=at, why=why))
    for name, one in (("live", first.live), ("found", first.found)):
        told = json.dumps(one, ensure_ascii=False) if one else say("compute.replay.none")
        click.echo(f"  {say(f'compute.replay.{name}')}  {told}")
    if first.fields:
        click.echo(f"  {say('compute.replay.fields')}  {', '.join(first.fields)}")
    click.echo(f"  {say('compute.replay.before')}")
    for step in first.before:
        click.echo(f"    {json.dumps(step, ensure_ascii=False)}")
