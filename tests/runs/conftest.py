"""A small pack of our own generator, and data of its own kind, for tests of the way of a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qianhang.core.pack import Pack, load_pack
from qianhang.testing import write_pack

# 30% of what is used, taken off the bill.
DEDUCTED = """
id = "plain"
kind = "compute"
issuer = "x"
region = "x"
name = { zh = "平", en = "plain" }
source = [{ document = "d", url = "u", read = "full", states = [
  "fund.per_year_cny", "ratio.tiers", "ratio.base", "validity.months", "claim.evidence",
  "settlement.payout"] }]
fund = { per_year_cny = 2000 }
ratio = { base = "used", tiers = [{ percent = 30 }] }
validity = { months = 3 }
claim = { evidence = ["contract"] }
settlement = { payout = "deducted" }
"""


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """A classify pack as generated."""
    folder = tmp_path_factory.mktemp("packs")
    return load_pack(write_pack(folder, industry="industry", name="fault", task="classify"))


@pytest.fixture(scope="session")
def faults(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 rows of its sample as a CSV file."""
    path = tmp_path_factory.mktemp("data") / "faults.csv"
    pack.code.sample(3).table.to_csv(path, index=False)
    return path


@pytest.fixture
def with_fit(pack: Pack, tmp_path: Path) -> Callable[[str], Path]:
    """The folder of the pack with another body of fit()."""

    def make(body: str) -> Path:
        folder = tmp_path / "industry" / "other"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(pack.folder, folder, ignore=ignored)
        with (folder / "pack.py").open("a", encoding="utf8") as file:
            file.write(f"\n\ndef fit(train, *, spec):\n    {body}\n")
        return folder

    return make


@pytest.fixture
def registered(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """register(name, fit) -> id of a pack that this and every other process finds installed.

    Beside its case for own data it has one named `sample`, which needs none.
    """
    site = tmp_path / "site"
    root, about = site / "trialpacks", site / "trialpacks-1.dist-info"
    for folder in (root, about):
        folder.mkdir(parents=True)
    (root / "__init__.py").touch()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: trialpacks\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[qianhang.packs]\ntrialpacks = trialpacks\n")
    monkeypatch.syspath_prepend(str(site))
    inherited = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in (str(site), inherited) if p))

    def register(name: str = "fault", fit: str = "") -> str:
        folder = root / "industry" / name
        shutil.copytree(pack.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
        manifest = (folder / "pack.toml").read_text(encoding="utf8")
        (folder / "pack.toml").write_text(manifest.replace("[page]", _SAMPLE), encoding="utf8")
        if fit:
            with (folder / "pack.py").open("a", encoding="utf8") as file:
                file.write(f"\n\n_fit = fit\n\n\ndef fit(train, *, spec):\n    {fit}\n")
                file.write("    return _fit(train, spec=spec)\n")
        return f"industry.{name}"

    return register


_SAMPLE = """[[case]]
name = "sample"
title = { zh = "示例", en = "sample" }
synthetic = true

[[case.bar]]
metric   = "auroc"
at_least = 0.7
unit     = "1"

[page]"""
