"""The conformance suite, public: outside packs are held to the same promises as ours."""

from __future__ import annotations

from qianhang.testing.suite import CHECKS, Found, examine, run_check
from qianhang.testing.subject import Broken, NotApplicable, Subject

__all__ = ["CHECKS", "Broken", "Found", "NotApplicable", "Subject", "examine", "run_check"]
