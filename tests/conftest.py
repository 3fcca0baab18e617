"""What every test shares: real data where they lie, a store of its own, no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder with the registered real data; in CI it must be there."""
    for place in os.environ.get("QIANHANG_DATA", "").split(os.pathsep):
        if place and Path(place).is_dir():
            return Path(place)
    message = "QIANHANG_DATA does not name a folder with the registered data sets"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store folder of the test's own."""
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QIANHANG_DATABASE_URL", raising=False)
    monkeypatch.delenv("QIANHANG_FILES_URL", raising=False)
    return tmp_path / "home"
