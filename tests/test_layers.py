"""Imports go down only, and a planted breach is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--no-cache", "--config", str(folder / "pyproject.toml")],
        capture_output=True, text=True, check=False, cwd=folder, env={"PYTHONPATH": str(folder / "src")},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("engines/__init__.py", "import qianhang.store", "imports go down only"),
        ("core/errors.py", "import qianhang.engines", "imports go down only"),
        ("packs/__init__.py", "import requests", "packs and engines stay off"),
        ("data/__init__.py", "import qianhang.models", "imports go down only"),
        ("store/__init__.py", "import qianhang.trial", "services do not know"),
        ("core/units.py", "import scipy", "core is standard library"),
    ],
)
def test_a_planted_breach_is_found(tmp_path, file, line, contract):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "src" / "qianhang" / file
    path.write_text(path.read_text(encoding="utf8") + f"\n{line}\n", encoding="utf8")
    done = lint(tmp_path)
    assert done.returncode != 0
    broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(contract in row for row in broken), done.stdout


def test_the_house_as_it_stands_keeps_every_contract():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
