"""A kept model of a small pack, and a table of its kind with rows that break the contract."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.runs import Request, carry_out
from qianhang.store import Settings


@pytest.fixture(scope="session")
def kept(tmp_path_factory, pack, faults):
    """A store with one version of the pack's model."""
    home = tmp_path_factory.mktemp("kept") / "home"
    carry_out(Request(str(pack.folder), data=faults), settings=Settings(home=home))
    return home


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
