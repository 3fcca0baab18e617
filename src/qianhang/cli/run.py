"""`qianhang run`: a scenario from data to evidence."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qianhang.cli.options import again_option, json_option, pool_option
from qianhang.core.words import say

__all__ = ["run_command"]


def _params(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            raise click.BadParameter(say("cli.run.param_form", value=value))
        found[name.strip()] = text.strip()
    return found


@click.command(help=say("cli.run.help"))
@click.argument("scenario")
@click.option("--data", type=click.Path(path_type=Path), help=say("cli.run.data"))
@click.option("--case", default="", help=say("cli.run.case"))
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help=say("cli.run.seed"),
)
@pool_option()
@click.option("--param", multiple=True, callback=_params, metavar="K=V", help=say("cli.run.param"))
@click.option("--subject", default="", help=say("cli.run.subject"))
@click.option("--region", default="", help=say("cli.run.region"))
@again_option()
@json_option
def run_command(  # noqa: PLR0917 - one argument for each option of the command
    scenario: str,
    data: Path | None,
    case: str,
    seed: int,
    pool: str,
    param: dict[str, str],
    subject: str,
    region: str,
    again: bool,
    as_json: bool,
) -> None:
    from qianhang.cli.screen import Steps, console, scores
    from qianhang.runs import Request, carry_out, manifest_of
    from qianhang.store import Settings

    screen = console(stderr=as_json)
    asked = Request(
        scenario, case, data, seed, pool, param, again, subject=subject, region=region
    )  # fmt: skip
    with Steps(screen) as steps:
        record, found = carry_out(asked, settings=Settings.load(), listen=steps)
    if found:
        screen.print(say("cli.run.found", run=record.id, ended=record.ended))
    body = record.as_dict()
    if as_json:
        click.echo(json.dumps(body, ensure_ascii=False, indent=1))
        return
    screen.print(scores(body, manifest_of(record)))
    if "placed" in body:
        screen.print(say("cli.run.placed", **body["placed"]))
    stage = say(f"stage.{body['gate']['stage']}")
    screen.print(say("cli.run.done", run=record.id, stage=stage))
