"""`qianhang compute submit`, `ps`, `why`, `cancel`, `log`, `wait`: jobs before the door."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.core.errors import PoolUnavailable
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.compute.door.jobs import Kept
    from qianhang.compute.door.why import Answer
    from qianhang.compute.policy.decision import Refusal
    from qianhang.store import Store

__all__ = [
    "cancel_command",
    "log_command",
    "moment",
    "now",
    "opened",
    "ps_command",
    "show",
    "submit_command",
    "wait_command",
    "why_command",
]

BY = "qianhang compute"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LOOK_S = 0.5


def now() -> datetime:
    """This moment; the only place where these commands look at a clock."""
    return datetime.now(UTC)


def moment(at: datetime | str) -> str:
    """The moment as clocks in China show it."""
    from qianhang.core.day import clock

    return clock(at).isoformat(" ", "seconds")


def opened(*, read_only: bool = False) -> Store:
    """The store of the environment's settings."""
    from qianhang.runs import open_store
    from qianhang.store import Settings

    return open_store(Settings.load(), read_only=read_only)


def show(value: Any) -> None:
    """Print it as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


@click.command(name="submit", help=say("cli.compute.submit.help"))
@click.argument("task", type=_FILE)
@click.option("--org", default="root", show_default=True, help=say("cli.compute.submit.org"))
@click.option("--key", default="", help=say("cli.compute.submit.key"))
@click.option("--project", default="", help=say("cli.compute.submit.project"))
@json_option
def submit_command(task: Path, org: str, key: str, project: str, as_json: bool) -> None:
    from qianhang.compute.door import taskfile
    from qianhang.runs.admission import admit

    asked = taskfile.read(task, org=org, account=BY)
    with opened() as store:
        made = admit(store, asked, now(), key=key, project=project)
    if as_json:
        show([{"job": one.job, "new": one.new, "hold": one.hold} for one in made])
        return
    for admitted in made:
        known = say("cli.compute.submit.known", job=admitted.job)
        click.echo(admitted.job if admitted.new else known)


@click.command(name="ps", help=say("cli.compute.ps.help"))
@click.option("--org", "orgs", multiple=True, help=say("cli.compute.ps.org"))
@click.option("--all", "everything", is_flag=True, help=say("cli.compute.ps.all"))
@click.option("--limit", default=50, show_default=True, help=say("cli.compute.ps.limit"))
@json_option
def ps_command(orgs: tuple[str, ...], everything: bool, limit: int, as_json: bool) -> None:
    from qianhang.compute.door import jobs

    states = () if everything else jobs.OPEN
    with opened(read_only=True) as store:
        found = jobs.listed(store, orgs=orgs or None, states=states, limit=limit)
    if as_json:
        show([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo(say("cli.compute.ps.none"), err=True)


def _line(one: Kept) -> str:
    want = one.job.want
    chips = f"{want.replicas} x {want.chips:g} {'|'.join(want.flavours) or '*'}"
    state = say(f"compute.state.{one.state}")
    reason = f" ({one.reason})" if one.reason and one.reason != one.state else ""
    where = one.why.get("pool", "")
    return f"{one.job.id}  {state}{reason}  {one.job.org}  {one.job.name}  {chips}  {where}"


@click.command(name="why", help=say("cli.compute.why.help"))
@click.argument("job")
@json_option
def why_command(job: str, as_json: bool) -> None:
    from qianhang.compute.door.why import why
    from qianhang.runs.pricing import live

    with opened(read_only=True) as store:
        found = why(store, job, now(), prices=live(store, now()))
    if as_json:
        told = dataclasses.asdict(found)
        show(told | {"refusals": [one._asdict() for one in found.refusals]})
        return
    _explain(found)


def refused(no: Refusal) -> str:
    """A line that tells why a pool does not take a job."""
    line = f"  {no.pool}: {say(f'compute.refusal.{no.reason}')}"
    if no.found or no.expected:
        said = say("cli.compute.why.found", found=no.found or "-", expected=no.expected or "-")
        line += f"; {said}"
    return line


def _explain(found: Answer) -> None:
    click.echo(f"{found.job}  {say(f'compute.state.{found.state}')}  {found.reason}")
    for one in found.attempts:
        made = moment(one.made)
        click.echo(f"  {one.token}  {one.pool}  {one.flavour}  {one.state}  {made}")
    for name, fen in found.terms.items():
        click.echo(f"  {say(f'compute.term.{name}')}  {_yuan(fen)}")
    for pool, fen in sorted(found.others.items(), key=lambda pair: pair[1]):
        click.echo(say("cli.compute.why.sum", pool=pool, yuan=_yuan(fen)))
    for no in found.refusals:
        click.echo(refused(no))
    for name, words in found.said.items():
        click.echo(f"  {name}: {words}")
    if found.ahead is not None:
        click.echo(say("cli.compute.why.ahead", count=found.ahead))


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


@click.command(name="cancel", help=say("cli.compute.cancel.help"))
@click.argument("job")
def cancel_command(job: str) -> None:
    from qianhang.compute.door import jobs

    with opened() as store:
        click.echo(_line(jobs.cancel(store, job, by=BY, at=now())))


@click.command(name="log", help=say("cli.compute.log.help"))
@click.argument("job")
@click.option("--follow", is_flag=True, help=say("cli.compute.log.follow"))
def log_command(job: str, follow: bool) -> None:
    with opened(read_only=True) as store:
        _over(store, job, tell=_Printer(store, job).print, until_end=follow)


@click.command(name="wait", help=say("cli.compute.wait.help"))
@click.argument("job")
def wait_command(job: str) -> None:
    with opened(read_only=True) as store:
        kept = _over(store, job, tell=lambda: None, until_end=True)
    click.echo(_line(kept))
    sys.exit(0 if kept.state == "finished" else 1)


def _over(store: Store, job: str, *, tell: Callable[[], None], until_end: bool) -> Kept:
    """The job once it has ended, or at once; told of before each look."""
    from qianhang.compute.door import jobs

    while True:
        kept = jobs.get(store, job)
        tell()
        if not until_end or not kept.open:
            return kept
        time.sleep(_LOOK_S)


class _Printer:
    """Prints what a job's last attempt wrote since the last time."""

    def __init__(self, store: Store, job: str) -> None:
        from qianhang.compute.door.engines import Engines, Patience
        from qianhang.store import Settings

        self.store, self.job = store, job
        self.engines = Engines(store, Settings.load().home, Patience())
        self.token, self.start = "", 0

    def print(self) -> None:
        from qianhang.compute.door import attempts

        made = attempts.of(self.store, self.job)
        if not made:
            return
        if made[-1].token != self.token:
            self.token, self.start = made[-1].token, 0
        try:
            fresh = self.engines.log(made[-1], start=self.start)
        except PoolUnavailable as cause:
            click.echo(str(cause), err=True)
            return
        self.start += len(fresh)
        click.echo(fresh, nl=False)
