"""The console under load: CPU a page, followers of a running ask, and NiceGUI with the same list.

python bench/web.py [HOME]

HOME : a folder that an earlier call filled; else one is made, and removed
Figures are CPU seconds and resident memory of the server's own process, as the kernel counts them;
requests come over one connection from this process.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import crowd
import network
from peers.environment import python_with
from qianhang.runs import listing, open_store
from qianhang.store import Settings
from server import Server, running
from timing import table

GOAL_MS, GOAL_SHARE, GOAL_KB = 5.0, 0.10, 100.0
FOLLOWERS, WATCHED_S = 300, 30
PAGES = {
    "runs, 50 rows of 100,000": "/runs",
    "runs of one state": "/runs?state=failed",
    "runs of one scenario": "/runs?scenario=industry00.scenario000",
    "runs, the second page": "/runs?before=2026-02-01T00:00:00.000%2B00:00~x",
    "scenarios, 50 of 500": "/scenarios",
    "scenarios, searched": "/scenarios?q=scenario1",
    "plans, 50": "/plans",
    "compute: pools": "/compute",
    "compute: 260 open jobs, 50": "/compute/jobs",
    "compute: jobs, 50 of 100,000": "/compute/jobs?state=any",
    "compute: a job that has ended": f"/compute/jobs/{network.JOB}",
    "compute: a job that runs": f"/compute/jobs/{network.RUNNING}",
    "bills, 50 of 252": "/bills",
    "vouchers, 50 of 2,000": "/vouchers",
    "a voucher": f"/vouchers/{network.GRANT}",
    "API: runs, 50": "/api/v1/runs?limit=50",
    "API: scenarios, 50": "/api/v1/scenarios?limit=50",
    "sign-in": "/sign-in",
    "the least: alive": "/healthz",
}
PEER = "nicegui"


@contextmanager
def home(given: str = "") -> Iterator[tuple[Path, str]]:
    """A filled folder and the session's token."""
    if given and (Path(given) / "token").is_file():
        yield Path(given), (Path(given) / "token").read_text()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(given or name)
        folder.mkdir(exist_ok=True)
        token = crowd.fill(folder)
        (folder / "token").write_text(token)
        yield folder, token


@contextmanager
def console(folder: Path) -> Iterator[Server]:
    """`qianhang serve` over that home."""
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)]),
        "QIANHANG_HOME": str(folder / "home"),
    }
    command = [sys.executable, "-m", "qianhang", "serve", "--port", "PORT", "--rate", "1000000"]
    with running(command, environ, folder=folder, ready="/healthz") as server:
        yield server


def pages(server: Server, token: str) -> list[list[str]]:
    """Page, CPU milliseconds, whether that is within the goal."""
    signed = {"Cookie": f"qh={token}"}
    asked = [(path, {} if path == "/sign-in" else signed) for path in PAGES.values()]
    costs = zip(PAGES.items(), server.costs_ms(asked), strict=True)
    return [[name, f"`{path}`", *_judged(ms, GOAL_MS, ".2f")] for (name, path), ms in costs]


def followers(server: Server, folder: Path, token: str) -> list[list[str]]:
    """What 300 who follow one running ask cost."""
    path, headers = f"/runs/asks/{crowd.ASK}/events", {"Cookie": f"qh={token}"}
    with crowd.told_each_second(folder), selectors.DefaultSelector() as lines:
        before = server.memory_kb()
        for _ in range(FOLLOWERS):
            lines.register(server.follow(path, headers), selectors.EVENT_READ)
        listen(lines, 5)
        began, at = server.cpu_s(), time.monotonic()
        heard = listen(lines, WATCHED_S)
        share = (server.cpu_s() - began) / (time.monotonic() - at)
        each_kb = (server.memory_kb() - before) / FOLLOWERS
        for key in list(lines.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    got = heard / FOLLOWERS / WATCHED_S
    return [
        ["events that each follower got, a second", *_judged(got, None, ".2f")],
        ["share of one core", *_judged(share, GOAL_SHARE, ".3f")],
        ["memory of each, kB", *_judged(each_kb, GOAL_KB, ".0f")],
    ]


def listen(lines: selectors.BaseSelector, seconds: float) -> int:
    """How many events came within so many seconds, on all lines together."""
    heard, until = 0, time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for key, _ in lines.select(left):
            heard += key.fileobj.recv(65536).count(b"\ndata: ")  # type: ignore[union-attr]
    return heard


def beside(folder: Path, ours_ms: float) -> list[list[str]]:
    """The list of 50 runs as NiceGUI shows it, and how much more that costs."""
    python = python_with(PEER, PEER)
    if python is None:
        return []
    rows = folder / "rows.json"
    with open_store(Settings(home=folder / "home")) as store:
        shown = ("id", "scenario", "case", "state", "verdict", "started", "wall_s")
        found = listing.lines(store, orgs=None, limit=50)
        rows.write_text(json.dumps([{n: getattr(one, n) for n in shown} for one in found]))
    script = Path(__file__).parent / "peers" / "nicegui_list.py"
    command = [str(python), str(script), "PORT", str(rows)]
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with running(command, environ, folder=folder, ready="/") as server:
        (theirs,) = server.costs_ms([("/", {})], count=40)
    return [
        ["qianhang", f"{ours_ms:.2f}", "1.00"],
        ["NiceGUI", f"{theirs:.2f}", f"{theirs / ours_ms:.2f}"],
    ]


def _judged(value: float, goal: float | None, form: str) -> list[str]:
    shown = f"{value:{form}}"
    if goal is None:
        return [shown, ""]
    return [shown if value <= goal else f"**{shown}**", f"≤ {goal:g}"]


def main() -> None:
    """Print a table of pages, one of followers, one of the same list elsewhere."""
    with home(*sys.argv[1:2]) as (folder, token):
        with console(folder) as server:
            costs = pages(server, token)
            print(table(("page", "address", "CPU ms", "goal"), costs), flush=True)
            found = followers(server, folder, token)
        print(table((f"{FOLLOWERS} followers, {WATCHED_S} s", "found", "goal"), found), flush=True)
        peers = beside(folder, float(costs[0][2].strip("*")))
        if peers:
            print(table(("the same 50 runs", "CPU ms", "ratio"), peers))
        else:
            print(f"{PEER} could not be installed: not compared")


if __name__ == "__main__":
    main()
