"""A small pack of our own generator, and data of its own kind, for tests of the way of a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qianhang.core.pack import Pack, load_pack
from qianhang.testing import write_pack


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
