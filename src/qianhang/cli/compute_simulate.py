"""`qianhang compute simulate`: a log of jobs through the policy, in figures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from qianhang.cli.options import json_option
from qianhang.core.words import say

__all__ = ["simulate_command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help=say("cli.compute.simulate.help"))
@click.option("--trace", required=True, type=_FILE, help=say("cli.compute.simulate.trace"))
@click.option("--pools", required=True, type=_FILE, help=say("cli.compute.simulate.pools"))
@click.option("--policy", type=_FILE, help=say("cli.compute.simulate.policy"))
@click.option("--first", type=click.IntRange(min=1), help=say("cli.compute.simulate.first"))
@click.option("--since", default="", help=say("cli.compute.simulate.since"))
@click.option("--until", default="", help=say("cli.compute.simulate.until"))
@click.option("--movable", type=click.FloatRange(0, 1), help=say("cli.compute.simulate.movable"))
@click.option("--noise", default=0.0, type=click.FloatRange(min=0),
              help=say("cli.compute.simulate.noise"))  # fmt: skip
@click.option("--seed", default=0, show_default=True, help=say("cli.compute.simulate.seed"))
@click.option("--predict", type=click.FloatRange(0, 1), help=say("cli.compute.simulate.predict"))
@json_option
def simulate_command(  # noqa: PLR0917 - one argument for each option of the command
    trace: Path,
    pools: Path,
    policy: Path | None,
    first: int | None,
    since: str,
    until: str,
    movable: float | None,
    noise: float,
    seed: int,
    predict: float | None,
    as_json: bool,
) -> None:
    from qianhang.compute.network import load
    from qianhang.compute.policy import Predictor
    from qianhang.compute.policy.params import load as load_params
    from qianhang.compute.simulate import Slice, cut, replay, summary

    network = load(pools)
    asked = Slice(first=first, since=since, until=until, movable=movable, noise=noise, seed=seed)
    found = replay(
        cut(trace, network, asked=asked),
        network,
        params=load_params(policy),
        predictor=Predictor(quantile=predict) if predict is not None else None,
    )
    figures = dataclasses.asdict(summary(found, network))
    if as_json:
        click.echo(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
        text = f"{value:,.0f}" if isinstance(value, float) and value >= 1000 else text
        click.echo(f"{say(f'compute.figure.{name}')}  {text}")
