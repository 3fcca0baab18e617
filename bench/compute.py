"""The compute network on real logs: waits, speed, intervals, energy, beside the recorded bars.

python bench/compute.py [philly] [ricc] [first] [accasim] [waits] [energy]

QIANHANG_DATA must hold traces/ with the Philly extract and the RICC log. CPU seconds are those of
the replay's loop, the least of three goes; reading the log is not in them. AccaSim beside us is
installed from PyPI into an environment of its own, and left out with a line where that fails.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import accasim
from qianhang.compute.network import Network, Pool, PueReading, Stock
from qianhang.compute.policy import Params, Predictor
from qianhang.compute.simulate import Replay, Slice, Summary, Traced, cut, replay, summary
from qianhang.compute.simulate.coverage import coverage
from timing import table

DAY = 86400.0
PHILLY = Params()
# One machine whose users ask for days and take minutes: reservations for age alone, after ten days.
RICC = Params(
    reserve_after_s=10 * DAY, reserve_per_area=0.0, pinned_after_s=10 * DAY, renew_s=21600.0,
)  # fmt: skip
RICC_QUANTILE = 0.9
GOES = 3
HEAD = (
    "log", "setting", "jobs", "load", "mean wait s", "p99 s", "max s", "mean completion s", "bar",
    "CPU s", "jobs / CPU s",
)  # fmt: skip
WINDOW = {"since": "2017-10-01", "until": "2017-12-01"}


def traces() -> Path:
    """The folder of the staged logs."""
    for root in os.environ.get("QIANHANG_DATA", "").split(os.pathsep):
        for place in (Path(root) / "traces", Path(root) / "data" / "traces"):
            if root and place.is_dir():
                return place
    raise SystemExit("QIANHANG_DATA holds no folder traces")


def clusters(part: int, pue: Sequence[float] = ()) -> Network:
    """The eleven virtual clusters of Philly as pools, at a part of their size."""
    with (traces() / "philly_2017_vc_nodes.csv").open(encoding="utf8") as lines:
        rows = [(row["vc"], int(row["nodes_of_8_gpus"])) for row in csv.DictReader(lines)]
    return Network(tuple(
        Pool(name, "philly", (Stock("nvidia-v100", nodes // part, 8),), power_fen_kwh=60.0,
             pue=PueReading(pue[at] if pue else 1.3, "invented for the study", kind="assumed"))
        for at, (name, nodes) in enumerate(rows)
    ))  # fmt: skip


def philly(network: Network, movable: float, *, seed: int = 0) -> list[Traced]:
    """Oct-Nov 2017, estimates with a lognormal error of sigma 1."""
    path = traces() / "philly_2017_jobs.parquet"
    return cut(path, network, asked=Slice(**WINDOW, movable=movable, noise=1.0, seed=seed))


def one_pool() -> Network:
    return Network((Pool("ricc", "riken", (Stock("cpu-core", 1, 8192),)),))


def fastest(
    jobs: Sequence[Traced], network: Network, *, params: Params, quantile: float = 0.0
) -> Replay:
    """The replay that took least CPU; all decide alike."""
    goes = (
        replay(jobs, network, params=params,
               predictor=Predictor(quantile=quantile) if quantile else None)
        for _ in range(GOES)
    )  # fmt: skip
    return min(goes, key=lambda found: found.cpu_s)


def line(log: str, setting: str, found: Summary, bar: str) -> list[str]:
    return [
        log, setting, f"{found.jobs:,}", f"{found.load:.2f}", f"{found.mean_wait_s:,.0f}",
        f"{found.p99_wait_s:,.0f}", f"{found.max_wait_s:,.0f}", f"{found.mean_completion_s:,.0f}",
        bar, f"{found.cpu_s:.2f}", f"{found.jobs_per_cpu_s:,.0f}",
    ]  # fmt: skip


def philly_lines() -> Iterator[list[str]]:
    network = clusters(4)
    for movable, bar in ((1.0, "700, max 345,600, 12,170"), (0.5, "3,500"), (0.25, "8,000")):
        found = fastest(philly(network, movable), network, params=PHILLY)
        yield line("Philly-11", f"{movable:.0%} movable", summary(found, network), bar)


def ricc_lines(first: int | None = None) -> Iterator[list[str]]:
    network = one_pool()
    jobs = cut(traces() / "ricc_2010_swf.parquet", network, asked=Slice(first=first))
    if first:
        found = fastest(jobs, network, params=Params(reserve_after_s=DAY / 2, reserve_per_area=0.0))
        yield line("RICC", f"first {first:,}", summary(found, network), "0.5 s CPU")
        return
    goal = "8,000 / 200,000 / 1,500,000"
    found = fastest(jobs, network, params=RICC, quantile=RICC_QUANTILE)
    yield line("RICC", "users' estimates, reserved at 10 d", summary(found, network), goal)
    found = fastest(jobs, network, params=Params())
    yield line("RICC", "users' estimates, default", summary(found, network), goal)


def waits() -> Iterator[list[str]]:
    """Share of the jobs that had to wait whose wait lay in the interval told at submission."""
    network = clusters(4)
    cases = [("Philly-11 100%", philly(network, 1.0), network, PHILLY, None),
             ("Philly-11 25%", philly(network, 0.25), network, PHILLY, None)]  # fmt: skip
    ricc = one_pool()
    jobs = cut(traces() / "ricc_2010_swf.parquet", ricc, asked=Slice())
    cases.append(("RICC", jobs, ricc, RICC, Predictor(quantile=RICC_QUANTILE)))
    for name, log, pools, params, predictor in cases:
        found = coverage(log, pools, params=params, predictor=predictor)
        yield [
            name,
            f"{found.told:,}",
            f"{found.covered:.3f}",
            f"{found.width_s:,.0f}",
            "0.87-0.93",
        ]


# Invented per pool, as the bar wants: 1.12 to 1.60 in even steps; the load is real.
PUES = tuple(1.12 + 0.048 * at for at in range(11))


def energy() -> Iterator[list[str]]:
    """PUE by power price beside PUE by filling the lowest first, at four loads."""
    for part in (1, 2, 4):
        network = clusters(part, PUES)
        blind = Network(tuple(replace(p, power_fen_kwh=0.0) for p in network.pools))
        jobs = philly(network, 1.0)
        green = summary(found := replay(jobs, network, params=PHILLY), network)
        plain = summary(replay(jobs, blind, params=PHILLY), network)
        yield [f"{green.load:.2f}", f"{plain.pue:.3f}", f"{green.pue:.3f}",
               f"{lowest(found, network):.3f}", f"{plain.mean_wait_s:,.1f}",
               f"{green.mean_wait_s:,.1f}"]  # fmt: skip


def lowest(found: Replay, network: Network) -> float:
    """Energy-weighted PUE had the chips busy at each moment lain in the lowest pools of all."""
    events = sorted(
        [(r.start, r.chips) for r in found.runs] + [(r.end, -r.chips) for r in found.runs]
    )
    pools = sorted((p.pue.value, p.chips) for p in network.pools)
    busy, last, site, it = 0.0, 0.0, 0.0, 0.0
    for now, change in events:
        left, rate = busy, 0.0
        for pue, chips in pools:
            rate += min(left, chips) * pue
            left -= min(left, chips)
        site, it = site + rate * (now - last), it + busy * (now - last)
        busy, last = busy + change, now
    return site / it


def main(arguments: list[str]) -> None:
    """Print the tables that are asked for, all without a name."""
    wanted = set(arguments) or {"philly", "ricc", "first", "accasim", "waits", "energy"}
    rows = [*(philly_lines() if "philly" in wanted else ()),
            *(ricc_lines() if "ricc" in wanted else ()),
            *(ricc_lines(20_000) if "first" in wanted else ())]  # fmt: skip
    if rows:
        print(table(HEAD, rows))
    if "accasim" in wanted:
        network = one_pool()
        asked = Slice(first=accasim.COUNT)
        jobs = cut(traces() / "ricc_2010_swf.parquet", network, asked=asked)
        if beside := list(accasim.rows(jobs, network)):
            print(table(accasim.HEAD, beside))
    if "waits" in wanted:
        print(table(("log", "jobs told", "covered", "median width s", "bar"), list(waits())))
    if "energy" in wanted:
        head = ("load", "PUE blind", "PUE by price", "fill-lowest bound", "wait blind s", "wait s")
        print(table(head, list(energy())))


if __name__ == "__main__":
    main(sys.argv[1:])
