"""`qianhang compute artefact`: the result files of jobs, taken home or deleted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.compute_door import BY, now, opened, show
from qianhang.cli.options import json_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.compute.artefacts.shelf import Harvest

__all__ = ["artefact_command"]

_JOB = click.argument("job")
_FOLDER = click.Path(file_okay=False, path_type=Path)
_MORE = click.IntRange(min=1)


@click.group(name="artefact", help=say("cli.compute.artefact.help"))
def artefact_command() -> None:
    pass


@artefact_command.command(name="list", help=say("cli.compute.artefact.list.help"))
@_JOB
@json_option
def list_command(job: str, as_json: bool) -> None:
    from qianhang.compute.artefacts import shelf
    from qianhang.compute.door import jobs

    with opened(read_only=True) as store:
        name = jobs.get(store, job).job.id
        told, files = shelf.harvest(store, name), shelf.listed(store, name)
    if as_json:
        told_json = dataclasses.asdict(told) if told else {"state": "none"}
        show(told_json | {"files": [dataclasses.asdict(one) for one in files]})
        return
    click.echo(_state(told), err=True)
    for one in files:
        mark = say("cli.compute.artefact.gone") if one.gone else one.sha[:12]
        click.echo(f"{one.number}  {one.path}  {one.size:,} B  {mark}")
    for pattern in told.missing if told else ():
        click.echo(say("cli.compute.artefact.missing", pattern=pattern), err=True)
    for path, why in (told.skipped if told else {}).items():
        said = say(f"cli.compute.artefact.why_{why.replace(' ', '_')}")
        click.echo(say("cli.compute.artefact.skipped", path=path, why=said), err=True)


def _state(told: Harvest | None) -> str:
    """What became of the outputs, and the numbers where there was too much."""
    if told is None:
        return say("cli.compute.artefact.state_none")
    said = say(f"cli.compute.artefact.state_{told.state}")
    return f"{said}  {told.found} / {told.expected}" if told.found else said


@artefact_command.command(name="get", help=say("cli.compute.artefact.get.help"))
@_JOB
@click.option("--to", "to", type=_FOLDER, default=Path(), help=say("cli.compute.artefact.to"))
@click.option("--number", "numbers", multiple=True, type=int,
              help=say("cli.compute.artefact.number"))  # fmt: skip
def get_command(job: str, to: Path, numbers: tuple[int, ...]) -> None:
    from qianhang.compute.artefacts import shelf
    from qianhang.compute.door import jobs

    with opened(read_only=True) as store:
        name = jobs.get(store, job).job.id
        chosen = numbers or [one.number for one in shelf.listed(store, name) if not one.gone]
        for number in chosen:
            one = shelf.named(store, name, number)
            target = to / one.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shelf.files_of(store).copy(one.sha, target)
            click.echo(str(target))


@artefact_command.command(name="delete", help=say("cli.compute.artefact.delete.help"))
@_JOB
def delete_command(job: str) -> None:
    from qianhang.compute.artefacts import shelf

    with opened() as store:
        count = shelf.remove(store, job, by=BY, at=now())
    click.echo(say("cli.compute.artefact.deleted", count=count))


@artefact_command.command(name="collect", help=say("cli.compute.artefact.collect.help"))
@click.argument("job", default="")
def collect_command(job: str) -> None:
    from qianhang.compute.artefacts import shelf
    from qianhang.compute.artefacts.gather import collect
    from qianhang.store import Settings

    with opened() as store:
        if job:
            shelf.again(store, job, by=BY, at=now())
        count = collect(store, Settings.load().home, now())
    click.echo(say("cli.compute.artefact.collected", count=count))


@artefact_command.command(name="limits", help=say("cli.compute.artefact.limits.help"))
@click.option("--file-mb", type=_MORE, help=say("cli.compute.artefact.file_mb"))
@click.option("--job-mb", type=_MORE, help=say("cli.compute.artefact.job_mb"))
@click.option("--org-mb", type=_MORE, help=say("cli.compute.artefact.org_mb"))
@click.option("--files", type=_MORE, help=say("cli.compute.artefact.files"))
@click.option("--days", type=_MORE, help=say("cli.compute.artefact.days"))
def limits_command(**given: int | None) -> None:
    from qianhang.compute.artefacts import shelf

    wanted = {name: value for name, value in given.items() if value is not None}
    with opened(read_only=not wanted) as store:
        found = dataclasses.replace(shelf.limits(store), **wanted)
        if wanted:
            shelf.set_limits(store, found, by=BY, at=now())
    show(dataclasses.asdict(found))
