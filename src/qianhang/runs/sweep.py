"""A scenario run over and over, with other seeds and parameters, spread over pools."""

from __future__ import annotations

import itertools
import re
import statistics
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any

from qianhang.core.errors import QianhangError, UsageError
from qianhang.runs import outcome, placement, request, workplace
from qianhang.runs.request import Request
from qianhang.runs.run import carry_out
from qianhang.runs.steps import Event
from qianhang.store import Settings

__all__ = ["Line", "Spread", "requests", "seeds_of", "spreads", "sweep"]

_MOST, _MOST_SEED = 1000, 2**31 - 1
_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")


@dataclass(frozen=True, slots=True)
class Line:
    """One run of a sweep: what was asked for, and what came of it.

    run : its id, "" where it failed; found : whether it was there before
    pool : where it ran; scores : of the metrics that have a bar, by name
    error : its code and message where it failed
    """

    seed: int
    params: Mapping[str, str]
    run: str = ""
    found: bool = False
    pool: str = ""
    verdict: str = ""
    headline: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """A metric over the seeds of one choice of parameters; deviation 0 of a single run."""

    params: Mapping[str, str]
    metric: str
    runs: int
    mean: float
    deviation: float


def seeds_of(text: str) -> tuple[int, ...]:
    """The seeds of a text such as 0-9 or 1,4,7-9, each once, in the order given.

    Raises UsageError for anything else.
    """
    found: dict[int, None] = {}
    for part in text.split(","):
        said = _RANGE.fullmatch(part.strip())
        first, last = (int(said[1]), int(said[2] or said[1])) if said else (1, 0)
        if not first <= last <= _MOST_SEED or last - first >= _MOST:
            expected = f"such as 0-9 or 1,4,7-9, from 0 to {_MOST_SEED}, at most {_MOST} of them"
            raise UsageError("QH802", f"seeds: found {text!r}, expected {expected}")
        found |= dict.fromkeys(range(first, last + 1))
    return tuple(found)


def requests(
    asked: Request, seeds: Sequence[int], params: Mapping[str, Sequence[str]]
) -> tuple[Request, ...]:
    """One request for each seed and each choice of the parameters' values, all checked.

    Raises what `resolve` raises, UsageError for more than a thousand.
    """
    names = list(params)
    choices = list(itertools.product(*(params[name] for name in names)))
    if len(choices) * len(seeds) > _MOST:
        raise UsageError("QH802", f"{len(choices) * len(seeds)} runs asked for, at most {_MOST}")
    found = []
    for values in choices:
        each = replace(asked, params={**asked.params, **dict(zip(names, values, strict=True))})
        request.resolve(each)
        found += [replace(each, seed=seed) for seed in seeds]
    return tuple(found)


def sweep(
    every: Sequence[Request],
    *,
    settings: Settings,
    at_once: int = 4,
    tell: Callable[[Line], None] = lambda _: None,
) -> tuple[Line, ...]:
    """A line for each request, in their order; one that fails does not stop the others.

    at_once : how many are under way at a time
    tell : hears each line as it comes
    Raises PoolUnavailable for an unknown pool before anything is run. Ctrl-C stops all of them.
    """
    pack, case, _ = request.resolve(every[0])
    with workplace.open_store(settings) as store:
        placement.check(store, every[0].pool)
    outcome.fingerprints(pack.manifest, case, every[0].data)  # fetched once, not by each
    halt = threading.Event()
    lines: dict[int, Line] = {}
    with ThreadPoolExecutor(at_once, thread_name_prefix="sweep") as threads:
        asks = {
            threads.submit(_line, one, settings, halt): place for place, one in enumerate(every)
        }
        try:
            for done in as_completed(asks):
                lines[asks[done]] = done.result()
                tell(lines[asks[done]])
        except KeyboardInterrupt:
            halt.set()
            threads.shutdown(cancel_futures=True)
            raise
    return tuple(lines[place] for place in sorted(lines))


def spreads(lines: Sequence[Line]) -> Iterator[Spread]:
    """Mean and standard deviation of each metric over the seeds, by choice of parameters."""
    chosen: dict[tuple[tuple[str, str], ...], list[Line]] = {}
    for line in lines:
        if line.run:
            chosen.setdefault(tuple(line.params.items()), []).append(line)
    for params, same in chosen.items():
        for name in same[0].scores:
            values = [one.scores[name] for one in same if name in one.scores]
            deviation = statistics.stdev(values) if len(values) > 1 else 0.0
            mean = statistics.fmean(values)
            yield Spread(dict(params), name, len(values), mean, deviation)


def _line(asked: Request, settings: Settings, halt: threading.Event) -> Line:
    def listen(_: Event) -> None:
        if halt.is_set():
            raise KeyboardInterrupt

    try:
        record, found = carry_out(asked, settings=settings, listen=listen)
    except QianhangError as cause:
        return Line(asked.seed, asked.params, error=f"{cause.code} {cause.message}")
    body: dict[str, Any] = record.as_dict()
    scores = {bar["metric"]: bar["value"] for bar in body["bars"] if bar["value"] is not None}
    pool = body.get("placed", {}).get("pool") or body["pool"]
    return Line(
        asked.seed, asked.params, record.id, found, pool, record.verdict, body["headline"], scores
    )
