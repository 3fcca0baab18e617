"""`qianhang compute quote`: what each pool offers a job, and how earlier offers came true."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.compute_door import BY, now, opened, refused, show
from qianhang.cli.options import json_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.compute.door.quotes import Score
    from qianhang.compute.quote import Quote, Way

__all__ = ["quote_command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="quote", help=say("cli.compute.quote.help"))
@click.argument("task", type=_FILE, required=False)
@click.option("--org", default="root", show_default=True, help=say("cli.compute.quote.org"))
@click.option("--job", default="", help=say("cli.compute.quote.job"))
@click.option("--coverage", is_flag=True, help=say("cli.compute.quote.coverage"))
@json_option
def quote_command(task: Path | None, org: str, job: str, coverage: bool, as_json: bool) -> None:
    if (task is not None) + bool(job) + coverage != 1:
        raise click.UsageError(say("cli.compute.quote.one"))
    if coverage:
        _coverage(as_json)
        return
    found = _kept(job) if task is None else _fresh(task, org)
    if as_json:
        show([one.shown() for one in found])
    else:
        for one in found:
            _print(one)
    sys.exit(0 if all(one.ways for one in found) else 1)


def _fresh(task: Path, org: str) -> list[Quote]:
    """The quote of the task's job; of the first where it asks for an array, for each counts it."""
    from qianhang.compute.door import taskfile
    from qianhang.runs.quoting import quote

    asked = taskfile.read(task, org=org, account=BY)
    with opened(read_only=True) as store:
        return [quote(store, asked[0].job, now())]


def _kept(job: str) -> list[Quote]:
    from qianhang.compute.door import jobs, quotes

    with opened(read_only=True) as store:
        known = quotes.of(store, jobs.get(store, job).job.id)
    if known is None:
        click.echo(say("cli.compute.quote.none", job=job), err=True)
        sys.exit(1)
    return [known]


def _print(found: Quote) -> None:
    for place, way in enumerate(found.ways, 1):
        click.echo(_line(place, way))
    for no in found.refused:
        click.echo(refused(no))
    if not found.ways:
        click.echo(say("cli.compute.quote.nowhere"), err=True)


def _line(place: int, way: Way) -> str:
    return say(
        "cli.compute.quote.line", place=place, pool=way.pool,
        chips=f"{way.replicas} x {way.chips:g} {way.flavour}",
        start=f"{_span(way.start.p50)} / {_span(way.start.p90)}",
        basis=say(f"compute.basis.{way.start.basis}"),
        end=f"{_span(way.finish_p50_s)} / {_span(way.finish_p90_s)}",
        yuan=way.yuan, after=way.yuan_after, kwh=f"{way.kwh:.2f}", kg=f"{way.kg:.2f}",
        source=say(f"compute.price_from.{way.fare.source}"),
    )  # fmt: skip


def _span(seconds: float) -> str:
    """A length of time as task files write it."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("m", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.1f}{unit}"
    return f"{seconds:.0f}s"


def _coverage(as_json: bool) -> None:
    from qianhang.compute.door.quotes import score

    with opened(read_only=True) as store:
        found: Score = score(store)
    if as_json:
        show(dataclasses.asdict(found))
        return
    click.echo(
        say(
            "cli.compute.quote.score", quoted=found.quoted, started=found.started,
            p50=f"{found.within_p50:.1%}", p90=f"{found.within_p90:.1%}", ended=found.ended,
            ended_p90=f"{found.ended_p90:.1%}", late=_span(found.late_p90_s),
        )
    )  # fmt: skip
