"""The plan: what it says, the evidence for it, where it stands, and what is printed of that."""

from __future__ import annotations

from pathlib import Path

from qianhang.plan import evidence

__all__ = ["SAMPLE", "evidence"]

# A short plan of an invented city, for trying things out.
SAMPLE = Path(__file__).with_name("sample.txt")
