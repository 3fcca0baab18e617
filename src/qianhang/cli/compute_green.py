"""`qianhang compute pue`, `link`, `capacity`, `inventory`, `utilisation`, `evidence`: measuring."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.compute_door import BY, moment, now, opened, show
from qianhang.cli.options import json_option
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.compute.green.consolidation import Move
    from qianhang.compute.green.errands import Errands
    from qianhang.compute.green.lines import Judged
    from qianhang.compute.green.pue import Rolling
    from qianhang.runs.network_evidence import PueLimit

__all__ = [
    "capacity_command",
    "evidence_command",
    "inventory_command",
    "link_command",
    "pue_command",
    "utilisation_command",
]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LOOK_S = 0.05


@click.group(name="pue", help=say("cli.compute.pue.help"))
def pue_command() -> None:
    pass


@pue_command.command(name="add", help=say("cli.compute.pue.add"))
@click.argument("site")
@click.option("--file", required=True, type=_FILE, help=say("cli.compute.pue.file"))
@click.option("--source", required=True, help=say("cli.compute.pue.source"))
@click.option("--by", required=True, help=say("cli.compute.pue.by"))
def add_command(site: str, file: Path, source: str, by: str) -> None:
    from qianhang.compute.green import pue
    from qianhang.runs.network_evidence import feed, pue_limits

    with opened() as store:
        found = pue.add(
            store, site, file.read_bytes(), name=file.name, source=source, by=by, at=now()
        )
        feed(store, now())
        year, bound = pue.current(store)[site], _bound(pue_limits(store))
    click.echo(say("cli.compute.pue.added", count=len(found), site=site))
    click.echo(_year(year, bound))


@pue_command.command(name="show", help=say("cli.compute.pue.show"))
@click.argument("site", required=False, default="")
@click.option("--limit", type=click.FloatRange(1.0), help=say("cli.compute.pue.limit"))
@click.option("--small", default=0.5, show_default=True, type=click.FloatRange(0.0, 1.0),
              help=say("cli.compute.pue.small"))  # fmt: skip
@json_option
def show_command(site: str, limit: float | None, small: float, as_json: bool) -> None:
    from qianhang.compute.green import consolidation, pue, stock
    from qianhang.runs.network_evidence import pue_limits

    with opened(read_only=True) as store:
        every = pue.months(store)
        years = pue.current(store)
        targets = pue_limits(store)
        sites = stock.sites(store, years)
    bound = limit or _bound(targets)
    wrong = pue.above(years, bound)
    saved = consolidation.moves(sites, limit=bound, small=small)
    if as_json:
        show({
            "limit": bound, "targets": [dataclasses.asdict(one) for one in targets],
            "sites": [_as_json(one) for one in years.values()],
            "series": [_as_json(one) for one in pue.series(every)],
            "above": [one.site for one in wrong],
            "consolidation": [dataclasses.asdict(one) for one in saved],
        })  # fmt: skip
        return
    whose = ", ".join(f"{one.target} {one.name}" for one in targets[:1]) if not limit else ""
    click.echo(say("cli.compute.pue.bound", limit=f"{bound:g}", target=whose))
    for one in pue.series(m for m in every if m.site == site) if site else years.values():
        click.echo(_year(one, bound))
    for move in saved:
        if site in ("", move.site):
            click.echo(_move(move))


def _as_json(one: Rolling) -> dict[str, Any]:
    return dataclasses.asdict(one) | {"pue": one.value, "whole": one.whole}


def _bound(targets: Sequence[PueLimit]) -> float:
    """The limit of the strictest target, the product's own where there is none."""
    from qianhang.compute.green.pue import LIMIT

    return targets[0].limit if targets else LIMIT


def _year(one: Rolling, bound: float) -> str:
    told = say(
        "cli.compute.pue.year", site=one.site, pue=f"{one.value:.4f}", start=one.start,
        end=one.end, months=one.months, total=f"{one.total_kwh:,.0f}", it=f"{one.it_kwh:,.0f}",
        source=one.source,
    )  # fmt: skip
    return told + (say("cli.compute.pue.above") if one.value > bound else "")


