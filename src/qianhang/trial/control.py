"""Controllers tried on held-out units of a simulator, the fixed baseline always beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Episode, FoldScore, Trial
from qianhang.core.spec import Spec
from qianhang.engines import control
from qianhang.engines.control import Job, Policy
from qianhang.trial.progress import Progress, silent

__all__ = ["cut", "run", "serve"]

CANNOT_CUT = "QH132"
Played = Mapping[str, Mapping[str, Episode]]


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """The pack's controller, fitted on training units, against its baselines on held-out ones.

    Each held-out unit is a fold. Tables: units (totals of every episode), steps (every step), and
    what the pack's `tables` makes of the episodes, which may put its own in their place.
    A parameter `time_limit_s` is the wall time allowed to an episode. A pack whose `FRESH` is true
    has every episode in a process of its own, as some simulators remember the one before.
    Raises ContractError where there are too few units, JobFailed where the simulator fails.
    """
    say = progress or silent
    train, test = cut(_units(pack, inputs, spec), case.split or Split("season_out"))
    say(0, len(test) + 1, f"search on {len(train)} units")
    model = pack.fit(inputs, train, spec=spec)
    starts = _contenders(pack, model, spec)
    played: dict[str, dict[str, Episode]] = {name: {} for name in starts}
    for done, unit in enumerate(test, start=1):
        say(done, len(test) + 1, f"unit {unit}")
        found = _episodes(pack, _jobs(pack, inputs, unit, starts, spec), spec)
        for name, episode in zip(starts, found, strict=True):
            played[name][unit] = episode
    judge = _Judge(pack, played, spec)
    return Trial(
        folds=tuple(FoldScore(u, *(judge.scores(n, [u]) for n in _THREE)) for u in test),
        scores=judge.scores("ours", test),
        trivial=judge.scores("trivial", test),
        practice=judge.scores("practice", test),
        tables={"units": _totals(judge, test), **_tables(pack, inputs, played, spec)},
        model=model,
        facts={"train_units": list(train), "test_units": list(test)},
    )


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What the kept controller would do on every unit of new inputs, one row a step.

    A pack's `dated` puts its own columns, such as the day of the calendar, in front.
    """
    units = _units(pack, inputs, spec)
    start = partial(pack.policy, model, spec=spec)
    jobs = [Job(u, partial(pack.simulator, inputs, u, spec=spec), start) for u in units]
    found = _episodes(pack, jobs, spec)
    frames = [e.table.assign(unit=u) for u, e in zip(units, found, strict=True)]
    steps = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return pack.dated(steps, spec=spec) if frames and hasattr(pack, "dated") else steps


def cut(units: Sequence[str], split: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Units to search on and units held out: those from `test_from` on, else the last share.

    Of kind "none" no unit is kept back for a search: every one is scored, and the pack is told of
    none (its controller has nothing to learn, or learns on seeds of its own).
    Raises ContractError where either part would be empty.
    """
    if split.kind == "none":
        return (), _some(units)
    ordered = tuple(sorted(units))
    if split.test_from:
        test = tuple(u for u in ordered if u >= split.test_from[: len(u)])
    if not split.test_from or not test or len(test) == len(ordered):
        held = max(1, round(len(ordered) * split.test_share))
        test = ordered[-held:]
    train = tuple(u for u in ordered if u not in test)
    if not train or not test:
        raise ContractError(
            CANNOT_CUT,
            f"split {split.kind}: found {len(ordered)} whole units, expected at least 2",
            hint="give more seasons: one to search on and one to be scored on",
        )
    return train, test


_THREE = ("ours", "trivial", "practice")
_LIMIT_S = 120.0


def _some(units: Sequence[str]) -> tuple[str, ...]:
    if not units:
        raise ContractError(CANNOT_CUT, "split none: found no unit, expected at least 1")
    return tuple(units)


def _episodes(pack: Any, jobs: Sequence[Job], spec: Spec) -> tuple[Episode, ...]:
    limit = float(spec.params.get("time_limit_s", _LIMIT_S))
    batches = [[job] for job in jobs] if getattr(pack, "FRESH", False) else [list(jobs)]
    found = [control.episodes(b, seed=spec.seed, time_limit_s=limit) for b in batches]
    return tuple(episode for batch in found for episode in batch)


def _tables(pack: Any, inputs: Inputs, played: Played, spec: Spec) -> dict[str, pd.DataFrame]:
    if not hasattr(pack, "tables"):
        return {"steps": _steps(played)}
    return dict(pack.tables(inputs, played, spec=spec))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Scores of contenders over units, by the pack's own measure or the mean of totals."""

    pack: Any
    played: Played
    spec: Spec

    def scores(self, name: str, units: Sequence[str]) -> dict[str, float]:
        if name not in self.played:
            return {}
        totals = [self.played[name][u].totals for u in units]
        fixed = [self.played["trivial"][u].totals for u in units]
        if hasattr(self.pack, "score"):
            return dict(self.pack.score(totals, fixed, spec=self.spec))
        return {k: sum(t[k] for t in totals) / len(totals) for k in totals[0]}


def _units(pack: Any, inputs: Inputs, spec: Spec) -> tuple[str, ...]:
    if hasattr(pack, "units"):
        return tuple(pack.units(inputs, spec=spec))
    return tuple(str(y) for y in sorted({*pd.DatetimeIndex(inputs.table.index).year}))


def _contenders(pack: Any, model: Any, spec: Spec) -> dict[str, Callable[[], Policy]]:
    starts: dict[str, Callable[[], Policy]] = {
        "ours": partial(pack.policy, model, spec=spec),
        "trivial": partial(pack.baseline, spec=spec),
    }
    if hasattr(pack, "practice"):
        starts["practice"] = partial(pack.practice, spec=spec)
    if hasattr(pack, "references"):
        for name in pack.references(spec=spec):
            starts[name] = partial(_reference, pack, name, spec)
    return starts


def _reference(pack: Any, name: str, spec: Spec) -> Policy:
    policy: Policy = pack.references(spec=spec)[name]
    return policy


def _jobs(
    pack: Any, inputs: Inputs, unit: str, starts: Mapping[str, Callable[[], Policy]], spec: Spec
) -> Sequence[Job]:
    build = partial(pack.simulator, inputs, unit, spec=spec)
    return [Job(f"{unit} {name}", build, start) for name, start in starts.items()]


def _totals(judge: _Judge, units: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"unit": unit, "policy": name, **judge.scores(name, [unit])}
            for unit in units
            for name in judge.played
        ]
    )


def _steps(played: Played) -> pd.DataFrame:
    return pd.concat(list(_frames(played)), ignore_index=True)


def _frames(played: Played) -> Iterator[pd.DataFrame]:
    for name, units in played.items():
        for unit, episode in units.items():
            yield episode.table.assign(unit=unit, policy=name)
