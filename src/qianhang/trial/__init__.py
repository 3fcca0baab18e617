"""Trials: cut the data, call the pack, score it beside its baselines; one module a task."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.trial.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Progress", "for_task", "parts", "run", "serve"]


def for_task(task: str) -> ModuleType:
    """The module that knows how packs of this task are cut, called and scored."""
    return importlib.import_module(f"qianhang.trial.{task}")


def run(
    pack: Any,
    inputs: Inputs,
    *,
    task: str,
    case: Case,
    spec: Spec,
    progress: Progress | None = None,
) -> Trial:
    """`pack` tried on `inputs` as its case's split says, beside its baselines.

    pack : a pack's code, or anything with the same functions
    Raises ContractError where the data cannot be cut as the split says.
    """
    trial: Trial = for_task(task).run(pack, inputs, case=case, spec=spec, progress=progress)
    return trial


def serve(pack: Any, model: Any, inputs: Inputs, *, task: str, spec: Spec) -> pd.DataFrame:
    """What a kept model says of new inputs, one row an answer, as `qianhang predict` writes it."""
    frame: pd.DataFrame = for_task(task).serve(pack, model, inputs, spec=spec)
    return frame


def parts(
    inputs: Inputs, *, task: str, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, np.ndarray], ...]:
    """Which rows each fold trains and tests on: name, frame (n, columns), labels (n,).

    Labels are "train", "test" or "". Tasks whose cut is not between the rows of one table (a
    forecast walks forward, a simulator holds out seasons) have no parts.
    """
    module = for_task(task)
    if not hasattr(module, "parts"):
        return ()
    return tuple(module.parts(inputs, case=case, spec=spec))