def _move(move: Move) -> str:
    return say(
        "cli.compute.pue.move", site=move.site, to=move.to, kw=f"{move.it_kw:,.1f}",
        pue=f"{move.pue:.3f}", to_pue=f"{move.to_pue:.3f}", kwh=f"{move.kwh:,.0f}",
        kg=f"{move.kg:,.0f}", yuan=f"{move.fen // 100:,}.{move.fen % 100:02d}",
    )  # fmt: skip


@contextmanager
def _errands() -> Iterator[Errands]:
    """Errands whose jobs a service looks after, or, where none does, this very process."""
    from qianhang.compute.door.supervisor import Supervisor
    from qianhang.compute.green.errands import Errands
    from qianhang.runs.admission import admit
    from qianhang.store import Settings

    home = Settings.load().home
    with opened() as store:
        door = Supervisor(store, home)

        def look() -> datetime:
            at = now()
            door.tick(at)
            time.sleep(_LOOK_S)
            return at

        try:
            yield Errands(
                store, home, look=look, admit=lambda asked, at: admit(store, [asked], at)[0].job
            )
        finally:
            door.release()


@click.group(name="link", help=say("cli.compute.link.help"))
def link_command() -> None:
    pass


@link_command.command(name="probe", help=say("cli.compute.link.probe"))
@click.argument("a")
@click.argument("b")
@click.option("--address", default="", help=say("cli.compute.link.address"))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help=say("cli.compute.link.port"))
@click.option("--seconds", default=3.0, show_default=True, type=click.FloatRange(0.1, 60.0),
              help=say("cli.compute.link.seconds"))  # fmt: skip
@click.option("--streams", default=1, show_default=True, type=click.IntRange(1, 64),
              help=say("cli.compute.link.streams"))  # fmt: skip
@json_option
def probe_command(
    a: str, b: str, *, address: str, port: int, seconds: float, streams: int, as_json: bool
) -> None:
    from qianhang.compute.green.lines import judged
    from qianhang.compute.green.probe import Asked, probe
    from qianhang.runs.network_evidence import feed

    asked = Asked(a, b, address, port, seconds, streams)
    with _errands() as errands:
        found = probe(errands, asked, by=BY)
        feed(errands.store, now())
    if as_json:
        show(dataclasses.asdict(found))
        return
    click.echo(_line(judged((a, b), (found,))[0]))


@link_command.command(name="show", help=say("cli.compute.link.show"))
@click.option("--gbps", default=100.0, show_default=True, help=say("cli.compute.link.gbps"))
@click.option("--ms", default=10.0, show_default=True, help=say("cli.compute.link.ms"))
@json_option
def link_show_command(gbps: float, ms: float, as_json: bool) -> None:
    from qianhang.compute.door import plant
    from qianhang.compute.green import lines

    with opened(read_only=True) as store:
        pools = [one.pool.id for one in plant.pools(store)]
        found = lines.judged(pools, lines.newest(store), gbps=gbps, ms=ms)
    share = lines.share(found)
    if as_json:
        pairs = [dataclasses.asdict(one) | {"ok": one.ok} for one in found]
        show({"gbps": gbps, "ms": ms, "share": share, "pairs": pairs})
        return
    for one in found:
        click.echo(_line(one))
    if share is not None:
        ok = sum(one.ok for one in found)
        told = f"{gbps:g} Gbps, {ms:g} ms"
        click.echo(say("cli.compute.link.share", ok=ok, pairs=len(found), asked=told))


def _line(one: Judged) -> str:
    if one.measured is None:
        return say("cli.compute.link.never", a=one.a, b=one.b)
    found = one.measured
    return say(
        "cli.compute.link.line", a=one.a, b=one.b, gbps=f"{found.gbps:.3f}", ms=f"{found.ms:.3f}",
        wide=_mark(one.wide), near=_mark(one.near), at=moment(found.at), method=found.method,
    )  # fmt: skip


def _mark(good: bool) -> str:
    return "✓" if good else "✗"


