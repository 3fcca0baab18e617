"""What may be built and what may be used: risk floors, the negative list, the gate."""

from __future__ import annotations

from qianhang.safety.gate import Facts, Reason, Verdict, gate
from qianhang.safety.use import Floor, Refusal, Use, check_use, floor, negative_list, refusal
from qianhang.safety.wording import CODES, words

__all__ = [
    "CODES",
    "Facts",
    "Floor",
    "Reason",
    "Refusal",
    "Use",
    "Verdict",
    "check_use",
    "floor",
    "gate",
    "negative_list",
    "refusal",
    "words",
]
