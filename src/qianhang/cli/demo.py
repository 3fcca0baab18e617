"""`qianhang demo`: the scenarios whose data ship with their libraries, and a plan they answer."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from qianhang.cli.options import again_option
from qianhang.core.words import language, say

__all__ = ["demo_command"]


@click.command(help=say("cli.demo.help"))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    help=say("cli.demo.out"),
)
@again_option()
@click.pass_context
def demo_command(ctx: click.Context, out: Path, again: bool) -> None:
    from qianhang.cli.report import write
    from qianhang.cli.screen import console
    from qianhang.core.errors import MissingExtra, QianhangError
    from qianhang.core.pack import packs
    from qianhang.runs import page, read_store, report, shelf, showcase, view

    screen = console()
    done, failed = [], 0
    for pack in packs():
        case = next((c.name for c in pack.manifest.case if c.embedded), None)
        if case is None:
            continue
        title = getattr(pack.manifest.title, language())
        screen.rule(f"[bold]{pack.id}[/bold]  {title}", align="left")
        try:
            done.append(_one(screen, pack, case, again=again))
            _examine(screen, pack)
        except MissingExtra as cause:
            screen.print(str(cause), style="yellow", markup=False)
        except QianhangError as cause:
            screen.print(str(cause), style="red", markup=False)
            failed += 1
    out.mkdir(parents=True, exist_ok=True)
    views, links = [], {}
    with read_store() as store:
        tiers = shelf.tiers(store)
        for record in done:
            links[record.id] = f"{record.scenario}.html"
            write(out / links[record.id], page(store, record))
            views.append(view(store, record)[0])
    manifests = {pack.id: pack.manifest for pack in packs()}
    write(out / "index.html", report.overview(views, links=links, manifests=manifests))
    _plan(ctx, screen, out / "plan")
    screen.rule()
    verified = sum(tiers.get(record.scenario) in showcase.SHOWN for record in done)
    told = say("cli.demo.done", count=len(done), verified=verified, out=out / "index.html")
    screen.print(told)
    if failed:
        sys.exit(1)


def _one(screen: Any, pack: Any, case: str, *, again: bool) -> Any:
    from qianhang.cli.screen import Steps, scores
    from qianhang.runs import Request, carry_out
    from qianhang.store import Settings

    with Steps(screen) as steps:
        asked = Request(pack.id, case=case, again=again)
        record, found = carry_out(asked, settings=Settings.load(), listen=steps)
    if found:
        screen.print(say("cli.run.found", run=record.id, ended=record.ended))
    screen.print(scores(record.as_dict(), pack.manifest))
    return record


def _examine(screen: Any, pack: Any) -> None:
    """The pack's checks, from which, with the run above, its tier comes; once for each pack."""
    from qianhang.cli.pack import kept_tier
    from qianhang.runs import open_store, update_tier
    from qianhang.store import Settings
    from qianhang.testing import examine

    with open_store(Settings.load()) as store:
        known = update_tier(store, pack, now=datetime.now(UTC))
    if not known:
        screen.print(kept_tier(pack, list(examine(pack))), highlight=False)


def _plan(ctx: click.Context, screen: Any, out: Path) -> None:
    """The sample plan of an invented city, its targets read from what the runs above recorded."""
    from qianhang.cli.plan_ledger import ledger_command
    from qianhang.cli.plan_office import bulletin_command
    from qianhang.cli.plan_review import review_command
    from qianhang.cli.plan_versions import import_command
    from qianhang.plan import SAMPLE
    from qianhang.plan.reading.read import read

    screen.rule(f"[bold]{say('cli.demo.plan')}[/bold]", align="left")
    by = say("cli.demo.by")
    out.mkdir(parents=True, exist_ok=True)
    title = read(SAMPLE).title
    ctx.invoke(import_command, files=(SAMPLE,), by=by)
    ctx.invoke(review_command, plan=title, by=by, confirm_all=True)
    ctx.invoke(ledger_command, plan=title, by="target")
    ctx.invoke(bulletin_command, plan=title, by=by, out=out)