@click.command(name="capacity", help=say("cli.compute.capacity.help"))
@click.argument("pool")
@click.option("--nodes", default=0, type=click.IntRange(0), help=say("cli.compute.capacity.nodes"))
@click.option("--precision", default="", type=click.Choice(["", "fp16", "fp32", "fp64"]),
              help=say("cli.compute.capacity.precision"))  # fmt: skip
@click.option("--size", default=0, type=click.IntRange(0, 65536),
              help=say("cli.compute.capacity.size"))  # fmt: skip
@click.option("--seconds", default=5.0, show_default=True, type=click.FloatRange(0.05, 3600.0),
              help=say("cli.compute.capacity.seconds"))  # fmt: skip
@json_option
def capacity_command(
    pool: str, *, nodes: int, precision: str, size: int, seconds: float, as_json: bool
) -> None:
    from qianhang.compute.green.capacity import Terms, measure
    from qianhang.runs.network_evidence import feed

    terms = Terms(nodes, precision, size, seconds, sys.executable)
    with _errands() as errands:
        found = measure(errands, pool, terms, by=BY)
        feed(errands.store, now())
    if as_json:
        show([dataclasses.asdict(one) | {"share": one.share} for one in found])
        return
    for one in found:
        share = "-" if one.share is None else f"{one.share:.1%}"
        click.echo(say(
            "cli.compute.capacity.found", pool=one.pool, node=one.node, chips=one.chips,
            flavour=one.flavour, precision=one.precision, gflops=f"{one.tflops * 1000:,.2f}",
            plate=f"{one.nameplate * 1000:,.2f}", share=share, library=one.body.get("library", ""),
        ))  # fmt: skip


@click.command(name="inventory", help=say("cli.compute.inventory.help"))
@json_option
def inventory_command(as_json: bool) -> None:
    from qianhang.compute.door import plant
    from qianhang.compute.green.capacity import benched, holdings

    with opened(read_only=True) as store:
        pools = [one.pool for one in plant.pools(store)]
        found = holdings(pools, benched(store), now=now())
    plate, sure = sum(h.pflops for h in found), sum(h.confirmed_pflops for h in found)
    if as_json:
        held = [dataclasses.asdict(one) for one in found]
        show({"nameplate_pflops": plate, "confirmed_pflops": sure, "holdings": held})
        return
    for one in found:
        click.echo(say(
            "cli.compute.inventory.line", pool=one.pool, flavour=one.flavour, chips=one.chips,
            confirmed=one.confirmed, pflops=f"{one.pflops:.6g}",
            sure=f"{one.confirmed_pflops:.6g}", precision=one.precision,
        ))  # fmt: skip
    click.echo(say("cli.compute.inventory.sum", pflops=f"{plate:.6g}", sure=f"{sure:.6g}"))


@click.command(name="utilisation", help=say("cli.compute.utilisation.help"))
@click.option("--month", default="", help=say("cli.compute.utilisation.month"))
@json_option
def utilisation_command(month: str, as_json: bool) -> None:
    from qianhang.runs.network_evidence import month_before, shares

    at = now()
    month = month or month_before(at)
    with opened(read_only=True) as store:
        found = shares(store, month, at)
    used, there = sum(one.used for one in found), sum(one.available for one in found)
    whole = used / there if there else None
    if as_json:
        pools = [dataclasses.asdict(one) | {"share": one.value} for one in found]
        show({"month": month, "used": used, "available": there, "share": whole, "pools": pools})
        return
    for one in found:
        click.echo(_share(one.pool, one.used, one.available, one.value))
    click.echo(_share(month, used, there, whole))


def _share(name: str, used: float, there: float, value: float | None) -> str:
    share = "-" if value is None else f"{value:.2%}"
    return say(
        "cli.compute.utilisation.line", name=name, used=f"{used:,.2f}", there=f"{there:,.2f}",
        share=share,
    )  # fmt: skip


@click.command(name="evidence", help=say("cli.compute.evidence.help"))
@json_option
def evidence_command(as_json: bool) -> None:
    from qianhang.runs.network_evidence import feed

    with opened() as store:
        made = feed(store, now())
    if as_json:
        show({"records": made})
        return
    click.echo(say("cli.compute.evidence.fed", count=len(made)))
