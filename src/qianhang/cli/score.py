"""`qianhang score`: a table larger than memory, row by row, by a kept model."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.options import again_option, json_option, pool_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.runs.scoring.score import Scored, Way

__all__ = ["score_command"]

_EVERY_S = 2.0


@click.command(help=say("cli.score.help"))
@click.argument("scenario")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help=say("cli.score.out"))
@pool_option("cli.score.pool")
@click.option("--version", type=int, help=say("cli.predict.version"))
@click.option("--block-rows", default=100_000, show_default=True,
              type=click.IntRange(1, 10_000_000), help=say("cli.score.block_rows"))  # fmt: skip
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 256),
              help=say("cli.score.jobs"))  # fmt: skip
@click.option("--minutes", default=90, show_default=True, type=click.IntRange(1, 10_080),
              help=say("cli.score.minutes"))  # fmt: skip
@click.option("--memory", default=4096, show_default=True, type=click.IntRange(256, 1 << 20),
              help=say("cli.score.memory"))  # fmt: skip
@again_option("cli.score.again")
@json_option
def score_command(
    *, scenario: str, table: Path, out: Path, pool: str, version: int | None, block_rows: int,
    jobs: int, minutes: int, memory: int, again: bool, as_json: bool,
) -> None:  # fmt: skip
    from qianhang.runs.scoring.merge import rejects_of
    from qianhang.runs.scoring.score import Ask, score
    from qianhang.store import Settings

    ask = Ask(
        scenario, table, out, pool, version, rows=block_rows, members=jobs, minutes=minutes,
        memory_mb=memory, again=again,
    )  # fmt: skip
    done = score(ask, settings=Settings.load(), tell=_Teller())
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
        return
    _told(done, out)
    if done.sums.rejects:
        where = rejects_of(out)
        click.echo(say("cli.predict.rejects", rejects=done.sums.rejects, out=where), err=True)


def _told(done: Scored, out: Path) -> None:
    sums = done.sums
    click.echo(
        say(
            "cli.score.done", rows=f"{sums.rows:,}", answers=f"{sums.answers:,}", out=out,
            model=done.model, blocks=sums.blocks, found=done.found,
            pools=", ".join(done.pools) or "-", cpu_s=f"{done.cpu_s:.1f}",
            peak_mb=f"{done.peak_mb:,.0f}",
        )
    )  # fmt: skip


class _Teller:
    """Tells how far it is, where that is more than before, every other second at most."""

    def __init__(self) -> None:
        self._done, self._at = 0, 0.0

    def __call__(self, way: Way) -> None:
        """Tell it on standard error."""
        if way.done <= self._done or time.monotonic() - self._at < _EVERY_S:
            return
        self._done, self._at = way.done, time.monotonic()
        known = say("cli.score.way", done=way.done, total=way.total)
        click.echo(known if way.total else say("cli.score.way_open", done=way.done), err=True)
