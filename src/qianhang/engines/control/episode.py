"""Episodes: a simulator under a controller, in a child process that may crash or hang alone."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import pandas as pd

from qianhang.core.errors import JobFailed, QianhangError
from qianhang.core.results import Episode
from qianhang.engines.control.simulator import Action, Observation, Simulator

__all__ = ["CRASHED", "TIMED_OUT", "Job", "Policy", "episodes", "play"]

CRASHED = "QH521"
TIMED_OUT = "QH522"
Policy = Callable[[Observation], Action]
_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """One episode to play: its name, how to build the simulator, how to start the controller."""

    name: str
    simulator: Callable[[], Simulator]
    policy: Callable[[], Policy]


def play(simulator: Simulator, policy: Policy, *, seed: int, steps: int = _STEPS) -> Episode:
    """The episode, played in this process: one row a step with what was seen and done.

    Raises ValueError for a simulator that is not done after `steps`.
    """
    frames, totals = _play(simulator, policy, seed=seed, steps=steps)
    return Episode(pd.DataFrame(frames), totals)


def episodes(jobs: Sequence[Job], *, seed: int, time_limit_s: float = 120.0) -> tuple[Episode, ...]:
    """The episodes of all jobs, played one after another in one child process.

    time_limit_s : wall time allowed to each
    Raises JobFailed, naming the job, where the simulator raises, dies or takes too long, and named
    errors as they are; the calling process goes on unharmed.
    """
    # fork needs no import by name, so packs that were loaded from a file work too
    forks = "fork" in multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if forks else "spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_serve, args=(theirs, tuple(jobs), seed), daemon=True)
    child.start()
    theirs.close()
    try:
        return tuple(_collect(ours, child, job, time_limit_s) for job in jobs)
    finally:
        if child.is_alive():
            child.kill()
        child.join()
        ours.close()


def _collect(pipe: Connection, child: BaseProcess, job: Job, time_limit_s: float) -> Episode:
    if not pipe.poll(time_limit_s):
        raise JobFailed(
            TIMED_OUT,
            f"episode {job.name}: no result after {time_limit_s:g} s",
            hint="the simulator hangs, or needs a longer time limit",
        )
    try:
        frames, totals, problem = pipe.recv()
    except EOFError:
        child.join(5)
        raise JobFailed(
            CRASHED,
            f"episode {job.name}: the simulator's process died, exit code {child.exitcode}",
            hint="run the same episode alone to see its log",
        ) from None
    if isinstance(problem, QianhangError):  # already in words for the reader
        raise problem
    if problem:
        raise JobFailed(CRASHED, f"episode {job.name}: {problem}")
    return Episode(pd.DataFrame(frames), totals)


def _serve(pipe: Connection, jobs: Iterable[Job], seed: int) -> None:
    for job in jobs:
        try:
            frames, totals = _play(job.simulator(), job.policy(), seed=seed, steps=_STEPS)
            pipe.send((frames, totals, ""))
        except QianhangError as cause:
            pipe.send(([], {}, cause))
        except Exception as cause:  # the parent tells the reader
            where = traceback.extract_tb(cause.__traceback__)[-1]
            text = f"{type(cause).__name__}: {cause} ({where.name}, line {where.lineno})"
            pipe.send(([], {}, text))
    pipe.close()


def _play(
    simulator: Simulator, policy: Policy, *, seed: int, steps: int
) -> tuple[list[dict[str, float]], dict[str, float]]:
    simulator.reset(seed)
    frames: list[dict[str, float]] = []
    while not simulator.done:
        if len(frames) >= steps:
            raise ValueError(f"the simulator is not done after {steps:,} steps")
        seen = dict(simulator.observe())
        action = policy(seen)
        simulator.act(action)
        done = dict(action) if isinstance(action, Mapping) else {"action": float(action)}
        frames.append({**seen, **done})
    return frames, {k: float(v) for k, v in simulator.score().items()}
