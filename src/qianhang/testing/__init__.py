"""The conformance suite, public: outside packs are held to the same promises as ours."""

from __future__ import annotations

from qianhang.testing.generator import TASKS, write_pack
from qianhang.testing.subject import Broken, NotApplicable, Subject
from qianhang.testing.suite import CHECKS, Found, examine, run_check

__all__ = [
    "CHECKS",
    "TASKS",
    "Broken",
    "Found",
    "NotApplicable",
    "Subject",
    "examine",
    "run_check",
    "write_pack",
]
