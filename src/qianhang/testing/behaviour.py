"""Checks of what a pack does on its sample: scores, repeatability, purity, persistence."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from pathlib import Path

import pandas as pd

from qianhang.core.manifest import Manifest
from qianhang.core.schema import nearest
from qianhang.models import save
from qianhang.store import Files
from qianhang.testing import fresh
from qianhang.testing.subject import Broken, NotApplicable, Subject, same_frames
from qianhang.trial.verdict import judge

__all__ = [
    "arguments_stay_untouched",
    "beats_its_baseline",
    "feeds_are_figures_of_its_runs",
    "model_survives_a_fresh_process",
    "same_answer_twice",
]

_TIMES = ("_ms", "cpu_s")  # endings of measured times, which are no answers


def beats_its_baseline(subject: Subject) -> None:
    """On the sample, the first bar's metric is better than the trivial baseline's."""
    metric = subject.case.bar[0].metric
    ours, trivial = subject.trial.scores.get(metric), subject.trial.trivial.get(metric)
    # Folds of a small sample are too small to judge one by one.
    judged = judge(dataclasses.replace(subject.trial, folds=()), subject.case)
    if judged.gain is None:
        raise Broken(f"the trial scores no {metric} for ours and trivial: {ours}, {trivial}")
    if judged.gain <= 0:
        raise Broken(f"{metric}: ours {ours:.4g} is no better than trivial {trivial:.4g}")


def feeds_are_figures_of_its_runs(subject: Subject) -> None:
    """Each indicator that the pack feeds is a figure of its runs, in that figure's unit."""
    manifest = subject.manifest
    if not manifest.feeds:
        raise NotApplicable("the pack feeds no indicator of plans")
    if all(case.twin or case.synthetic for case in manifest.case):
        raise Broken("feeds: every case is simulated or made up, which shows nothing of a place")
    names = [feed.indicator.zh for feed in manifest.feeds]
    figures: dict[str, float | None] = {**subject.trial.scores, "headline": _headline(subject)}
    for feed in manifest.feeds:
        where = f"feeds {feed.indicator.zh}"
        if names.count(feed.indicator.zh) > 1:
            raise Broken(f"{where}: declared twice")
        if not feed.fits(feed.indicator.zh):
            raise Broken(f"{where}: its own words and without do not fit it")
        value = feed.value(figures)
        if value is None or not math.isfinite(value):
            guess = nearest(feed.figure, figures)
            raise Broken(f"{where}: the trial gives no {feed.figure!r}; the nearest is {guess!r}")
        units = _units(manifest, feed.figure)
        if units and feed.unit not in units:
            raise Broken(f"{where}: unit {feed.unit}, but {feed.figure} is in {', '.join(units)}")


def _headline(subject: Subject) -> float | None:
    if subject.trial.headline is not None or not hasattr(subject.code, "headline"):
        return subject.trial.headline
    found: float = subject.code.headline(subject.trial, spec=subject.spec)
    return found


def _units(manifest: Manifest, figure: str) -> tuple[str, ...]:
    """The units that the manifest states for a figure, () for none."""
    if figure == "headline":
        return (manifest.headline.unit,) if manifest.headline else ()
    bars = [bar for case in manifest.case for bar in case.bar if bar.metric == figure]
    return tuple(dict.fromkeys(bar.unit for bar in bars if bar.unit))


def same_answer_twice(subject: Subject) -> None:
    """Tried again with the same seed, every score and every answer is the same."""
    again, _ = subject.again
    for name in ("scores", "trivial", "practice"):
        first, second = getattr(subject.trial, name), getattr(again, name)
        for metric, value in first.items():
            if metric.endswith(_TIMES):
                continue
            other = second.get(metric, math.nan)
            if value != other and not (math.isnan(value) and math.isnan(other)):
                raise Broken(f"{name} {metric}: {value!r}, then {other!r}")
    for name, frame in subject.trial.tables.items():
        timed = [c for c in frame.columns if str(c).endswith(_TIMES)]
        other = again.tables[name].drop(columns=timed, errors="ignore")
        if difference := same_frames(frame.drop(columns=timed), other):
            raise Broken(f"table {name} differs when tried again: {difference}")


def arguments_stay_untouched(subject: Subject) -> None:
    """No function of the pack changes a frame that it is given."""
    _, changes = subject.again
    if changes:
        raise Broken(changes[0])


def model_survives_a_fresh_process(subject: Subject) -> None:
    """The model, saved and loaded in another process, answers exactly as before."""
    model = subject.trial.model
    if model is None:
        raise NotApplicable("the task keeps no model")
    here = subject.served(model).reset_index()
    with tempfile.TemporaryDirectory() as folder:
        manifest = save(Files(folder), model, local=subject.code)
        out = Path(folder) / "served.parquet"
        place = subject.pack.folder
        if failed := fresh.answer(place, files=Path(folder), model=manifest, out=out):
            raise Broken(f"loading in a fresh process failed: {failed}")
        there = pd.read_parquet(out)
    here.columns, there.columns = here.columns.astype(str), there.columns.astype(str)
    if list(here.columns) != list(there.columns) or len(here) != len(there):
        raise Broken(f"answers of another shape: {there.shape} instead of {here.shape}")
    for column in here:
        if not _same(here[column], there[column]):
            raise Broken(f"answers differ in column {column}")


def _same(a: pd.Series, b: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(a):
        return bool(((a.to_numpy() == b.to_numpy()) | (a.isna() & b.isna()).to_numpy()).all())
    return a.astype(str).tolist() == b.astype(str).tolist()
