"""The whole way beside a bare script: `qianhang run` on a generated pack, and where its CPU goes.

python bench/way.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from qianhang.core.pack import load_pack
from qianhang.testing import write_pack
from timing import table

RUN = """
import contextlib, io
from qianhang.cli import main
sys.argv = ["qianhang", "run", "toy.small", "--data", "rows.csv", "--again", "--json"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
note("way")
"""
BARE = """
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
note("imports")
rows = pd.read_csv("rows.csv")
x, y = rows[["load", "temperature"]].to_numpy(), rows["fault"].to_numpy()
risk = np.zeros(len(y))
for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
    model = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-8)).fit(x[train], y[train])
    risk[test] = model.predict_proba(x[test])[:, 1]
roc_auc_score(y, risk)
model.fit(x, y)
note("fits")
"""
IMPORTS = """
from qianhang.core.pack import load_pack
from qianhang.runs.work import Ticket, _leaks, _leave, open_material
from qianhang import models, trial
from qianhang.data import check, groups_across, near_duplicates, open_inputs
import qianhang.trial.classify, qianhang.models.saving, qianhang.store.files
pack, case, spec = Ticket("site/many/toy/small", "own", 0, {}).resolve()
pack.code
note("imports")
"""
WORK = """
inputs, _ = open_material(pack, case, spec, data=Path("rows.csv"))
note("contract check")
_leaks(trial.parts(inputs, task="classify", case=case, spec=spec), spec)
note("leaks across the split")
spent = [0.0]
def counted(work):
    def call(*a, **k):
        began = time.process_time()
        found = work(*a, **k)
        spent[0] += time.process_time() - began
        return found
    return call
pack.code.fit, pack.code.predict = counted(pack.code.fit), counted(pack.code.predict)
found = trial.run(pack.code, inputs, task="classify", case=case, spec=spec)
note("scores, and their intervals from 200 resamples")
told["fits"] = spent[0]
told["scores, and their intervals from 200 resamples"] -= spent[0]
Path("left").mkdir(exist_ok=True)
_leave(Path("left"), pack, found, {})
note("tables and model written")
"""
STORE = "import qianhang.runs.run, qianhang.cli.screen, sqlalchemy\nnote('imports')"
BEFORE = "import qianhang.runs.workplace\n"
FRAME = """
import json, os, sys, time
from pathlib import Path
told, last = {{}}, [0.0]
def note(name):
    t = os.times()
    now = sum(t[:4])
    told[name], last[0] = now - last[0], now
{body}
told["children"] = sum(os.times()[2:4])
print(json.dumps(told))
"""


def install(folder: Path) -> None:
    """A classify pack that an outside distribution brings, and 8,000 rows for it."""
    site = folder / "site"
    info = site / "many-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: many\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[qianhang.packs]\nmany = many\n")
    pack = load_pack(write_pack(site / "many", industry="toy", name="small", task="classify"))
    (site / "many" / "__init__.py").touch()
    tables = [pack.code.sample(seed).table for seed in range(20)]
    pd.concat(tables).to_csv(folder / "rows.csv", index=False)


def least(folder: Path, body: str, *, goes: int = 3) -> dict[str, float]:
    """CPU seconds of each part, from the go whose sum is least."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    env |= {"PYTHONPYCACHEPREFIX": str(folder / "pyc"), "QIANHANG_HOME": str(folder / "home")}
    env["PYTHONPATH"] = os.pathsep.join([str(folder / "site"), *sys.path])
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-W", "ignore", "-c", FRAME.format(body=body)]
    found = []
    for _ in range(goes):
        done = subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return min(found, key=lambda told: sum(v for k, v in told.items() if k != "children"))


def report(folder: Path) -> str:
    """Two tables: the whole way over the bare script, and where the way's CPU goes."""
    install(folder)
    bare, run, job = (least(folder, body) for body in (BARE, RUN, IMPORTS + WORK))
    now, before = _imports(folder)
    store = least(folder, STORE)["imports"]
    whole = bare["imports"] + bare["fits"]

    def row(name: str, seconds: float, against: float) -> list[str]:
        return [name, f"{seconds:.2f}", f"{seconds / against:.2f}"]

    rows = [
        row("bare script: read, five folds, score, last fit", whole, whole),
        row("... its imports (pandas, scikit-learn)", bare["imports"], whole),
        row("... its fits", bare["fits"], whole),
        row("`qianhang run`, all processes", run["way"], whole),
        row("... asking process", run["way"] - run["children"], whole),
        row("...... of which imports (store, SQLAlchemy, screen)", store, whole),
        row("... job and its keeper", run["children"], whole),
    ]
    for name, seconds in job.items():
        if name != "children":
            rows.append(row(f"...... {name}", seconds, whole))
    rows.append(row("the job's imports alone, least of five", now, whole))
    rows.append(row("... as they were, with the store and SQLAlchemy", before, whole))
    return table(("part", "CPU s", "over the bare script"), rows)


def _imports(folder: Path) -> tuple[float, float]:
    """CPU seconds of the job's imports, now and with the store that they used to bring; in turn."""
    goes = [
        [least(folder, body, goes=1)["imports"] for body in (IMPORTS, BEFORE + IMPORTS)]
        for _ in range(5)
    ]
    return min(go[0] for go in goes), min(go[1] for go in goes)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        print(report(Path(name)), end="", flush=True)


if __name__ == "__main__":
    main()
