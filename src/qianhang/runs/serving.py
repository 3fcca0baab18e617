"""A kept model asked about new data, in a fresh process: `qianhang predict`."""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang import models
from qianhang.core.errors import ModelError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import Pack, find
from qianhang.core.spec import Spec, make
from qianhang.models import ModelVersion
from qianhang.runs import record, workplace
from qianhang.runs.steps import told
from qianhang.store import Settings, Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Served", "chosen", "model_name", "predict", "predict_file"]


@dataclass(frozen=True, slots=True)
class Served:
    """Answers, the rows that broke the contract one by one, and the model that answered."""

    answers: pd.DataFrame
    rejects: pd.DataFrame
    model: ModelVersion | None


def model_name(pack: Pack, org: str) -> str:
    """The name under which models of an organisation's runs are kept, apart from everyone else's.

    What one organisation fits, on its data or with its settings, must not answer for another.
    """
    return pack.id if org == record.ROOT else f"{pack.id}/{org}"


def predict(
    scenario: str,
    data: Path | pd.DataFrame,
    *,
    settings: Settings,
    version: int | None = None,
    org: str = record.ROOT,
) -> Served:
    """What the newest accepted model of `scenario` says of `data`.

    data : file or folder as for a run, or the main table as a frame
    version : a model version; research and rejected ones are served only when named
    org : whose model answers; the platform's where this organisation has none
    Raises ModelError where there is no accepted model, ContractError where no row can be served.
    """
    from qianhang import trial
    from qianhang.data import open_inputs

    pack = find(scenario)
    with workplace.open_store(settings, read_only=True) as store:
        kept, spec = chosen(store, pack, version, org)
        model = models.load(store.files, kept.manifest, local=pack.code) if kept else None
    case = pack.manifest.find_case(spec.case)
    optional = [n for n, c in spec.columns.items() if c.role in ("target", "event", "duration")]
    if isinstance(data, Path):
        opened = open_inputs(pack.manifest, case, data=data, mode="partition", optional=optional)
        inputs, rejects = opened.inputs, opened.rejects
        if hasattr(pack.code, "read"):
            inputs = pack.code.read(inputs, spec=spec)
    else:
        inputs, rejects = _checked(data, spec, optional)
    answers = trial.serve(pack.code, model, inputs, task=pack.manifest.task, spec=spec)
    return Served(answers, rejects, kept)


def chosen(
    store: Store, pack: Pack, version: int | None, org: str
) -> tuple[ModelVersion | None, Spec]:
    """The model to serve, and the settings of the run that made it; plans and sums need none.

    version : of the model, None for the newest accepted one; org : whose
    Raises ModelError where there is none.
    """
    if pack.manifest.task in ("optimise", "formula"):
        return None, make(pack.manifest, pack.manifest.find_case(), seed=0, params={})
    own = model_name(pack, org)
    if version is not None:
        kept = models.get(store, own if models.versions(store, own) else pack.id, version)
    else:
        newest = models.newest(store, own) or models.newest(store, pack.id)
        if newest is None:
            raise ModelError(
                "QH608", f"{pack.id} has no accepted model", hint=_what_there_is(store, pack)
            )
        kept = newest
    made = record.get(store, kept.run)
    params = {name: str(value) for name, value in made.request["params"].items()}
    case = pack.manifest.find_case(made.case)
    return kept, make(pack.manifest, case, seed=made.request["seed"], params=params)


def _what_there_is(store: Store, pack: Pack) -> str:
    """What to do where no model is accepted: name another version, or run the scenario."""
    others = models.versions(store, pack.id)
    if not others:
        return f"qianhang run {pack.id}"
    last = max(others, key=lambda v: v.version)
    return f"version {last.version} is {last.stage}: --version {last.version} asks it all the same"


def _checked(data: Any, spec: Spec, optional: list[str]) -> tuple[Inputs, pd.DataFrame]:
    from qianhang.data import check

    checked = check(data, spec.columns, mode="partition", optional=optional)
    return Inputs({"table": checked.frame}), checked.rejects


def predict_file(
    scenario: str,
    data: Path,
    *,
    out: Path,
    settings: Settings,
    version: int | None = None,
    org: str = record.ROOT,
) -> tuple[int, int]:
    """Counts of answers and rejects, written to `out` and `<out stem>.rejects.csv`.

    The work happens in a job of the local pool, so that a greedy model cannot hurt the caller, and
    `out` appears whole or not at all.
    Raises whatever `predict` raises.
    """
    folder = settings.home / "work" / f"predict-{uuid.uuid4().hex[:12]}"
    folder.mkdir(parents=True)
    arguments = (scenario, str(data.resolve()), str(folder), str(version or ""), org)
    return workplace.in_job(
        "qianhang.runs.serving",
        arguments,
        folder=folder,
        settings=settings,
        collect=lambda: _collect(folder, out),
    )


def _collect(folder: Path, out: Path) -> tuple[int, int]:
    import shutil

    answers, rejects = _lines(folder / "answers.csv"), _lines(folder / "rejects.csv")
    beside = out.with_name(f".{out.name}.part")
    shutil.copyfile(folder / "answers.csv", beside)
    beside.replace(out)
    if rejects:
        shutil.copyfile(folder / "rejects.csv", out.with_name(f"{out.stem}.rejects.csv"))
    return answers, rejects


def _lines(path: Path) -> int:
    import pandas as pd

    return len(pd.read_csv(path))


def _main(scenario: str, data: str, folder: str, version: str, org: str) -> None:
    wanted = int(version) if version else None
    served = predict(scenario, Path(data), settings=Settings.load(), version=wanted, org=org)
    indexed = served.answers.index.name is not None
    served.answers.to_csv(Path(folder) / "answers.csv", index=indexed)
    served.rejects.to_csv(Path(folder) / "rejects.csv", index=False)


if __name__ == "__main__":
    sys.exit(told(lambda: _main(*sys.argv[1:]), Path(sys.argv[3])))
