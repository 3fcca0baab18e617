"""`qianhang compute pool`, `pools`, `quota`, `supervise`: for whoever runs the door."""

from __future__ import annotations

import dataclasses
import time
from contextlib import closing
from pathlib import Path

import click

from qianhang.cli.compute_door import BY, now, opened, show
from qianhang.cli.options import json_option
from qianhang.core.errors import StoreError
from qianhang.core.words import say

__all__ = ["pool_command", "pools_command", "quota_command", "supervise_command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_STORE_AWAY_S = 5.0


@click.group(name="pool", help=say("cli.compute.pool.help"))
def pool_command() -> None:
    pass


@pool_command.command(name="add", help=say("cli.compute.pool.add.help"))
@click.argument("file", type=_FILE)
def add_command(file: Path) -> None:
    from qianhang.compute.door import plant
    from qianhang.compute.network import load

    network = load(file)
    with opened() as store:
        plant.add(store, network, by=BY, at=now())
    click.echo(say("cli.compute.pool.added", pools=", ".join(p.id for p in network.pools)))


def _turn(pool: str, state: str) -> None:
    from qianhang.compute.door import plant

    with opened() as store:
        plant.turn(store, pool, state, by=BY, at=now())  # type: ignore[arg-type]  # one of three
    click.echo(f"{pool}  {say(f'compute.pool.{state}')}")


@pool_command.command(name="drain", help=say("cli.compute.pool.drain.help"))
@click.argument("pool")
def drain_command(pool: str) -> None:
    _turn(pool, "draining")


@pool_command.command(name="open", help=say("cli.compute.pool.open.help"))
@click.argument("pool")
def open_command(pool: str) -> None:
    _turn(pool, "open")


@pool_command.command(name="leave", help=say("cli.compute.pool.leave.help"))
@click.argument("pool")
def leave_command(pool: str) -> None:
    _turn(pool, "left")


@click.command(name="pools", help=say("cli.compute.pools.help"))
@json_option
def pools_command(as_json: bool) -> None:
    from qianhang.compute.door import plant

    with opened(read_only=True) as store:
        found = plant.pools(store)
    if as_json:
        show([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        stock = ", ".join(f"{s.chips} {s.flavour}" for s in one.pool.stock)
        clock = (
            "" if one.clock_s is None else say("cli.compute.pools.clock", s=f"{one.clock_s:+.0f}")
        )
        states = f"{say(f'compute.pool.{one.state}')}  {say(f'compute.health.{one.health}')}"
        click.echo(f"{one.pool.id}  {one.pool.driver}  {states}  {stock}  {clock}  {one.detail}")


@click.group(name="quota", help=say("cli.compute.quota.help"))
def quota_command() -> None:
    pass


@quota_command.command(name="set", help=say("cli.compute.quota.set.help"))
@click.argument("org")
@click.option("--project", default="", help=say("cli.compute.quota.project"))
@click.option("--chips", required=True, type=int, help=say("cli.compute.quota.most"))
@click.option("--reason", required=True, help=say("cli.compute.quota.reason"))
def set_command(org: str, project: str, chips: int, reason: str) -> None:
    from qianhang.compute.door import quotas

    with opened() as store:
        made = quotas.assign(
            store, org, project=project, chips=chips, reason=reason, by=BY, at=now()
        )
    click.echo(say("cli.compute.quota.now", chips=chips) if made else say("cli.compute.quota.free"))


@quota_command.command(name="list", help=say("cli.compute.quota.list.help"))
@json_option
def list_command(as_json: bool) -> None:
    from qianhang.compute.door import quotas

    with opened(read_only=True) as store:
        found = quotas.listed(store)
    if as_json:
        show([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.org}  {one.project or '*'}  {one.chips}  {one.reason}")


@click.command(name="supervise", help=say("cli.compute.supervise.help"))
@click.option("--every", "every_s", default=0.5, show_default=True, type=click.FloatRange(0.05, 10),
              help=say("cli.compute.supervise.every"))  # fmt: skip
@click.option("--policy", type=_FILE, help=say("cli.compute.supervise.policy"))
def supervise_command(every_s: float, policy: Path | None) -> None:
    from qianhang.compute.artefacts.gather import Gatherer
    from qianhang.compute.policy.params import load
    from qianhang.runs.door import looks, supervisor
    from qianhang.store import Settings

    with opened() as store, closing(Gatherer(store, Settings.load().home)) as gatherer:
        door = supervisor(store, Settings.load(), params=load(policy))
        look = looks(door, store)
        click.echo(say("cli.compute.supervise.begins"))
        try:
            while True:
                began = time.monotonic()
                pause = every_s
                try:
                    look(now())
                    if door.deciding:
                        gatherer.look(now())
                except StoreError as cause:  # a full disk: what runs goes on, and so do we
                    click.echo(str(cause), err=True)
                    pause = max(pause, _STORE_AWAY_S)
                time.sleep(max(0.0, pause - (time.monotonic() - began)))
        except KeyboardInterrupt:
            door.release()
