"""A kept model of a small pack, and a table of its kind with rows that break the contract."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang import models
from qianhang.core.spec import make
from qianhang.runs import open_store, record
from qianhang.store import Settings


@pytest.fixture(scope="session")
def kept(tmp_path_factory, pack):
    """A store with one version of the pack's model, fitted here: the way of a run costs more."""
    settings, now = Settings(home=tmp_path_factory.mktemp("kept") / "home"), datetime.now(UTC)
    case = pack.manifest.find_case()
    spec = make(pack.manifest, case, seed=0, params={})
    model = pack.code.fit(pack.code.sample(3).table, spec=spec)
    card = models.Card({"zh": "故障", "en": "fault"})
    with open_store(settings) as store:
        asked = {"seed": 0, "params": {}}
        run = record.begin(store, key="k", scenario=pack.id, case=case.name, request=asked, now=now)
        sha = models.save(store.files, model, local=pack.code)
        with store.write() as tx:
            new = models.NewModel(pack.id, "accepted", sha, run.id, card)
            models.register(tx, new, at=now)
            record.close(tx, run, state="finished", result={}, now=now)
        record.let_go(run)
    return settings.home


@pytest.fixture
def store_of(kept, tmp_path):
    """Settings of a copy of that store."""
    shutil.copytree(kept, tmp_path / "home")
    return Settings(home=tmp_path / "home")


@pytest.fixture
def table(tmp_path) -> Path:
    """1,000 rows: the 10th without a load, the 500th too hot; one of them, in a CSV file, ragged."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"load": rng.uniform(20, 110, 1000).round(3), "temperature": rng.normal(60, 9, 1000)}
    )
    frame.loc[9, "load"] = np.nan
    frame.loc[499, "temperature"] = 900.0
    frame.to_csv(tmp_path / "t.csv", index=False)
    lines = (tmp_path / "t.csv").read_text(encoding="utf8").splitlines(keepends=True)
    lines[700] = "1,2,3\n"
    (tmp_path / "t.csv").write_text("".join(lines), encoding="utf8")
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=300)
    return tmp_path / "t.csv"


@pytest.fixture
def sha():
    """sha(path) of a file."""
    return lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
