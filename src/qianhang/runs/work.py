"""The part of a run that happens inside the job: `python -m qianhang.runs.work FOLDER`.

The folder holds ticket.json; the job leaves result.json, tables/*.parquet and files/ (the model,
content-addressed) there, or error.json. It never opens the store.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case
from qianhang.core.pack import Pack, load_pack
from qianhang.core.results import Trial
from qianhang.core.spec import Spec, make
from qianhang.runs.steps import Event, step, tell, told

__all__ = ["Ticket", "open_material"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """All that a job is told: plain values, written as JSON."""

    pack: str
    case: str
    seed: int
    params: Mapping[str, str]
    data: str = ""
    model: str = ""

    def write(self, folder: Path) -> None:
        """Leave the ticket in `folder`."""
        text = json.dumps(asdict(self), ensure_ascii=False)
        (folder / "ticket.json").write_text(text, encoding="utf8")

    @classmethod
    def read(cls, folder: Path) -> Ticket:
        """The ticket in `folder`."""
        return cls(**json.loads((folder / "ticket.json").read_text(encoding="utf8")))

    def resolve(self) -> tuple[Pack, Case, Spec]:
        """The pack, its case with defaults filled in, and the settings for its functions."""
        pack = load_pack(Path(self.pack))
        case = pack.manifest.find_case(self.case)
        return pack, case, make(pack.manifest, case, seed=self.seed, params=self.params)


def open_material(
    pack: Pack, case: Case, spec: Spec, *, data: Path | None, **how: Any
) -> tuple[Inputs, tuple[str, ...]]:
    """The inputs after the contract check, and what was noted on the way.

    A synthetic case is tried on the pack's own sample.
    Raises ContractError naming file, row and field, DatasetError where a set cannot be had.
    """
    from qianhang.data import check, open_inputs

    if case.synthetic and data is None:
        sample: Inputs = pack.code.sample(spec.seed)
        return sample, ()
    opened = open_inputs(pack.manifest, case, data=data, **how)
    inputs = opened.inputs
    if hasattr(pack.code, "read"):
        inputs = pack.code.read(inputs, spec=spec)
        if "table" in inputs and case.columns:
            table = check(inputs.table.reset_index(), case.columns, mode="strict").frame
            inputs = inputs.replace(table=table)
    return inputs, tuple(note.text for note in opened.notes)


def _work(folder: Path) -> None:
    from qianhang import trial as trials
    from qianhang.data import grade_inputs

    pack, case, spec = Ticket.read(folder).resolve()
    data = Ticket.read(folder).data
    with step("contract", tell) as facts:
        inputs, notes = open_material(pack, case, spec, data=Path(data) if data else None)
        facts.update(_sizes(inputs))
        made_up = case.synthetic and not data
        quality = {} if made_up else grade_inputs(inputs, pack.manifest, case)
        facts.update({"quality": quality["grade"]} if quality.get("grade") else {})
        facts["notes"] = list(notes)
    task = pack.manifest.task
    with step("split", tell) as facts:
        leaks = _leaks(trials.parts(inputs, task=task, case=case, spec=spec), spec)
        facts.update(leaks)
    with step("trial", tell):
        trial = trials.run(pack.code, inputs, task=task, case=case, spec=spec, progress=_progress)
    with step("pack_up", tell):
        headline = trial.headline
        if headline is None and hasattr(pack.code, "headline"):
            headline = pack.code.headline(trial, spec=spec)
        _leave(folder, pack, trial, {"headline": headline, "leaks": leaks, "quality": quality})


def _progress(done: int, total: int, note: str) -> None:
    tell(Event("trial", "progress", done=done, total=total, note=note))


def _leaks(parts: Sequence[tuple[str, Any, Any]], spec: Spec) -> dict[str, Any]:
    """Counted before anything is fitted: rows that stand, nearly the same, on both sides."""
    from qianhang.data import groups_across, near_duplicates

    found: dict[str, Any] = {"duplicates": 0, "groups": 0, "folds": len(parts)}
    for _, frame, labels in parts:
        found["duplicates"] += len(near_duplicates(frame, labels))
        for column in spec.group_by:
            found["groups"] += len(groups_across(frame[column], labels))
    return found


def _sizes(inputs: Inputs) -> dict[str, Any]:
    return {"rows": {name: len(v) for name, v in inputs.items() if hasattr(v, "columns")}}


def _leave(folder: Path, pack: Pack, trial: Trial, more: Mapping[str, Any]) -> None:
    from qianhang.models import save
    from qianhang.store import Files

    (folder / "tables").mkdir(exist_ok=True)
    for name, table in trial.tables.items():
        table.to_parquet(folder / "tables" / f"{name}.parquet")
    manifest = ""
    if trial.model is not None:
        manifest = save(Files(str(folder / "files")), trial.model, local=pack.code)
    result = {
        "folds": [{"name": f.name} | {k: getattr(f, k) for k in _SETS} for f in trial.folds],
        "scores": trial.scores,
        "trivial": trial.trivial,
        "practice": trial.practice,
        "facts": trial.facts,
        "tables": sorted(trial.tables),
        "model": manifest,
        **more,
    }
    text = json.dumps(_plain(result), ensure_ascii=False, allow_nan=False)
    partial = folder / "result.part"
    partial.write_text(text, encoding="utf8")
    partial.rename(folder / "result.json")


_SETS = ("ours", "trivial", "practice")


def _plain(value: Any) -> Any:
    """The value as JSON has it; a number that is none (NaN, infinite) is left out, or null."""
    if isinstance(value, Mapping):
        cleaned = {str(k): _plain(v) for k, v in value.items()}
        return {k: v for k, v in cleaned.items() if v is not None or value.get(k) is None}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


if __name__ == "__main__":
    sys.exit(told(lambda: _work(Path(sys.argv[1])), Path(sys.argv[1])))
