"""A detect pack tried on units it was not fitted on, scored by episode and in money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import FoldScore, Trial
from qianhang.core.spec import Spec
from qianhang.engines.detect import score_episodes
from qianhang.trial.progress import Progress

__all__ = ["run", "serve"]

CANNOT_CUT = "QH132"
_WEEK_S = 7 * 86400.0


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """`pack` tried on each of its units, or forward in time where it has one only.

    Inputs whose name starts with truth are kept from the pack until its alarms are scored; where
    the cut is forward in time, events over before it are given to `fit` as input `known`.
    Raises ContractError where no unit is left to try.
    """
    folds: list[FoldScore] = []
    tables: dict[str, list[pd.DataFrame]] = {}
    model: Any = None
    cuts = list(_cuts(pack, inputs, case.split or Split(), spec))
    for number, (name, train, test) in enumerate(cuts):
        if progress is not None:
            progress(number, len(cuts), name)
        model = pack.fit(train.blind(), spec=spec)
        scores, found = _try(pack, model, train, test, spec)
        folds.append(FoldScore(name, scores["ours"], scores["trivial"], scores["practice"]))
        for table, frame in found.items():
            tables.setdefault(table, []).append(frame.assign(unit=name) if len(cuts) > 1 else frame)
    if progress is not None:
        progress(len(cuts), len(cuts), "")
    return Trial(
        folds=tuple(folds),
        scores=_mean([f.ours for f in folds]),
        trivial=_mean([f.trivial for f in folds]),
        practice=_mean([f.practice for f in folds]),
        tables={name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()},
        model=model,
        facts={"folds": len(folds), "split": (case.split or Split()).kind},
    )


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The alarms that a kept model raises on new readings, one row an alarm."""
    frame: pd.DataFrame = pack.detect(model, inputs.blind(), spec=spec)
    return frame


def _cuts(
    pack: Any, inputs: Inputs, split: Split, spec: Spec
) -> Iterator[tuple[str, Inputs, Inputs]]:
    """Name, inputs to learn from, inputs to be tried on."""
    units: Mapping[str, Inputs] = pack.units(inputs, spec=spec) if hasattr(pack, "units") else {}
    names = list(units)
    if len(names) > 1:
        for number, name in enumerate(names):
            yield name, units[names[number - 1]], units[name]
        return
    whole = units[names[0]] if names else inputs
    times = pd.DatetimeIndex(whole.table.index)
    count = max(int(len(times) * (1 - split.test_share)), 1)
    if split.kind == "none":
        yield names[0] if names else "all", whole, whole
        return
    if len(times) < 4:
        raise ContractError(CANNOT_CUT, f"{len(times)} readings: too few to try a detector on")
    edge = pd.Timestamp(split.test_from, tz=times.tz) if split.test_from else times[count]
    train = whole.replace(table=whole.table[times < edge], **_known(whole, edge))
    test = whole.replace(table=whole.table[times >= edge], **_coming(whole, edge))
    yield "forward", train, test


def _known(inputs: Inputs, edge: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Events that were over before the moment: a pack may learn from them, as input `known`."""
    events = _events(inputs)
    return {} if events is None else {"known": events[events["end"] < edge].reset_index(drop=True)}


def _coming(inputs: Inputs, edge: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Events that run at the moment or come after it: only these can be found."""
    for name in inputs:
        if name.startswith("truth"):
            events = inputs[name]
            return {name: events[events["end"] >= edge].reset_index(drop=True)}
    return {}


def _events(inputs: Inputs) -> pd.DataFrame | None:
    """What is known of the events, one row each with start and end, or None."""
    return next((inputs[n] for n in inputs if n.startswith("truth")), None)


def _try(
    pack: Any, model: Any, train: Inputs, test: Inputs, spec: Spec
) -> tuple[dict[str, dict[str, float]], dict[str, pd.DataFrame]]:
    blind = test.blind()
    if hasattr(pack, "watch"):
        alarms, found = pack.watch(model, blind, spec=spec)
    else:
        alarms, found = pack.detect(model, blind, spec=spec), {}
    contenders = {"ours": alarms, "trivial": pack.baseline(train.blind(), blind, spec=spec)}
    if hasattr(pack, "practice"):
        contenders["practice"] = pack.practice(train.blind(), blind, spec=spec)
    scores: dict[str, dict[str, float]] = {"practice": {}}
    truth = _events(test)
    outcomes = pd.Series("alarm", index=alarms.index, dtype=object)
    for name, frame in contenders.items():
        scores[name], became = _score(pack, frame, truth, test, spec)
        if name == "ours" and became is not None:
            outcomes, events = became
            found = {**found, "events": events}
    return scores, {"alarms": alarms.assign(outcome=outcomes), **found}


def _score(
    pack: Any, alarms: pd.DataFrame, truth: pd.DataFrame | None, test: Inputs, spec: Spec
) -> tuple[dict[str, float], tuple[pd.Series, pd.DataFrame] | None]:
    """Scores, and where events are known what became of each alarm and each event."""
    if truth is None:
        return {"alarms": float(len(alarms))}, None
    times = test.table.index
    span = (times[-1] - times[0]).total_seconds()
    extra = pack.match(alarms, truth, test, spec=spec) if hasattr(pack, "match") else {}
    result = score_episodes(
        _seconds(alarms["start"], times[0]),
        np.column_stack([_seconds(truth["start"], times[0]), _seconds(truth["end"], times[0])]),
        span=span,
        **extra,
    )
    scores = dict(result.summary(week=_WEEK_S))
    scores["delay"] /= 3600.0
    scores["alarms"] = float(len(alarms))
    if hasattr(pack, "score"):
        scores |= pack.score(alarms, truth, test, result, spec=spec)
    words = {-1: "false_alarm", -2: "repeated"}
    outcome = pd.Series([words.get(int(e), "hit") for e in result.event_of], alarms.index, object)
    events = truth.drop(columns=[c for c in truth if str(c).startswith("_")]).assign(
        outcome=np.where(result.alarm_of >= 0, "event", "miss"), delay=result.delay / 3600.0
    )
    return scores, (outcome, events.reset_index(drop=True))


def _seconds(times: pd.Series, since: pd.Timestamp) -> Any:
    stamps = pd.DatetimeIndex(times)
    return np.asarray((stamps - since).total_seconds(), dtype=float)


def _mean(folds: list[Mapping[str, float]]) -> dict[str, float]:
    """Mean over the folds of every score that all of them have; NaN stays out of a mean."""
    names = [n for n in folds[0] if all(n in f for f in folds)] if folds else []
    result = {}
    for name in names:
        values = np.array([f[name] for f in folds], dtype=float)
        known = values[np.isfinite(values)]
        result[name] = float(known.mean()) if len(known) else float("nan")
    return result
