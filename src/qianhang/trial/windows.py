"""Forecasts asked for at many origins and of many series at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError, PackError
from qianhang.core.manifest import Split
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, Windows
from qianhang.trial.forward import ForwardFold, pace
from qianhang.trial.told import METHODS, Told

__all__ = ["answers_windows", "panel_of", "serve_windows", "told_by_windows"]

Floats = NDArray[np.float64]
_CELLS = 2e7  # numbers handed over at a time, 160 MB


def answers_windows(pack: Any, spec: Spec) -> bool:
    """Whether the pack answers many origins at once: of several targets always."""
    alone = len(_targets(spec)) == 1 and hasattr(pack, "predict")
    return hasattr(pack, "predict_windows") and not alone


def panel_of(table: pd.DataFrame, spec: Spec) -> Panel:
    """The table's series on one clock.

    Raises ContractError where rows stand off it.
    """
    group = next((n for n, c in spec.columns.items() if c.role == "group" and n in table), "")
    try:
        return Panel.of(table, group=group)
    except ValueError as cause:
        raise ContractError("QH132", f"column {spec.time}: {cause}") from None


@dataclass(frozen=True, slots=True)
class Asked:
    """Origins of one fold and what is asked for at each: rows (n,), steps back, steps ahead."""

    rows: NDArray[np.int64]
    lookback: int
    horizon: int
    known: tuple[str, ...]

    def chunks(self, panel: Panel) -> list[NDArray[np.int64]]:
        """Origins in parts that fit into memory."""
        width = self.lookback * len(panel.columns) + self.horizon * (len(self.known) + 1)
        size = max(1, int(_CELLS / max(width * len(panel.series), 1)))
        return [self.rows[i : i + size] for i in range(0, len(self.rows), size)]


def told_by_windows(pack: Any, model: Any, panel: Panel, fold: ForwardFold, spec: Spec) -> Told:
    """What the pack and its baselines say at every origin of the fold, beside what came."""
    targets = _targets(spec)
    lookback, horizon = _lookback(spec), int(fold.ends.max() - fold.origins[np.argmax(fold.ends)])
    asked = Asked(fold.origins, lookback, horizon, _known(panel, spec))
    parts: dict[str, list[Floats]] = {m: [] for m in METHODS}
    for rows in asked.chunks(panel):
        windows = panel.windows(
            rows, lookback=asked.lookback, horizon=asked.horizon, known=asked.known
        )
        for method, answer in _answers(pack, model, windows, spec).items():
            parts[method].append(answer)
    whole = {m: np.concatenate(v) for m, v in parts.items() if v}
    actual = np.stack([panel.ahead(t, asked.rows, horizon=horizon) for t in targets], axis=-1)
    return _laid_out(pack, panel, asked, actual, whole)


def serve_windows(pack: Any, model: Any, table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """The forecast after the last reading of any series: one row a step and series."""
    panel = panel_of(table, spec)
    targets = _targets(spec)
    read = np.flatnonzero(np.isfinite(panel.column(targets[0])).any(axis=1))
    if not len(read):
        raise ContractError("QH132", f"column {targets[0]}: no reading to forecast from")
    origin = int(read[-1]) + 1
    rate = pace(panel.times, Split(kind="forward"), spec) if len(panel.times) > 2 else None
    horizon = rate.horizon if rate else spec.horizon
    windows = panel.windows(
        [origin], lookback=_lookback(spec), horizon=horizon, known=_known(panel, spec)
    )
    answer = _answers(pack, model, windows, spec, only="ours")["ours"][0]
    named = list(targets) if len(targets) > 1 else _named(pack)
    times = windows.times()
    group = next((n for n, c in spec.columns.items() if c.role == "group"), "series")
    frames = [
        pd.DataFrame(answer[i], columns=named, index=times).assign(**{group: name})
        for i, name in enumerate(panel.series)
    ]
    frame = pd.concat(frames)
    if panel.series == ("",):
        return frame.drop(columns=group).rename_axis("time")
    return frame[[group, *named]].rename_axis("time")


def _answers(
    pack: Any, model: Any, windows: Windows, spec: Spec, *, only: str = ""
) -> dict[str, Floats]:
    """Method -> (n, g, horizon, q or targets or 1); a baseline may give all levels too."""
    shape = (len(windows.origins), len(windows.series), windows.horizon)
    calls: Mapping[str, tuple[str, tuple[Any, ...]]] = {
        "ours": ("predict_windows", (model, windows)),
        "trivial": ("baseline_windows", (windows,)),
        "practice": ("practice_windows", (windows,)),
    }
    found = {}
    for method, (name, args) in calls.items():
        if only not in ("", method) or not hasattr(pack, name):
            continue
        answer = np.asarray(getattr(pack, name)(*args, spec=spec), dtype=np.float64)
        answer = answer[..., None] if answer.ndim == 3 else answer
        if answer.shape[:3] != shape:
            raise PackError(
                "QH211",
                f"{name} gave shape {answer.shape} for {shape[0]} origins, {shape[1]} series and "
                f"{shape[2]} steps",
                hint="the answer has shape (origins, series, steps, levels)",
            )
        found[method] = answer
    return found


def _laid_out(
    pack: Any, panel: Panel, asked: Asked, actual: Floats, whole: Mapping[str, Floats]
) -> Told:
    """Arrays (n, g, horizon, ...) as one row a step: origin by origin, series by series."""
    n, g, h, targets = actual.shape
    levels = tuple(getattr(pack, "LEVELS", ())) if targets == 1 else ()
    middle = dict(whole)
    quantiles, others = None, {}
    if levels:
        if whole["ours"].shape[-1] != len(levels) or not {0.1, 0.5, 0.9} <= set(levels):
            raise PackError(
                "QH211",
                f"predict_windows gave {whole['ours'].shape[-1]} levels, LEVELS has {len(levels)}",
                hint="LEVELS holds 0.1, 0.5 and 0.9, and the last axis has one value for each",
            )
        for method, answer in whole.items():
            if answer.shape[-1] == len(levels):
                others[method] = answer.reshape(n * g * h, -1)
                middle[method] = answer[..., [levels.index(0.5)]]
        quantiles = others.pop("ours")
    windows = panel.windows(asked.rows, lookback=0, horizon=h)
    times = np.arange(n * h).reshape(n, 1, h).repeat(g, axis=1).ravel()
    grid = np.indices((n, g, h)).reshape(3, -1).astype(np.int64)
    return Told(
        windows.times()[times],
        grid[2] + 1,
        actual.reshape(-1, targets),
        {m: v.reshape(-1, v.shape[-1]) for m, v in middle.items()},
        quantiles,
        grid[1],
        grid[0],
        levels or (0.1, 0.5, 0.9),
        panel.series,
        others,
    )


def _named(pack: Any) -> list[str]:
    return [f"p{100 * level:g}" for level in getattr(pack, "LEVELS", (0.5,))]


def _targets(spec: Spec) -> tuple[str, ...]:
    return (spec.target,) if isinstance(spec.target, str) else tuple(spec.target)


def _known(panel: Panel, spec: Spec) -> tuple[str, ...]:
    return tuple(n for n, c in spec.columns.items() if c.known_ahead and n in panel.columns)


def _lookback(spec: Spec) -> int:
    return int(spec.params.get("lookback", spec.season or 1))
