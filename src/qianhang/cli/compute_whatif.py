"""`qianhang compute whatif`: the same log through a changed network or policy, side by side."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.report import write
from qianhang.core.words import language, say

__all__ = ["whatif_command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help=say("cli.compute.whatif.help"))
@click.option("--trace", required=True, type=_FILE, help=say("cli.compute.whatif.trace"))
@click.option("--pools", required=True, type=_FILE, help=say("cli.compute.whatif.pools"))
@click.option("--policy", type=_FILE, help=say("cli.compute.whatif.policy"))
@click.option("--first", type=click.IntRange(min=1), help=say("cli.compute.whatif.first"))
@click.option("--movable", type=click.FloatRange(0, 1), help=say("cli.compute.whatif.movable"))
@click.option("--noise", default=0.0, type=click.FloatRange(min=0),
              help=say("cli.compute.whatif.noise"))  # fmt: skip
@click.option("--seed", default=0, show_default=True, help=say("cli.compute.whatif.seed"))
@click.option("--add", type=_FILE, help=say("cli.compute.whatif.add"))
@click.option("--other", type=_FILE, help=say("cli.compute.whatif.other"))
@click.option("--down", multiple=True, help=say("cli.compute.whatif.down"))
@click.option("--green", type=click.FloatRange(min=0), help=say("cli.compute.whatif.green"))
@click.option("--out", type=click.Path(path_type=Path), help=say("cli.compute.whatif.out"))
@json_option
def whatif_command(  # noqa: PLR0917 - one argument for each option of the command
    trace: Path,
    pools: Path,
    policy: Path | None,
    first: int | None,
    movable: float | None,
    noise: float,
    seed: int,
    add: Path | None,
    other: Path | None,
    down: Sequence[str],
    green: float | None,
    out: Path | None,
    as_json: bool,
) -> None:
    from qianhang.compute.network import load
    from qianhang.compute.policy.params import load as load_params
    from qianhang.compute.simulate import Slice, cut
    from qianhang.compute.simulate.whatif import Change, changed, compare

    network, params = load(pools), load_params(policy)
    cases = [Change("now", network, params)]
    if add:
        cases.append(changed(network, params, add=load(add)))
    if other:
        cases.append(Change("policy", network, load_params(other)))
    cases += [changed(network, params, down=name) for name in down]
    if green is not None:
        cases.append(changed(network, params, power_fen_kwh=green))
    asked = Slice(first=first, movable=movable, noise=noise, seed=seed)
    found = compare(cut(trace, network, asked=asked), cases)
    if out:
        write(out, _page(found))
        click.echo(say("cli.compute.whatif.done", path=out), err=as_json)
    if as_json:
        body = [{"case": name, **dataclasses.asdict(figures)} for name, figures in found]
        click.echo(json.dumps(body, ensure_ascii=False, indent=1))
        return
    for name, figures in found:
        click.echo(
            f"{name}  {say('compute.whatif.wait')} {figures.mean_wait_s:,.0f} s  "
            f"{say('compute.whatif.spread')} {figures.p99_wait_s:,.0f} s  "
            f"{say('compute.whatif.use')} {figures.utilisation:.1%}  "
            f"{say('compute.whatif.pue')} {figures.pue:.3f}"
        )


def _page(found: Sequence[tuple[str, Any]]) -> str:
    from html import escape

    from qianhang.charts import STYLE, draw, table_html
    from qianhang.compute.simulate.whatif import charts

    lang = language()
    drawn = "".join(
        f"<section><h2>{escape(getattr(chart.title, lang))}</h2>"
        f"{draw(chart, lang=lang, key=f'w{at}', style=False)}"
        f"{table_html(chart.table, lang=lang)}</section>"
        for at, chart in enumerate(charts(found))
    )
    title = escape(say("compute.whatif.title"))
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{drawn}</body></html>\n"
    )
