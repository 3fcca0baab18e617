"""The table of faults in docs/door.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_fault_names_tests_that_are_there():
    page = (ROOT / "docs" / "door.md").read_text(encoding="utf8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 12
    absent = [f"{file}::{test}" for file, test in named if not _there(file, test)]
    assert absent == []


def _there(file: str, test: str) -> bool:
    path = ROOT / file
    return path.is_file() and f"def {test}(" in path.read_text(encoding="utf8")
