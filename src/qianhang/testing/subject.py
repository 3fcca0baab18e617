"""A pack under test: its sample, its two trials on the sample, each made once."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

import pandas as pd

from qianhang import trial as trials
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Manifest, Split
from qianhang.core.pack import Pack
from qianhang.core.results import Trial
from qianhang.core.spec import Spec, make

__all__ = ["Broken", "NotApplicable", "Subject", "same_frames"]

_FUNCTIONS = (
    "fit", "predict", "baseline", "practice", "detect", "solve", "cost", "violations", "policy",
    "passages", "answer", "estimate", "compute", "tables",
)  # fmt: skip


class Broken(Exception):
    """A promise that the pack does not keep, in one sentence."""


class NotApplicable(Exception):
    """The promise is not one that a pack of this kind makes."""


@dataclass(frozen=True)
class Subject:
    """A pack with what the checks need of it; `code` may be a spoilt stand-in for its module."""

    pack: Pack
    code: Any

    @classmethod
    def of(cls, pack: Pack) -> Subject:
        """The pack as it is."""
        return cls(pack, pack.code)

    @property
    def manifest(self) -> Manifest:
        """The pack's manifest."""
        return self.pack.manifest

    @property
    def task(self) -> str:
        """The pack's task."""
        return self.manifest.task

    @cached_property
    def case(self) -> Case:
        """The first case, cut by share: a sample has dates of its own."""
        case = self.manifest.find_case()
        split = case.split or Split()
        folds = min(split.folds, 3)
        return replace(
            case, split=replace(split, test_from="", test_to="", folds=folds), dataset=""
        )

    @cached_property
    def spec(self) -> Spec:
        """The settings of the first case with seed 0."""
        return make(self.manifest, self.case, seed=0, params={})

    @cached_property
    def sample(self) -> Inputs:
        """The pack's own sample."""
        sample: Inputs = self.code.sample(0)
        return sample

    @cached_property
    def trial(self) -> Trial:
        """The pack tried on its sample."""
        return self.tried(self.code)

    @cached_property
    def again(self) -> tuple[Trial, tuple[str, ...]]:
        """A second trial on the sample, and how its functions changed what they were given."""
        changes: list[str] = []
        given = {n: getattr(self.code, n) for n in _FUNCTIONS if hasattr(self.code, n)}
        watched = {name: _watched(name, function, changes) for name, function in given.items()}
        return self.tried(self.standing_in(**watched)), tuple(changes)

    def tried(self, code: Any, inputs: Inputs | None = None) -> Trial:
        """`code` tried on the sample, or on other inputs."""
        given = self.sample if inputs is None else inputs
        return trials.run(code, given, task=self.task, case=self.case, spec=self.spec)

    def served(self, model: Any) -> pd.DataFrame:
        """What `model` answers to the sample."""
        return trials.serve(self.code, model, self.sample, task=self.task, spec=self.spec)

    def only(self, *tasks: str) -> None:
        """Nothing, where the pack's task is one of these; raises NotApplicable elsewhere."""
        if self.task not in tasks:
            raise NotApplicable(f"only for {', '.join(tasks)}")

    def standing_in(self, **functions: Any) -> Any:
        """The pack's code with some of its functions replaced."""
        module = ModuleType(f"{getattr(self.code, '__name__', 'pack')}_stand_in")
        module.__dict__.update({k: getattr(self.code, k) for k in dir(self.code)})
        module.__dict__.update(functions)
        return module


def _watched(name: str, function: Any, changes: list[str]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        before = [copy.deepcopy(_frames(a)) for a in args]
        result = function(*args, **kwargs)
        for position, (old, arg) in enumerate(zip(before, args, strict=True), start=1):
            now = _frames(arg)
            for key, frame in old.items():
                if difference := same_frames(frame, now[key]):
                    changes.append(f"{name}() changes its argument {position}: {difference}")
        return result

    return call


def _frames(value: Any) -> dict[str, pd.DataFrame]:
    if isinstance(value, pd.DataFrame):
        return {"": value}
    if isinstance(value, Inputs):
        return {n: v for n, v in value.items() if isinstance(v, pd.DataFrame)}
    return {}


def same_frames(a: pd.DataFrame, b: pd.DataFrame, *, tolerance: float = 0.0) -> str:
    """ "" where both hold the same; otherwise where they first differ."""
    try:
        pd.testing.assert_frame_equal(
            a, b, check_exact=tolerance == 0, rtol=tolerance, atol=tolerance, check_freq=False
        )
    except AssertionError as cause:
        return str(cause).replace("\n", " ")[:300]
    return ""
