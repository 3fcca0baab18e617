"""The plan: what its indicators ask for, and the evidence that they are met."""

from __future__ import annotations

from qianhang.plan import evidence

__all__ = ["evidence"]
