"""Checks of a pack's sample and its data contract."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Column
from qianhang.data import check, groups_across, near_duplicates
from qianhang.testing.subject import Broken, NotApplicable, Subject, same_frames

__all__ = [
    "inputs_of",
    "nothing_crosses_the_split",
    "sample_keeps_the_contract",
    "sample_repeats",
    "spoilt_data_are_refused_by_name",
]


def sample_repeats(subject: Subject) -> None:
    """The same seed gives the same sample, another seed another one."""
    first, again, other = (subject.code.sample(seed) for seed in (0, 0, 1))
    frames = [name for name, value in first.items() if isinstance(value, pd.DataFrame)]
    for name in frames:
        if difference := same_frames(first[name], again[name]):
            raise Broken(f"sample(0) twice: input {name} differs: {difference}")
    if frames and all(not same_frames(first[n], other[n]) for n in frames):
        raise Broken("sample(0) and sample(1) are the same: the seed is not used")


def _contracts(subject: Subject) -> Iterator[tuple[str, pd.DataFrame, dict[str, Column]]]:
    """Input name, its table as a file would hold it, its columns."""
    sample = subject.sample
    if "table" in sample and subject.case.columns:
        yield "table", _flat(sample.table), dict(subject.case.columns)
    for name, declared in subject.manifest.inputs.items():
        if name in sample and declared.columns and isinstance(sample[name], pd.DataFrame):
            yield name, _flat(sample[name]), dict(declared.columns)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index() if frame.index.name else frame.copy()


def sample_keeps_the_contract(subject: Subject) -> None:
    """The sample passes the pack's own data contract."""
    found = False
    for name, frame, columns in _contracts(subject):
        found = True
        try:
            check(frame, columns, label=f"sample {name}")
        except ContractError as cause:
            raise Broken(str(cause)) from None
    if not found:
        raise NotApplicable("no table with declared columns")


def spoilt_data_are_refused_by_name(subject: Subject) -> None:
    """A missing column, a unit wrong by 1,000, a gap, a repeated time and text are each refused."""
    tried = 0
    for name, frame, columns in _contracts(subject):
        for what, column, spoilt in _spoil(frame, columns):
            tried += 1
            try:
                check(spoilt, columns, label=f"sample {name}")
            except ContractError as cause:
                if column not in str(cause):
                    raise Broken(f"{what}: refused without naming {column}: {cause}") from None
            else:
                raise Broken(f"{what} in {name}, column {column}: accepted")
    if not tried:
        raise NotApplicable("no table with declared columns")


def _spoil(
    frame: pd.DataFrame, columns: dict[str, Column]
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    present = {n: c for n, c in columns.items() if n in frame}
    for name, column in present.items():
        if column.required:
            yield "missing column", name, frame.drop(columns=name)
        if column.type in ("number", "integer"):
            yield from _spoil_number(frame, name, column)
        if column.role == "time":
            yield from _spoil_time(frame, name, column)
        if column.values:
            yield "value outside the list", name, _set(frame, name, "no such value")


def _spoil_number(
    frame: pd.DataFrame, name: str, column: Column
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "text in a number column", name, _set(frame, name, "about 5")
    values = pd.to_numeric(frame[name], errors="coerce")
    peak = values.abs().max()
    if column.high is not None and peak * 1000 > column.high:
        yield "unit wrong by 1,000", name, frame.assign(**{name: values * 1000})
    elif column.low is not None and column.low > 0:
        yield "unit wrong by 1,000", name, frame.assign(**{name: values / 1000})


def _spoil_time(
    frame: pd.DataFrame, name: str, column: Column
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    repeated = pd.concat([frame.iloc[:5], frame.iloc[4:]], ignore_index=True)
    yield "repeated time stamp", name, repeated
    yield "unreadable time", name, _set(frame, name, "the day before yesterday")
    if column.step and column.missing == "refuse":
        middle = len(frame) // 2
        yield "gap", name, frame.drop(frame.index[middle : middle + 3]).reset_index(drop=True)


def _set(frame: pd.DataFrame, name: str, value: str) -> pd.DataFrame:
    values = frame[name].astype(object).copy()
    values.iloc[len(values) // 2] = value
    return frame.assign(**{name: values})


def nothing_crosses_the_split(subject: Subject) -> None:
    """No group and no near-duplicate row stands on both sides of any fold."""
    from qianhang import trial

    parts = trial.parts(subject.sample, task=subject.task, case=subject.case, spec=subject.spec)
    if not parts:
        raise NotApplicable("the cut is not between rows of a table")
    for name, frame, labels in parts:
        if not {"train", "test"} <= set(np.unique(labels)):
            raise Broken(f"fold {name}: train or test is empty")
        for column in subject.spec.group_by:
            if crossing := groups_across(frame[column], labels):
                raise Broken(f"fold {name}: {column} {crossing[0]!r} is in train and in test")
        twins = near_duplicates(frame, labels)
        if len(twins):
            raise Broken(f"fold {name}: {len(twins)} near-duplicate rows cross the split")


def inputs_of(subject: Subject) -> Inputs:
    """The sample's inputs without truth, as a pack's functions see them."""
    kept = {n: v for n, v in subject.sample.items() if not n.startswith("truth")}
    return Inputs(kept)
