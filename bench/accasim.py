"""The first jobs of RICC by AccaSim 1.1.3 and by us: the same log on the same machine.

AccaSim's own FIFO and EASY with first fit, in an environment of its own that is made where there is
none; ours as EASY and by default. It is given one name that Python 3.10 took away from where it
looks, nothing else is changed. Its CPU holds the reading of the log, ours does not: less than a
second of it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.environment import python_with
from qianhang.compute.network import Network
from qianhang.compute.policy import Params
from qianhang.compute.simulate import Traced, replay

COUNT = 4000
HEAD = ("first jobs of RICC", "rule", "jobs", "mean wait s", "CPU s", "CPU / AccaSim EASY")
CORES = 8
# By age; room is kept for the first at once, others go before it where that does not put it off.
EASY = Params(
    area_power=0.0, reserve_after_s=0.0, reserve_per_area=0.0, hard_after_s=1e12, renew_s=1e12
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a replay tells: jobs, mean wait, CPU of the replay."""

    jobs: int
    wait_s: float
    cpu_s: float


def rows(jobs: Sequence[Traced], network: Network) -> Iterator[list[str]]:
    """A row for each simulator and rule; AccaSim's are missing where it cannot be installed."""
    python = python_with("accasim", "accasim==1.1.3")
    if python is None:
        print("AccaSim 1.1.3 could not be installed: not compared\n")
        return
    theirs = {rule: _theirs(python, jobs, network, rule) for rule in ("fifo", "easy")}
    for rule, found in theirs.items():
        yield _row("AccaSim", rule.upper(), found, theirs["easy"].cpu_s)
    for rule, params in (("EASY", EASY), ("default", Params())):
        made = replay(jobs, network, params=params)
        mine = Found(len(made.waits), sum(made.waits) / len(made.waits), made.cpu_s)
        yield _row("qianhang", rule, mine, theirs["easy"].cpu_s)


def _row(engine: str, rule: str, found: Found, beside_s: float) -> list[str]:
    return [
        engine, rule, f"{found.jobs:,}", f"{found.wait_s:,.0f}", f"{found.cpu_s:,.2f}",
        f"{found.cpu_s / beside_s:.4f}",
    ]  # fmt: skip


def _theirs(python: Path, jobs: Sequence[Traced], network: Network, rule: str) -> Found:
    script = Path(__file__).parent / "peers" / "accasim_swf.py"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, system = folder / "log.swf", folder / "system.json"
        log.write_text("".join(_swf(number, one) for number, one in enumerate(jobs, start=1)))
        chips = sum(pool.chips for pool in network.pools)
        system.write_text(json.dumps({
            "groups": {"node": {"core": CORES, "mem": CORES}},
            "resources": {"node": chips // CORES},
            "equivalence": {"processor": {"core": 1}}, "start_time": 0,
        }))  # fmt: skip
        command = [str(python), "-W", "ignore", str(script), str(log), str(system), name, rule]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Found(**json.loads(told.splitlines()[-1]))


def _swf(number: int, one: Traced) -> str:
    """A line of 18 numbers; what the log does not tell is -1, a core takes a unit of memory."""
    job = one.job
    chips, wanted = int(job.want.total), int(job.estimate_s)
    given = [number, int(job.submitted), -1, int(one.run_s), chips, -1, 1, chips, wanted, 1, 1]
    return " ".join(map(str, [*given, *[1] * 7])) + "\n"
