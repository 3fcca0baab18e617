"""The plan: what its indicators ask for, and the evidence that they are met."""

from __future__ import annotations

from qianhang.plan.evidence import Evidence, Finding, evidence, record

__all__ = ["Evidence", "Finding", "evidence", "record"]
